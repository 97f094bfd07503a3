"""Broken documents: one code each, no exception, good rows kept (docs/pitfalls.md#14, #16)."""

import copy
import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.unit.core import core_documents as d

from tipoff import sources
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts.results import Content, Parsed, Row, TableRows
from tipoff.core.reading import read_document
from tipoff.core.source import Source

type Change = Callable[[Any], Any]


def read(name: str, document: Any) -> Parsed:
    return sources.read(name, json.dumps(document).encode())


def put(path: str, value: Any) -> Change:
    """Set what stands at a dotted path (numbers are list places)."""

    def change(document: Any) -> None:
        *walk, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in walk:
            document = document[part]
        document[last] = value

    return change


def drop(path: str) -> Change:
    """Remove what stands there."""

    def change(document: Any) -> None:
        *walk, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in walk:
            document = document[part]
        del document[last]

    return change


def changed(document: Any, *changes: Change) -> Any:
    mutant = copy.deepcopy(document)
    for change in changes:
        change(mutant)
    return mutant


@pytest.mark.parametrize("name", d.ALL)
def test_each_small_document_is_accepted_whole(name: str) -> None:
    for text in (
        json.dumps(d.ALL[name]),
        json.dumps(d.ALL[name], indent=2),
        json.dumps(d.ALL[name]).replace('":', '" :'),
    ):
        parsed = sources.read(name, text.encode())
        assert (parsed.outcome, parsed.reason, parsed.rejects) == (DocumentOutcome.ACCEPTED, None, ())
        assert parsed.rows_in == parsed.rows_out > 0
    assert sources.read(name, gzip.compress(text.encode()), "gzip").rows_out == parsed.rows_out


BOX_STATS = "game.homeTeam.players.0.statistics"
SECOND = "game.homeTeam.players.1"

ATOMIC: list[tuple[str, Change, str]] = [
    (d.BOX_NAME, put("game.gameId", "0022300620"), "id_mismatch"),
    (d.BOX_NAME, put("game.gameId", 22300619), "wrong_type"),
    (d.BOX_NAME, put("game.gameCode", "20240125/CHADET"), "date_mismatch"),
    (d.BOX_NAME, put("game.gameCode", "20240124/DETCHA"), "id_mismatch"),
    (d.BOX_NAME, put("game.gameTimeUTC", "2024-01-26T00:00:00Z"), "date_mismatch"),
    (d.BOX_NAME, put("game.gameTimeUTC", "2024-01-25T00:00:00"), "wrong_type"),
    (d.BOX_NAME, put("game.gameTimeUTC", "0001-01-01T00:00:00Z"), "date_mismatch"),
    (d.BOX_NAME, put("game.gameStatus", 4), "schema"),
    (d.BOX_NAME, put("game.gameStatus", "3"), "wrong_type"),
    (d.BOX_NAME, drop("game.gameStatus"), "schema"),
    (d.BOX_NAME, drop("game"), "schema"),
    (d.BOX_NAME, put("game", []), "schema"),
    (d.BOX_NAME, drop("game.homeTeam"), "schema"),
    (d.BOX_NAME, drop("game.homeTeam.statistics"), "schema"),
    (d.BOX_NAME, put("game.homeTeam.players", {}), "schema"),
    (d.BOX_NAME, put("game.homeTeam.players", []), "sum_mismatch"),
    (d.BOX_NAME, put("game.homeTeam.teamTricode", "SEA"), "unknown_team"),
    (d.BOX_NAME, put("game.homeTeam.teamId", d.CHA), "unknown_team"),
    (d.BOX_NAME, put("game.homeTeam.score", 112), "sum_mismatch"),
    (d.BOX_NAME, put("game.homeTeam.score", -1), "sum_mismatch"),
    (d.BOX_NAME, put("game.homeTeam.statistics.assists", 99), "sum_mismatch"),
    (d.BOX_NAME, put("game.homeTeam.statistics.minutes", "PT250M00.00S"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", "PT48M60.00S"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", "PT49M00.00S"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", "PT-5M10.00S"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", ""), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", "48:61"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", "4 8"), "bad_minutes"),
    (d.BOX_NAME, put("game.awayTeam.statistics.minutes", "PT265M00.00S"), "bad_minutes"),
    (d.BOX_NAME, put(f"{BOX_STATS}.minutes", 48), "wrong_type"),
    (d.BOX_NAME, put(f"{BOX_STATS}.fieldGoalsMade", 40), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.freeThrowsAttempted", 0), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.assists", -2), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.reboundsTotal", 9), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.plusMinusPoints", 1.5), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.plusMinusPoints", 1e300), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.plusMinusPoints", -201), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.pointsInThePaint", 3), "stat_identity"),
    (d.BOX_NAME, put("game.homeTeam.statistics.pointsFastBreak", -2), "stat_identity"),
    (d.BOX_NAME, put(f"{BOX_STATS}.points", "27"), "wrong_type"),
    (d.BOX_NAME, put(f"{BOX_STATS}.points", None), "wrong_type"),
    (d.BOX_NAME, put(f"{BOX_STATS}.points", True), "wrong_type"),
    (d.BOX_NAME, put(f"{BOX_STATS}.points", 2**64), "wrong_type"),
    (d.BOX_NAME, drop(f"{BOX_STATS}.points"), "schema"),
    (d.BOX_NAME, put(f"{SECOND}.personId", 100), "duplicate_player"),
    (d.BOX_NAME, put(f"{SECOND}.personId", 10**20), "wrong_type"),
    (d.BOX_NAME, put(f"{SECOND}.personId", 0), "wrong_type"),
    (d.BOX_NAME, put(f"{SECOND}.starter", "0"), "stat_identity"),
    (d.BOX_NAME, put(f"{SECOND}.starter", "yes"), "schema"),
    (d.BOX_NAME, put(f"{SECOND}.name", "\u200b"), "schema"),
    (d.PBP_NAME, put("game.gameId", "0022300620"), "id_mismatch"),
    (d.PBP_NAME, put("game.actions.0.clock", "PT12M30.00S"), "bad_minutes"),
    (d.PBP_NAME, put("game.actions.0.clock", "-11:42"), "bad_minutes"),
    (d.PBP_NAME, put("game.actions.0.period", 0), "bad_minutes"),
    (d.PBP_NAME, put("game.actions.0.teamTricode", "XXX"), "unknown_team"),
    (d.PBP_NAME, put("game.actions.0.teamTricode", "LAL"), "unknown_team"),
    (d.PBP_NAME, put("game.actions.1.actionNumber", 7), "duplicate_key"),
    (d.PBP_NAME, put("game.actions.0.shotResult", "Perhaps"), "schema"),
    (d.PBP_NAME, put("game.actions.0.isFieldGoal", 2), "schema"),
    (d.PBP_NAME, put("game.actions.0.isFieldGoal", 0), "stat_identity"),
    (d.PBP_NAME, put("game.actions.0.scoreHome", "two"), "wrong_type"),
    (d.PBP_NAME, put("game.actions", "none"), "schema"),
    (d.SCHEDULE_NAME, put("leagueSchedule.seasonYear", "2022-23"), "id_mismatch"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates", []), "empty_schedule"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.1.games.0.gameId", "0022300619"), "duplicate_key"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.1.games.0.gameId", "0022200619"), "id_mismatch"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.1.games.0.gameId", "0092300619"), "unknown_game"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.0.games.0.homeTeam.teamTricode", "SEA"), "unknown_team"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.0.games.0.gameDateEst", "2024-01-25T00:00:00Z"), "date_mismatch"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.0.games.0.gameDateEst", "soon"), "date_mismatch"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.0.games.0.homeTeam.score", 110), "stat_identity"),
    (d.SCHEDULE_NAME, put("leagueSchedule.gameDates.0.games.0.gameCode", "20240124/DETCHA"), "id_mismatch"),
    (d.SCOREBOARD_NAME, put("scoreboard.gameDate", "2024-01-23"), "date_mismatch"),
    (d.SCOREBOARD_NAME, put("scoreboard.games.0.gameCode", "20240124/DETCHA"), "id_mismatch"),
    (d.SCOREBOARD_NAME, put("scoreboard.games.0.awayTeam", d.scoreboard_side("DET")), "unknown_team"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.5", "2024-01-23"), "date_mismatch"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.1.3", "SEA"), "unknown_team"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.9", 20), "stat_identity"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.8", None), "stat_identity"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.17", 99), "stat_identity"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.24", 1e300), "stat_identity"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.24", 4.5), "stat_identity"),
    (d.GAMELOG_NAME, put("resultSets.0.headers.8", "MINUTES"), "schema"),
    (d.GAMELOG_NAME, put("resultSets.0.headers.21", "TURNOVERS"), "schema"),
    (d.GAMELOG_NAME, put("resultSets.0.headers.23", "POINTS"), "schema"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0.0", 5), "wrong_type"),
    (d.GAMELOG_NAME, put("resultSets.0.rowSet.0", ["short"]), "schema"),
    (d.GAMELOG_NAME, put("resultSets.0.name", "TeamStats"), "schema"),
    (d.GAMELOG_NAME, put("resultSets.0.headers.0", "PLAYER_ID"), "duplicate_key"),
    (d.SHOTS_NAME, put("resultSets.0.rowSet.0.16", "20240123"), "date_mismatch"),
    (d.BDL_NAME, put("data.0.home_team_score", 21), "sum_mismatch"),
    (d.BDL_NAME, put("data.0.home_team.abbreviation", "SEA"), "unknown_team"),
    (d.BDL_NAME, put("data.0.home_team.players.0.reb", 7), "stat_identity"),
    (d.BDL_NAME, put("data.0.season", 2021), "id_mismatch"),
    (d.LINES_NAME, put("data.id", "f" * 32), "id_mismatch"),
    (d.LINES_NAME, put("data.home_team", "Seattle SuperSonics"), "unknown_team"),
    (d.LINES_NAME, put("data.home_team", "Utah Jazz"), "id_mismatch"),
    (d.LINES_NAME, put("data.commence_time", "2024-01-25T05:10:00Z"), "date_mismatch"),
    (d.LINES_NAME, put("data.commence_time", "tonight"), "wrong_type"),
    (d.LINES_NAME, put("data.sport_key", "basketball_wnba"), "schema"),
    (d.LINES_NAME, put("timestamp", "2024-01-24T19:00:00Z"), "date_mismatch"),
    (d.LINES_NAME, put("timestamp", "yesterday"), "wrong_type"),
    (d.LINES_NAME, put("data", [d.event()]), "schema"),
    (d.PROPS_NAME, drop("commence_time"), "schema"),
    (d.PROPS_NAME, put("bookmakers", {}), "schema"),
    (d.PROPS_NAME, put("bookmakers.0.markets.0.outcomes.0.price", 1.91), "mixed_prices"),
    (d.EVENTS_NAME, put("data", {}), "schema"),
    (d.INJURY_NAME, put("metadata.report_time_utc", "2024-01-25T22:30:00Z"), "date_mismatch"),
    (d.INJURY_NAME, put("metadata.report_time_utc", "2024-01-24T23:30:00Z"), "date_mismatch"),
    (d.INJURY_NAME, put("metadata.report_time_utc", 5), "wrong_type"),
    (d.INJURY_NAME, drop("metadata"), "schema"),
    (d.INJURY_NAME, put("records", {}), "schema"),
]


@pytest.mark.parametrize(("name", "change", "reason"), ATOMIC)
def test_a_broken_document_is_quarantined_with_its_code(name: str, change: Change, reason: str) -> None:
    parsed = read(name, changed(d.ALL[name], change))
    assert (parsed.outcome, parsed.reason) == (DocumentOutcome.QUARANTINED, reason)
    assert parsed.tables == () and (parsed.rows_in, parsed.rows_out, parsed.rows_rejected) == (1, 0, 1)


OUTCOMES = "bookmakers.0.markets.0.outcomes"

ROWS: list[tuple[str, Change, str, int]] = [
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.point", -23.5), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.point", 0), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.point", 500), "bad_line", 2),
    (d.PROPS_NAME, drop(f"{OUTCOMES}.0.point"), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.point", 23.333333333333332), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.price", 0), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.price", -50), "bad_line", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.price", "-115"), "wrong_type", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.price", None), "wrong_type", 2),
    (d.PROPS_NAME, drop(f"{OUTCOMES}.0.price"), "schema", 2),
    (d.PROPS_NAME, drop(f"{OUTCOMES}.0.description"), "schema", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0.name", "Maybe"), "schema", 2),
    (d.PROPS_NAME, put(f"{OUTCOMES}.0", 7), "schema", 2),
    (d.LINES_NAME, put(f"data.{OUTCOMES}.0.name", "Utah Jazz"), "unknown_team", 1),
    (d.LINES_NAME, put(f"data.{OUTCOMES}.0.point", 250), "bad_line", 1),
    (d.LINES_NAME, put(f"data.{OUTCOMES}.0.point", 1e-12), "bad_line", 1),
    (d.LINES_NAME, put(f"data.{OUTCOMES}.0.name", "Draw"), "unknown_team", 1),
    (d.LINES_NAME, drop(f"data.{OUTCOMES}.0.point"), "bad_line", 1),
    (d.LINES_NAME, put(f"data.{OUTCOMES}.0.price", 99), "mixed_prices", 0),
    (d.INJURY_NAME, put("records.0.status", "Maybe"), "schema", 1),
    (d.INJURY_NAME, put("records.0.team", "Seattle SuperSonics"), "unknown_team", 1),
    (d.INJURY_NAME, put("records.0.team", "Utah Jazz"), "id_mismatch", 1),
    (d.INJURY_NAME, put("records.0.matchup", "CHA at DET"), "schema", 1),
    (d.INJURY_NAME, put("records.0.game_date", "2024-02-30"), "wrong_type", 1),
    (d.INJURY_NAME, put("records.0.game_date", "2023-01-24"), "date_mismatch", 1),
    (d.INJURY_NAME, put("records.0.player", 23), "wrong_type", 1),
    (d.INJURY_NAME, drop("records.0.player"), "schema", 1),
    (d.INJURY_NAME, put("records.0", None), "schema", 1),
    (d.INJURY_NAME, put("not_yet_submitted.0.team", "?"), "unknown_team", 1),
    (d.EVENTS_NAME, put("data.0.home_team", "?"), "unknown_team", 0),
    (d.EVENTS_NAME, put("data.0.id", "short"), "schema", 0),
]


@pytest.mark.parametrize(("name", "change", "reason", "kept"), ROWS)
def test_one_bad_row_of_a_row_wise_document_is_rejected_alone(
    name: str, change: Change, reason: str, kept: int
) -> None:
    parsed = read(name, changed(d.ALL[name], change))
    assert (parsed.reason, parsed.rows_out) == (reason, kept)
    assert parsed.outcome is (DocumentOutcome.QUARANTINED if reason == "mixed_prices" else DocumentOutcome.ACCEPTED)
    assert parsed.rows_in == parsed.rows_out + parsed.rows_rejected and parsed.rows_rejected == 1
    assert parsed.rejects[0].field and parsed.rejects[0].rule


@pytest.mark.parametrize("status", [1, 2])
def test_a_game_that_is_not_over_is_ignored_whatever_it_holds(status: int) -> None:
    running = changed(d.box(), put("game.gameStatus", status), put("game.homeTeam", {"players": []}))
    parsed = read(d.BOX_NAME, running)
    assert (parsed.outcome, parsed.reason, parsed.rows_in) == (DocumentOutcome.IGNORED, Reason.NOT_FINAL, 0)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("PPD", DocumentOutcome.IGNORED),
        ("Suspended", DocumentOutcome.IGNORED),
        ("Q3 4:11", DocumentOutcome.IGNORED),
        ("Half", DocumentOutcome.IGNORED),
        ("7:30 pm ET", DocumentOutcome.IGNORED),
        ("Final", DocumentOutcome.ACCEPTED),
        ("Final/OT2", DocumentOutcome.ACCEPTED),
        ("", DocumentOutcome.ACCEPTED),
        (None, DocumentOutcome.ACCEPTED),
    ],
)
def test_a_game_whose_text_denies_its_status_is_not_final(text: str | None, outcome: DocumentOutcome) -> None:
    assert read(d.BOX_NAME, changed(d.box(), put("game.gameStatusText", text))).outcome is outcome


def test_facts_from_the_future_would_stay_the_newest_and_are_refused() -> None:
    received = datetime(2024, 1, 25, 4, tzinfo=UTC)
    body = json.dumps(d.box()).encode()
    assert sources.read(d.BOX_NAME, body, None, received).outcome is DocumentOutcome.ACCEPTED
    tomorrow = d.BOX_NAME.replace("20240125T033000Z", "20991231T033000Z")
    assert sources.read(tomorrow, body, None, received).reason is Reason.BAD_NAME


@pytest.mark.parametrize("name", [d.BOX_NAME, d.SCHEDULE_NAME, d.LINES_NAME, d.INJURY_NAME])
@pytest.mark.parametrize(("years_later", "reason"), [(0, None), (9, None), (11, Reason.DATE_OUT_OF_RANGE)])
def test_a_date_that_the_warehouse_would_refuse_is_refused_with_that_reason(
    name: str, years_later: int, reason: Reason | None
) -> None:
    """A row more than ten years old would fail its whole append, again and again."""
    received = datetime(2024 + years_later, 1, 26, tzinfo=UTC)
    parsed = sources.read(name, json.dumps(d.ALL[name]).encode(), None, received)
    assert parsed.reason is reason
    assert (parsed.rows_out == 0) == (reason is not None)


class Dated(Row, frozen=True, kw_only=True):
    """A row of a date."""

    game_date: date


@pytest.mark.parametrize(("days", "stored"), [(-3650, True), (-3651, False), (365, True), (366, False)])
def test_a_document_is_refused_beyond_the_partitions_that_can_be_written(days: int, stored: bool) -> None:
    """https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning"""
    received = datetime(2026, 7, 1, tzinfo=UTC)
    rows = (Dated(game_date=received.date()), Dated(game_date=received.date() + timedelta(days)))
    source = Source(name="x", object_names=(), parse=lambda *_: Content((TableRows("t", rows),), received), parse_seq=1)
    route = sources.route(d.BOX_NAME)
    assert route
    parsed = read_document(source, route, b"{}", None, received)
    assert (parsed.outcome is DocumentOutcome.ACCEPTED) == stored
    assert parsed.reason is (None if stored else Reason.DATE_OUT_OF_RANGE)


def test_a_report_whose_two_clocks_disagree_has_no_instant() -> None:
    slipped = changed(d.injury_report(), put("metadata.report_time_et", "2024-01-24T22:30:00-05:00"))
    assert read(d.INJURY_NAME, slipped).reason is Reason.DATE_MISMATCH


def test_notes_of_accepted_documents() -> None:
    assert read(d.EVENTS_NAME, {"timestamp": "2024-01-24T11:55:39Z", "data": []}).reason is Reason.EMPTY_LIST
    assert read(d.EVENTS_NAME, []).reason is Reason.EMPTY_LIST
    assert read(d.LINES_NAME, changed(d.lines(), put("data.bookmakers", []))).reason is Reason.EMPTY_LIST
    assists = changed(d.props(), put("bookmakers.0.markets.0.key", "player_assists"))
    assert read(d.PROPS_NAME, assists).reason is Reason.OTHER_MARKET_SKIPPED
    late = d.PROPS_NAME.replace("20240124T160000Z", "20240125T001000Z")
    assert read(late, d.props()).reason is Reason.IN_PLAY


def test_a_game_whose_id_is_none_of_the_league_s_is_unknown() -> None:
    name = d.BOX_NAME.replace("0022300619", "0092300619")
    assert read(name, changed(d.box(), put("game.gameId", "0092300619"))).reason is Reason.UNKNOWN_GAME


@pytest.mark.parametrize("name", [d.BOX_NAME, d.SCOREBOARD_NAME, d.GAMELOG_NAME, d.SHOTS_NAME, d.BDL_NAME])
def test_what_happened_cannot_be_captured_before_its_day(name: str) -> None:
    early = name.replace("/20240125T", "/20230125T")
    assert read(early, d.ALL[name]).reason is Reason.DATE_MISMATCH


def test_a_scoreboard_of_games_to_come_may_be() -> None:
    board = changed(d.scoreboard(), put("scoreboard.games.0.gameStatus", 1))
    early = d.SCOREBOARD_NAME.replace("/20240125T", "/20240123T")
    assert read(early, board).outcome is DocumentOutcome.ACCEPTED


def test_a_tie_is_no_final_of_the_fallback() -> None:
    tie = changed(d.bdl(), put("data.0.home_team_score", 18), put("data.0.home_team.players.0.pts", 18))
    assert read(d.BDL_NAME, changed(tie, put("data.0.home_team.players.0.fgm", 9))).reason is Reason.STAT_IDENTITY


def test_brackets_and_keys_inside_texts_are_only_text() -> None:
    odd = changed(d.box(), put("meta", {"note": '[[[{{{ "a": " : \\u0022: }', "a :b": '":"', "x": [[]] * 3}))
    assert read(d.BOX_NAME, odd).outcome is DocumentOutcome.ACCEPTED


def test_unknown_further_fields_never_fail_a_row() -> None:
    more = changed(d.box(), put("game.homeTeam.players.0.nickname", {"x": [1, 2.5, None]}), put("game.arena", [1]))
    assert read(d.BOX_NAME, more).tables == read(d.BOX_NAME, d.box()).tables
