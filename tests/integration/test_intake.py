"""Intake through the real event path: nothing is lost, nothing counts twice, everything has a receipt."""

import csv
import json
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.table_digest import digest_query, digest_rows

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.intake.documents import object_names
from tipoff_ops.intake.quarantine import read_entries, replay_entries
from tipoff_ops.intake.send import Intake, IntakeReport, send_all
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.function_call import call_function
from tipoff_ops.local.state import state_of
from tipoff_ops.local.upload import Upload
from tipoff_ops.operate.target import local_target
from tipoff_sim import SMALL, League

CORPUS = Path(os.environ.get("TIPOFF_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
RAW = ("nbac_schedule", "nbac_player_boxscores", "nbac_team_boxscore", "nbac_play_by_play", "nbac_injury_report",
       "odds_api_events", "odds_api_game_lines", "odds_api_player_props")  # fmt: skip
# The league's own months: no other test of the shared mesh lands documents of them.
# A season of its own: other tests share the warehouse.
FIRST, DAYS = date(2009, 11, 1), 2
WINDOW = {"start_date": date(2009, 10, 1), "end_date": date(2009, 12, 1)}


@pytest.fixture(scope="module")
def league() -> list[Upload]:
    """Every document of a small league's first days."""
    season = League(11).season(FIRST, DAYS, SMALL)
    return [Upload(found.object_name, found.body) for found in season]


@pytest.fixture(scope="module")
def intake(mesh: LocalMesh) -> Intake:
    """What sends and reports."""
    return Intake(mesh)


def send(intake: Intake, uploads: list[Upload]) -> IntakeReport:
    today = datetime.now(UTC).date()
    return intake.report(intake.send(uploads, lambda _: None), today)


def digests(mesh: LocalMesh) -> dict[str, str]:
    """Content of every raw view over the league's dates; the object's own identity is not content here."""
    warehouse = Warehouse(mesh.settings, [])
    found = {}
    for name in RAW:
        table = next(found for found in tables.all_tables() if found.full_name == f"nba_raw.{name}")
        parameters = WINDOW if table.spec.partition else {}
        rows = warehouse.rows(digest_query(table), parameters, dict[str, Any])
        plain = [{**row, "source_generation": 0} for row in rows]
        found[name] = digest_rows(table, plain).sha256
    return found


def test_every_object_delivered_twice_and_shuffled_changes_no_raw_view(
    mesh: LocalMesh, intake: Intake, league: list[Upload]
) -> None:
    first = send(intake, league)
    once = digests(mesh)
    shuffled = random.Random(5).sample(league, len(league))

    second = send(intake, shuffled)

    assert digests(mesh) == once
    assert first.outcomes() == {"accepted": len(league)} == second.outcomes()


def test_receipts_conserve_rows(mesh: LocalMesh, intake: Intake, league: list[Upload]) -> None:
    report = send(intake, league[:3])
    sql = "SELECT COUNT(*) AS n FROM nba_ops.object_receipts AS r WHERE r.rows_in != r.rows_out + r.rows_rejected"

    assert report.unaccounted == 0
    assert Warehouse(mesh.settings, []).rows(sql, {}, dict[str, Any]) == [{"n": 0}]
    assert all(fate.rows_in == fate.rows_out + fate.rows_rejected for fate in report.objects)


def test_a_correction_replaces_what_changed_and_an_older_document_arriving_late_changes_nothing(
    mesh: LocalMesh, intake: Intake, league: list[Upload]
) -> None:
    box = next(one for one in league if "/boxscores/" in one.object_name)
    later = Upload(_a_minute_later(box.object_name), _with_one_more_steal(box.body))
    before = _steals(mesh, later.object_name)

    send(intake, [later])
    corrected = _steals(mesh, later.object_name)
    send(intake, [box])

    assert corrected == before + 1
    assert _steals(mesh, later.object_name) == corrected


def _a_minute_later(object_name: str) -> str:
    folder, stamp = object_name.rsplit("/", 1)
    instant = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ.json").replace(tzinfo=UTC) + timedelta(minutes=1)
    return f"{folder}/{instant:%Y%m%dT%H%M%SZ}.json"


def _with_one_more_steal(body: bytes) -> bytes:
    document = json.loads(body)
    home = document["game"]["homeTeam"]
    home["players"][0]["statistics"]["steals"] += 1
    home["statistics"]["steals"] += 1
    return json.dumps(document).encode()


def _steals(mesh: LocalMesh, object_name: str) -> int:
    sql = "SELECT SUM(b.steals) AS n FROM nba_raw.nbac_player_boxscores AS b WHERE b.nba_game_id = @game"
    found = Warehouse(mesh.settings, []).rows(sql, {"game": object_name.split("/")[-2]}, dict[str, Any])
    return int(found[0]["n"])


def test_quarantine_is_listed_and_a_replay_fails_until_its_cause_is_fixed(
    mesh: LocalMesh, intake: Intake, league: list[Upload]
) -> None:
    box = next(one for one in league if "/boxscores/" in one.object_name)
    broken = Upload(_a_minute_later(_a_minute_later(box.object_name)), box.body[:-10])
    send(intake, [broken])
    warehouse = Warehouse(mesh.settings, [])
    entries = read_entries(warehouse, source_object=broken.object_name)

    account = replay_entries(local_target(state_of(mesh)), entries, dry_run=False)

    assert [entry.code for entry in entries] == ["invalid_json"]
    assert (account.listed, account.quarantined, account.loaded) == (1, 1, 0)
    assert [entry.times_seen for entry in read_entries(warehouse, source_object=broken.object_name)] == [2]


def test_reprocess_loads_nothing_that_is_in_already(mesh: LocalMesh, intake: Intake, league: list[Upload]) -> None:
    names = [one.object_name for one in league if "/play-by-play/" in one.object_name]
    send(intake, [one for one in league if one.object_name in names])

    again = call_function(mesh, "reprocess", "/replay", {"objects": names})

    assert again["loaded"] == 0
    assert again["already_loaded"] == again["listed"] >= len(names)


@pytest.mark.skipif(not (CORPUS / "nasty.zip").is_file(), reason="the corpus is not beside the checkout")
def test_every_hostile_document_ends_as_the_corpus_says_for_the_reason_it_says(mesh: LocalMesh) -> None:
    with (CORPUS / "expected_outcomes.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["object_name"]: (row["outcome"], row["reason"]) for row in csv.DictReader(file)}
    sent = object_names(CORPUS / "nasty.zip")

    report = send_all(mesh, [CORPUS / "nasty.zip"], [], lambda _: None)

    assert sorted(fate.object_name for fate in report.objects) == sorted(sent) == sorted(expected)
    assert {fate.object_name: (fate.outcome, fate.reason) for fate in report.objects} == expected
