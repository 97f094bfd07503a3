"""The corpus, where it is present: the hostile set, real reports as PDF, a sample of real documents."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from tipoff import sources
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts.injury_rows import InjuryRow

NEEDS_STATE = {"player_resolved", "player_unresolved", "duplicate_delivery"}  # ingest fills these in


def outcomes(corpus: Path) -> list[dict[str, str]]:
    with (corpus / "expected_outcomes.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_codes_are_the_closed_set(corpus: Path) -> None:
    added = {
        "too_large",
        "mixed_prices",
        "unknown_game",
        "date_out_of_range",
        "counts_only",
        "other_game",
    }
    assert {reason.value for reason in Reason} == {row["reason"] for row in outcomes(corpus)} | added


def test_every_hostile_document_ends_as_expected(corpus: Path) -> None:
    wrong = []
    with zipfile.ZipFile(corpus / "nasty.zip") as archive:
        for row in outcomes(corpus):
            parsed = sources.read(row["object_name"], archive.read(row["object_name"]))
            reason = None if row["reason"] in NEEDS_STATE else row["reason"]
            if (parsed.outcome, parsed.reason) != (row["outcome"], reason):
                wrong.append((row["id"], row["reason"], parsed.outcome, parsed.reason))
    assert wrong == []


def test_the_pdf_of_a_report_gives_the_rows_printed_on_it(corpus: Path) -> None:
    with zipfile.ZipFile(corpus / "true-captures.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".pdf")][::3]
        for name in names:
            expected = json.loads(archive.read(f"expected_pdf/{Path(name).stem}.json"))
            parsed = sources.read(name, archive.read(name))
            rows = [row for row in parsed.tables[0].rows if isinstance(row, InjuryRow)]
            listings = [
                (
                    r.game_date.isoformat(),
                    r.game_time_et,
                    r.matchup,
                    r.team,
                    r.player_name_original,
                    r.injury_status,
                    r.reason,
                )
                for r in rows
                if r.row_kind == "listing"
            ]
            keys = ("game_date", "game_time_et", "matchup", "team", "player", "status", "reason")
            assert listings == [tuple(one[key] for key in keys) for one in expected["records"]], name
            silent = [(r.game_date.isoformat(), r.matchup, r.team) for r in rows if r.row_kind == "not_submitted"]
            assert silent == [
                tuple(one[key] for key in keys[:1] + keys[2:4]) for one in expected["not_yet_submitted"]
            ], name


@pytest.mark.parametrize("season", ["2021-22", "2022-23", "2023-24", "2024-25"])
def test_a_sample_of_each_season_is_accepted_without_a_reject(corpus: Path, season: str) -> None:
    with zipfile.ZipFile(corpus / f"landing-{season}.zip") as archive:
        for name in archive.namelist()[::97]:
            parsed = sources.read(name, archive.read(name))
            assert (parsed.outcome, parsed.rejects) == (DocumentOutcome.ACCEPTED, ()), name
            assert parsed.rows_in == parsed.rows_out


def test_real_captures_are_read(corpus: Path) -> None:
    with zipfile.ZipFile(corpus / "true-captures.zip") as archive:
        for name in archive.namelist():
            body = archive.read(name)
            if name.startswith("nba_cdn/box"):
                game = json.loads(body)["game"]
                landed = f"nba-com/boxscores/{game['gameEt'][:10]}/{game['gameId']}/20260701T000000Z.json"
            elif "coreboard" in name:
                landed = f"nba-com/scoreboard/{json.loads(body)['scoreboard']['gameDate']}/20260701T000000Z.json"
            elif "schedule" in name:
                landed = "nba-com/schedule/2023-24/20231001T000000Z.json"
            else:
                continue
            assert sources.read(landed, body).outcome is DocumentOutcome.ACCEPTED, name
