"""`tipoff collect` and what `tipoff status` says of the sources, typed in a shell against the recorded ones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collect.bench import Bench, CollectMesh
from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import STATS, Recorded
from tipoff.core.collect.limits import OPEN_AFTER
from tipoff_ops.local.folder import CloudFolder
from tipoff_ops.local.state import state_of
from tipoff_sim import SMALL, League

FIRST = date(2017, 11, 1)  # a league of its own: the mesh is shared


@dataclass(frozen=True)
class Person:
    """Types commands; the sources show the morning after the first date."""

    bench: Bench
    folder: Path

    def tipoff(self, *words: str) -> tuple[int, Any]:
        """Exit code and the JSON on standard output (the text of the error stream without one)."""
        command = [sys.executable, "-m", "tipoff_ops", *words, "--folder", str(self.folder), "--json"]
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture
def person(mesh: CollectMesh, recorded: Recorded, tmp_path: Path) -> Iterator[Person]:
    league = list(League(12).season(FIRST, 9, SMALL))
    sources = FakeSources(league, datetime(2017, 11, 2, 14, tzinfo=UTC))
    sources.open(recorded)
    place = CloudFolder(tmp_path / "place")
    with place.locked():
        place.write(state_of(mesh))
        yield Person(Bench(mesh, recorded, sources, {one.object_name: one.body for one in league}), place.folder)


def test_a_date_is_collected_by_the_command(person: Person) -> None:
    asked = person.bench.recorded.requests
    person.bench.collect("nbac_schedule", FIRST, person.bench.sources.now)
    asked.clear()
    code, planned = person.tipoff("collect", "nbac_boxscore", str(FIRST), "--dry-run")
    assert (code, planned["outcomes"], planned["requests"], planned["landed"], asked) == (0, {"planned": 1}, 6, 0, [])
    code, told = person.tipoff("collect", "nbac_boxscore", str(FIRST))
    assert (code, told["outcomes"], told["requests"], told["landed"], told["missing"]) == (0, {"ok": 1}, 6, 6, [])
    landed = person.bench.landed(f"nba-com/boxscores/{FIRST}/")
    assert landed == {name: body for name, body in person.bench.documents.items() if name in landed}
    asked.clear()
    code, again = person.tipoff("collect", "nbac_boxscore", str(FIRST))
    assert (code, again["outcomes"], asked) == (0, {"fresh": 1}, [])


@pytest.mark.slow
def test_the_command_reports_what_it_cannot_do(person: Person) -> None:
    code, told = person.tipoff("collect", "no_such_source", str(FIRST))
    assert code == 2 and "nbac_boxscore" in told
    assert person.tipoff("collect", "nbac_boxscore", "yesterday")[0] == 2


@pytest.mark.slow
def test_status_shows_each_sources_circuit_success_and_budget(person: Person) -> None:
    before = datetime.now(UTC)
    person.bench.collect("nbac_schedule", FIRST, person.bench.sources.now)
    person.bench.recorded.serve(f"{STATS}/stats/leaguegamelog", b"<html>down</html>")
    code, told = person.tipoff("collect", "nbac_gamelog", str(FIRST), "--to", str(FIRST + timedelta(days=9)))
    assert code == 1 and told["requests"] == OPEN_AFTER and told["stopped_at"]
    person.tipoff("collect", "odds_api_events", str(FIRST))
    sources = {row["source"]: row for row in person.tipoff("status")[1]["sources"]}
    gamelog, events = sources["nbac_gamelog"], sources["odds_api_events"]
    assert (gamelog["circuit"], gamelog["last_ok_at"]) == ("open", None)
    assert datetime.fromisoformat(gamelog["open_until"]) > datetime.now(UTC)
    assert (events["circuit"], events["open_until"], events["credits_left"]) == ("closed", None, 400)
    assert datetime.fromisoformat(events["last_ok_at"]) > before
