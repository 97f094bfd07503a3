"""What `tipoff explain` says first, and which command it proposes, in the situations that an operator meets."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from tipoff.core.expected import GameDay, assess
from tipoff.sources import EXPECTED_OUTPUTS
from tipoff_ops.operate.explain.dates import explain_rows
from tipoff_ops.operate.explain.explanation import Explanation
from tipoff_ops.operate.explain.games import teams_named
from tipoff_ops.operate.explain.people import NamedPlayer, choose_player
from tipoff_ops.operate.explain.players import PlayerOnDate, skipped_cause, without_outcome
from tipoff_ops.operate.repair import NewestRun

DAY = date(2024, 12, 5)
TIP, LAST_TIP = datetime(2024, 12, 6, 0, 30, tzinfo=UTC), datetime(2024, 12, 6, 3, 0, tzinfo=UTC)
MORNING, NIGHT, WEEKS_LATER = TIP - timedelta(hours=10), TIP + timedelta(hours=12), TIP + timedelta(days=30)
BEFORE_TIP, NEXT_NIGHT = TIP - timedelta(minutes=20), TIP + timedelta(hours=36)
GAMES = 5
OUTPUTS = [output.name for output in EXPECTED_OUTPUTS]
DOCUMENTS = ["nbac_injury_report", "odds_api_game_lines", "odds_api_player_points_props"]
BEFORE = ["upcoming_player_game_context", "player_composite_factors", "ml_feature_store_v2", "player_prop_predictions"]
BOXES = ["nbac_player_boxscores", "nbac_play_by_play"]
SUMMARIES = ["player_game_summary", "team_offense_game_summary", "team_defense_game_summary"]
REBUILD = f"tipoff reprocess --from {DAY} --to {DAY} --steps ingest..publish"


def collects(source: str) -> str:
    return f"tipoff collect {source} {DAY}"


def run(outcome: str = "ok", cause: str = "", as_of: datetime = MORNING, repeats: int = 0) -> NewestRun:
    return NewestRun("step", outcome, cause, "", as_of, as_of, 0, repeats)


@dataclass(frozen=True)
class Situation:
    """A date: what covers its games, at what instant, what receipts say; then what must be told."""

    what: str
    covered: list[str]
    now: datetime
    cause: str
    command: str
    state: str = "FAILED"
    games: int = GAMES
    postponed: int = 0
    season_known: bool = True
    in_season: bool = True
    partly: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    newest: NewestRun | None = None


SITUATIONS = [
    Situation("everything is there", OUTPUTS, WEEKS_LATER, "5 games, all covered", "", "COMPLETE"),
    Situation("a day without games", [], WEEKS_LATER, "no_games", "", "EMPTY_OK", games=0),
    Situation("the off-season", [], WEEKS_LATER, "off_season", "", "EMPTY_OK", games=0, in_season=False),
    Situation("all games postponed", [], WEEKS_LATER, "postponed", "", "EMPTY_OK", games=0, postponed=3),
    Situation("no schedule", [], WEEKS_LATER, "no schedule within half a year", "", games=0, season_known=False),
    Situation("nothing is due yet", [], MORNING, "upcoming_player_game_context", "", "EXPECTED"),
    Situation("the step never ran, and an optional document is missing too", [], BEFORE_TIP,
              "upcoming_player_game_context: its step has never run", REBUILD, "LATE"),
    Situation("the context was never built", DOCUMENTS, NIGHT,
              "upcoming_player_game_context: its step has never run", REBUILD),
    Situation("the context found no rows in the morning", DOCUMENTS, NIGHT,
              "its step ran and found no rows", REBUILD,
              reasons={"upcoming_player_game_context": "built_without_rows"}, newest=run()),
    Situation("the context found no rows after the games", DOCUMENTS, WEEKS_LATER,
              "its step ran and found no rows", "",
              reasons={"upcoming_player_game_context": "built_without_rows"}, newest=run(as_of=WEEKS_LATER)),
    Situation("the context failed once", DOCUMENTS, NIGHT,
              "its newest run failed with null_feature", REBUILD,
              reasons={"upcoming_player_game_context": "step_failed:null_feature"}, newest=run("failed", repeats=1)),
    Situation("the context failed twice on the same inputs", DOCUMENTS, NIGHT,
              "its newest run failed with null_feature", "",
              reasons={"upcoming_player_game_context": "step_failed:null_feature"}, newest=run("failed", repeats=2)),
    Situation("the windows failed", [*DOCUMENTS, BEFORE[0]], NIGHT, "player_composite_factors: its newest run failed",
              REBUILD, reasons={"player_composite_factors": "step_failed:unavailable"}, newest=run("failed")),
    Situation("the feature store was not built", [*DOCUMENTS, *BEFORE[:2]], NIGHT,
              "ml_feature_store_v2: its step has never run", REBUILD),
    Situation("the players were not predicted", [*DOCUMENTS, *BEFORE[:3]], NIGHT,
              "player_prop_predictions: its step has never run", REBUILD),
    Situation("some games were not predicted", [*DOCUMENTS, *BEFORE[:3]], NIGHT,
              "player_prop_predictions: it covers 3 of 5 games", REBUILD, "DEGRADED",
              partly={"player_prop_predictions": 3}),
    Situation("a lineup of games is known of some", DOCUMENTS, NIGHT,
              "upcoming_player_game_context: it covers 2 of 5 games", REBUILD, "DEGRADED",
              partly={"upcoming_player_game_context": 2}),
    Situation("no box score, and no play-by-play", [*DOCUMENTS, *BEFORE], NEXT_NIGHT,
              "nbac_player_boxscores: no document of it has arrived", collects("nbac_boxscore"), "LATE"),
    Situation("no box score a month later", [*DOCUMENTS, *BEFORE], WEEKS_LATER,
              "nbac_player_boxscores: no document of it has arrived", collects("nbac_boxscore")),
    Situation("some box scores", [*DOCUMENTS, *BEFORE, "nbac_play_by_play"], NEXT_NIGHT,
              "nbac_player_boxscores: it covers 4 of 5 games", collects("nbac_boxscore"), "LATE",
              partly={"nbac_player_boxscores": 4}),
    Situation("no play-by-play", [*DOCUMENTS, *BEFORE, BOXES[0], *SUMMARIES, "prediction_accuracy"], WEEKS_LATER,
              "nbac_play_by_play: no document of it has arrived", collects("nbac_play_by_play"), "DEGRADED"),
    Situation("no injury report", [*OUTPUTS[1:]], WEEKS_LATER,
              "nbac_injury_report: no document of it has arrived", collects("nbac_injury_report_pdf"), "DEGRADED"),
    Situation("no lines", [name for name in OUTPUTS if name != "odds_api_game_lines"], WEEKS_LATER,
              "odds_api_game_lines: no document of it has arrived", collects("odds_api_game_lines"), "DEGRADED"),
    Situation("no props", [name for name in OUTPUTS if name != "odds_api_player_points_props"], WEEKS_LATER,
              "odds_api_player_points_props: no document of it has arrived", collects("odds_api_player_props"),
              "DEGRADED"),
    Situation("the summaries were not built", [*DOCUMENTS, *BEFORE, *BOXES], NEXT_NIGHT,
              "player_game_summary: its step has never run", REBUILD, "LATE"),
    Situation("the summaries failed", [*DOCUMENTS, *BEFORE, *BOXES], WEEKS_LATER,
              "player_game_summary: its newest run failed with sum_mismatch", REBUILD,
              reasons={"player_game_summary": "step_failed:sum_mismatch"}, newest=run("failed", repeats=1)),
    Situation("nothing was graded", [*DOCUMENTS, *BEFORE, *BOXES, *SUMMARIES], WEEKS_LATER,
              "prediction_accuracy: its step has never run", REBUILD),
    Situation("some games were graded", [*DOCUMENTS, *BEFORE, *BOXES, *SUMMARIES], NEXT_NIGHT,
              "prediction_accuracy: it covers 1 of 5 games", REBUILD, "LATE", partly={"prediction_accuracy": 1}),
    Situation("nobody was predicted, and lines are missing too", [], WEEKS_LATER,
              "upcoming_player_game_context: its step has never run", REBUILD),
]  # fmt: skip


@pytest.mark.parametrize("given", SITUATIONS, ids=lambda given: given.what)
def test_the_first_cause_and_the_command_of_a_date(given: Situation) -> None:
    first, last = (TIP, LAST_TIP) if given.games else (None, None)
    day = GameDay(DAY, given.games, given.postponed, first, last, given.season_known, given.in_season)
    counts = dict.fromkeys(given.covered, GAMES) | given.partly
    rows = assess(EXPECTED_OUTPUTS, day, counts, given.now, given.reasons)
    found = explain_rows(day, rows, lambda _: given.newest)
    assert (found.state, found.command) == (given.state, given.command), found
    assert given.cause in found.cause


def on_date(**known: object) -> PlayerOnDate:
    empty: dict[str, object] = dict.fromkeys(PlayerOnDate.__struct_fields__)
    return PlayerOnDate(**{**empty, "candidates": 100, "games_of_date": 5, "games_before": 30, **known})  # type: ignore[arg-type]


PLAYERS = {
    "ruled out by the report of 2024-12-05 17:30 Eastern (Ankle)": on_date(
        reason="ruled_out", report_at=datetime(2024, 12, 5, 22, 30, tzinfo=UTC), injury_report="Ankle"
    ),
    "ruled out before the cutoff": on_date(reason="ruled_out"),
    "no box score has: he has no player_id": on_date(reason="unresolved_player"),
    "he has 2 games in the last 400 days before this date": on_date(reason="no_feature_row", games_before=2),
}


@pytest.mark.parametrize(("cause", "found"), PLAYERS.items())
def test_why_a_candidate_was_skipped(cause: str, found: PlayerOnDate) -> None:
    assert cause in skipped_cause(found)


WITHOUT = {
    "no game is scheduled": (on_date(games_of_date=0), "no_game"),
    "his newest team, DEN, has no game": (on_date(newest_team_abbr="DEN"), "no_game"),
    "the cause of the date": (on_date(candidates=0), "no_slate"),
    "his batch has not ended; the cause of the date": (on_date(state="missing"), "missing"),
    "he has no game in the last 400 days": (on_date(games_before=0), "no_candidate"),
    "DEN plays, but he is not on its slate: he last appeared on 2024-11-01": (
        on_date(newest_team_abbr="DEN", game_of_newest_team="g", last_game_date=date(2024, 11, 1)),
        "no_candidate",
    ),
}


@pytest.mark.parametrize(("cause", "given"), WITHOUT.items())
def test_why_a_player_is_no_candidate(cause: str, given: tuple[PlayerOnDate, str]) -> None:
    of_date = Explanation("d", "FAILED", "the cause of the date", ("evidence",), REBUILD)
    found = without_outcome("he", given[0], (), lambda: of_date)
    assert cause in found.cause
    assert found.state == given[1]


KNOWN = [
    NamedPlayer("nikolajokic", "Nikola Jokić", True),
    NamedPlayer("nikolajovic", "Nikola Jović", False),
    NamedPlayer("lebronjames", "LeBron James", True),
    NamedPlayer("jaylenbrown", "Jaylen Brown", True),
    NamedPlayer("brucebrown", "Bruce Brown", False),
    NamedPlayer("mosesbrown", "Moses Brown", False),
    NamedPlayer("shaigilgeousalexander", "Shai Gilgeous-Alexander", True),
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jokic", "nikolajokic"),
        ("Jokić", "nikolajokic"),
        ("JOKIC Nikola", "nikolajokic"),
        ("lebron", "lebronjames"),
        ("james, lebron", "lebronjames"),
        ("brown", "jaylenbrown"),  # the only one on the slate
        ("moses brown", "mosesbrown"),
        ("gilgeous alexander", "shaigilgeousalexander"),
        ("nikola", "nikolajokic"),
    ],
)
def test_a_player_is_found_as_people_type_him(typed: str, meant: str) -> None:
    found = choose_player(typed, KNOWN)
    assert found.player is not None
    assert found.player.player_lookup == meant


@pytest.mark.parametrize(("typed", "suggested"), [("jokich", "nikolajokic"), ("lebrun james", "lebronjames")])
def test_a_misspelled_name_is_not_taken_for_another_but_suggested(typed: str, suggested: str) -> None:
    found = choose_player(typed, KNOWN)
    assert found.player is None
    assert suggested in {each.player_lookup for each in found.suggested}


def test_two_players_of_a_name_are_both_suggested() -> None:
    both = [NamedPlayer("jaylenbrown", "Jaylen Brown", True), NamedPlayer("brucebrown", "Bruce Brown", True)]
    assert {each.player_lookup for each in choose_player("brown", both).suggested} == {"jaylenbrown", "brucebrown"}
    assert choose_player("nobody at all", KNOWN).suggested == ()


@pytest.mark.parametrize(
    ("typed", "teams"),
    [("LAL", {"LAL"}), ("lal@bos", {"LAL", "BOS"}), ("GSW vs BOS", {"GSW", "BOS"}), ("Lakers", {"LAL"}),
     ("golden state", {"GSW"}), ("jokic", set()), ("trail blazers", {"POR"}), ("LAL jokic", set())],
)  # fmt: skip
def test_teams_are_found_as_people_type_them(typed: str, teams: set[str]) -> None:
    assert teams_named(typed) == teams
