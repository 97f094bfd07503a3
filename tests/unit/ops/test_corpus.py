"""Landing zips are read in order of observation, within dates, and never touch the disk."""

import os
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest

from tipoff_ops.corpus import landing_zip
from tipoff_ops.corpus.landing_zip import LandingZip, MemberTooLarge
from tipoff_ops.intake import documents
from tipoff_ops.intake.documents import read_documents
from tipoff_sim import SMALL, League

BOX = "nba-com/boxscores/2024-11-01/0022400122/20241102T023000Z.json"
REPORT = "nba-com/injury-report/2024-11-01/20241101T213000Z.json"
SCHEDULE = "nba-com/schedule/2024-25/20241008T120000Z.json"
LATER = "nba-com/boxscores/2024-11-02/0022400130/20241103T023000Z.json"


@pytest.fixture
def landing(tmp_path: Path) -> LandingZip:
    path = tmp_path / "landing.zip"
    with ZipFile(path, "w") as archive:
        for name in (LATER, BOX, "../../escape.json", REPORT, SCHEDULE, "/etc/passwd"):
            archive.writestr(name, name)
    return LandingZip(path)


def test_documents_come_in_order_of_observation(landing: LandingZip) -> None:
    read = list(landing.documents())
    assert [one.object_name for one in read] == [SCHEDULE, REPORT, BOX, LATER]
    assert [one.body.decode() for one in read] == [one.object_name for one in read]
    assert read[2].observed_at == datetime(2024, 11, 2, 2, 30, tzinfo=UTC)


def test_limits_are_eastern_dates_both_included(landing: LandingZip) -> None:
    """The box of the 1st is captured on the 2nd by UTC: it still belongs to the 1st (docs/pitfalls.md#21)."""
    assert [one.object_name for one in landing.documents(date(2024, 11, 1), date(2024, 11, 1))] == [
        REPORT,
        BOX,
    ]
    assert [one.object_name for one in landing.documents(last=date(2024, 11, 1))] == [SCHEDULE, REPORT, BOX]


def test_a_name_is_never_a_path(landing: LandingZip, tmp_path: Path) -> None:
    assert landing.unknown_names == ("../../escape.json", "/etc/passwd")
    [escaping] = read_documents(landing.path, lambda name: name.startswith(".."))
    assert (escaping.object_name, escaping.body) == ("../../escape.json", b"../../escape.json")
    assert sorted(tmp_path.iterdir()) == [landing.path]


def test_a_member_is_unpacked_up_to_the_limit_only(landing: LandingZip, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (documents, landing_zip):
        monkeypatch.setattr(module, "DOCUMENT_BYTES_MAX", 10)
    with pytest.raises(MemberTooLarge):
        next(landing.documents())
    assert {len(one.body) for one in read_documents(landing.path)} == {11}


def test_a_simulated_season_makes_a_corpus(tmp_path: Path) -> None:
    """Simulator and contracts agree on every name, and on the instant in it."""
    path = tmp_path / "simulated.zip"
    simulated = list(League(seed=5).season(date(2025, 10, 21), 2, SMALL))
    with ZipFile(path, "w") as archive:
        for one in simulated:
            archive.writestr(one.object_name, one.body)
    read = LandingZip(path)
    assert read.unknown_names == ()
    assert [(one.object_name, one.observed_at, one.body) for one in read.documents()] == [
        (one.object_name, one.observed_at, one.body) for one in simulated
    ]


def real_corpus() -> Path:
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"
    return Path(os.environ.get("TIPOFF_CORPUS", beside))


@pytest.mark.skipif(not real_corpus().is_dir(), reason="the corpus is not beside this clone")
def test_a_real_season_is_known_to_the_last_name() -> None:
    season = LandingZip(real_corpus() / "landing-2024-25.zip")
    assert len(season.entries) == 7611
    assert season.unknown_names == ()
    assert all(one.observed_at <= after.observed_at for one, after in pairwise(season.entries))
    week = season.select(date(2024, 11, 1), date(2024, 11, 7))
    assert {entry.game_date for entry in week if entry.source == "nbac_boxscore"} == {
        date(2024, 11, day) for day in (1, 2, 3, 4, 6, 7)
    }
