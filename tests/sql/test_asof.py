"""Nothing known at or after a game's cutoff moves one bit of what is derived for it.

Prevents docs/pitfalls.md#23 (leak through `<=`), #30 (training and serving differ), #31 (aggregates of later values).
A simulated league is landed, built, disturbed and built again; leaks are planted to see the alarms go off.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from tests.sql.asof_warehouse import Built, Rows, derived_tables, landed, lineage, windows

from tipoff.tables import Table, get
from tipoff.tables.features import feature_names
from tipoff_ops.column_contracts.figures import measure_query
from tipoff_ops.column_contracts.judge import judge
from tipoff_ops.column_contracts.rules import contract, contracted_tables
from tipoff_sim import League, Volume

START = date(2024, 10, 22)
# the last quotes come 20 minutes before tip-off, inside the lead of 30
VOLUME = Volume(lines_before_tipoff=(75, 20), props_before_tipoff=(90, 20), report_every=3)
SEASON = League(seed=11, teams=6).season(START, game_days=16, volume=VOLUME)
DAYS = SEASON.game_dates[-2:]
SCORING = (
    "points", "field_goals_made", "field_goals_attempted", "three_pointers_made", "three_pointers_attempted",
    "free_throws_made", "free_throws_attempted",
)  # fmt: skip
ALTERED = {"turnovers": 3, "assists": 2}
CORRECTED = ("nbac_player_boxscores", "nbac_team_boxscore", "nbac_injury_report", "nbac_roster")


NEWCOMER = 9_000_001  # on the roster of the last day, and in no box score


@pytest.fixture(scope="module")
def rows() -> Rows:
    found = landed((document.object_name, document.body) for document in SEASON)
    return found | {"nbac_roster": [rostered(found["nbac_player_boxscores"][-1])]}


def rostered(row: dict[str, Any]) -> dict[str, Any]:
    """A newcomer on the roster of the last day, on the team of a box score's row."""
    document = {name: row[name] for name in ("source_generation", "parse_seq", "ingested_at")}
    return document | {
        "source_object": "roster", "observed_at": f"{DAYS[-1]}T15:00:00+00:00", "roster_date": str(DAYS[-1]),
        "player_id": NEWCOMER, "player_name": "New Comer", "player_lookup": "newcomer", "team_abbr": row["team_abbr"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> Iterator[Built]:
    warehouse = Built(tmp_path_factory.mktemp("asof") / "warehouse")
    warehouse.start()
    load(warehouse, rows)
    warehouse.rebuild(windows(), DAYS[0], DAYS[-1])
    yield warehouse
    warehouse.stop()


def load(warehouse: Built, rows: Rows) -> None:
    """Replace what has landed and rebuild the facts that follow from it."""
    warehouse.clear_landing()
    warehouse.land(rows)
    facts = [table for table in derived_tables() if table not in windows()]
    warehouse.rebuild(facts, START, SEASON.end_date)


def instant(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(row["observed_at"])).astimezone(UTC)


def after(rows: Rows, cutoff: datetime) -> Rows:
    """Only what was known strictly before the cutoff, and then a later correction of every box score and report."""
    known = {name: [row for row in found if instant(row) < cutoff] for name, found in rows.items()}
    return {name: found + (corrected(found, cutoff) if name in CORRECTED else []) for name, found in known.items()}


def corrected(found: list[dict[str, Any]], cutoff: datetime) -> list[dict[str, Any]]:
    """The same documents observed at the cutoff: other counts, scoring dealt out in reverse, statuses turned."""
    scored: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        if row.get("played"):
            scored[row["source_object"], row["team_abbr"]].append({column: row[column] for column in SCORING})
    return [altered(row, cutoff, scored[row["source_object"], row.get("team_abbr")]) for row in found]


def altered(row: dict[str, Any], cutoff: datetime, scored: list[dict[str, Any]]) -> dict[str, Any]:
    late = row | {"source_object": f"{row['source_object']}-corrected", "observed_at": cutoff.isoformat()}
    late |= {column: row[column] + change for column, change in ALTERED.items() if column in row}
    if row.get("played"):
        late |= scored.pop()
    if row.get("injury_status"):
        late["player_id"] = 9_000_000  # a later report may state for whom a name stands
        late["injury_status"] = "Out" if row["injury_status"] != "Out" else "Probable"
    if "roster_date" in row:
        late["team_abbr"] = None
    return late


def cutoffs(warehouse: Built, day: date) -> list[datetime]:
    contexts = get("upcoming_team_game_context").full_name
    found = warehouse.run(f"SELECT DISTINCT cutoff_at FROM {contexts} WHERE game_date = @day", day=day)
    return sorted(row["cutoff_at"] for row in found)


def content(warehouse: Built, day: date, cutoff: datetime) -> dict[str, Any]:
    """Rows of every derived table whose own cutoff is the given one, as one sorted text per table."""
    found = {}
    for table in windows():
        sql = f"SELECT * FROM {table.full_name} WHERE {table.spec.partition} = @day AND cutoff_at = @cutoff"
        found[table.name] = sorted(repr(row) for row in warehouse.run(sql, day=day, cutoff=cutoff))
    return found


def test_a_range_is_its_days_and_twice_is_once(built: Built) -> None:
    whole = built.digests(windows(), DAYS[0], DAYS[-1])
    for day in DAYS:
        built.rebuild(windows(), day, day)
    assert built.digests(windows(), DAYS[0], DAYS[-1]) == whole


def test_the_two_sides_of_a_game_mirror_each_other_and_rest_counts_full_days_off(built: Built) -> None:
    """Sign register: spread and rest advantage negate on swapping the teams, implied totals add up, D-1 is no rest."""
    sides = built.run(
        "SELECT t.*, p.game_date AS played_before FROM nba_analytics.upcoming_team_game_context AS t "
        "LEFT JOIN nba_analytics.team_game_history AS p ON p.team_abbr = t.team_abbr AND p.game_date < t.game_date "
        "WHERE t.game_date BETWEEN @first AND @last AND p.game_date IS NOT NULL "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY t.game_id, t.team_abbr ORDER BY p.game_date DESC) = 1",
        first=DAYS[0],
        last=DAYS[-1],
    )
    by_side = {(row["game_id"], row["team_abbr"]): row for row in sides}
    assert len(by_side) == len(sides) > 0
    for row in sides:
        other = by_side[row["game_id"], row["opponent_team_abbr"]]
        assert row["game_spread"] == -other["game_spread"] and row["home_game"] != other["home_game"]
        assert row["implied_team_total"] + other["implied_team_total"] == row["game_total"] == other["game_total"]
        favourite = row["game_spread"] < 0
        assert (row["implied_team_total"] > other["implied_team_total"]) == favourite
        off = (row["game_date"] - row["played_before"]).days - 1
        assert (row["team_days_rest"], row["is_back_to_back"]) == (off, off == 0)


def replacing(table_name: str, old: str, new: str) -> Callable[[Table, str], str]:
    """Plants a leak: the script of one table with a piece of its text replaced."""

    def rewrite(table: Table, script: str) -> str:
        if table.name != table_name:
            return script
        assert old in script, f"{old} is no longer in {table_name}"
        return script.replace(old, new)

    return rewrite


KNOWN = "AND h.known_from_at < r.cutoff_at AND r.cutoff_at <= h.known_to_at"
LEAKS = {
    "window includes the game itself": (
        "player_recent_form",
        f"h.game_date < r.game_date\n    {KNOWN}",
        "h.game_date <= r.game_date",
    ),
    "whole season": ("player_recent_form", f"AND h.game_date < r.game_date\n    {KNOWN}", ""),
    "team window includes the game itself": (
        "team_recent_form",
        "h.game_date < d.game_date\n    AND h.known_from_at < d.cutoff_at AND d.cutoff_at <= h.known_to_at",
        "h.game_date <= d.game_date",
    ),
    "quote after tip-off": (
        "upcoming_player_game_context",
        "AND r.in_force_from_at < c.cutoff_at AND c.cutoff_at <= r.in_force_to_at",
        "AND r.in_force_to_at > TIMESTAMP '9999-12-01 00:00:00+00'",
    ),
    "line after tip-off": ("upcoming_team_game_context", "AND q.quoted_at < g.cutoff_at", ""),
    "report after the cutoff": (
        "slate_evidence",
        "AND r.known_from_at < g.cutoff_at AND g.cutoff_at <= r.known_to_at",
        "AND g.cutoff_at <= r.known_from_at",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_fails_a_named_check(built: Built, leak: str) -> None:
    name, old, new = LEAKS[leak]
    before = built.digests([get(name)], DAYS[0], DAYS[-1])
    # the windows of the facts must be able to see the day itself, or there is nothing to leak
    widened = replacing(name, old, new)

    def rewrite(table: Table, script: str) -> str:
        return widened(table, script).replace("DATE_SUB(@end_date, INTERVAL 1 DAY)", "@end_date")

    noon = datetime.combine(DAYS[-1], time(17), UTC)  # the afternoon's quotes and reports are still to come
    with pytest.raises(BadRequest, match="leak"):
        built.rebuild([get(name)], DAYS[0], DAYS[-1], as_of=noon, sql=rewrite)
    assert built.digests([get(name)], DAYS[0], DAYS[-1]) == before, "a failed check leaves the table as it was"


CONTRACTED = sorted(set(contracted_tables()) & set(lineage()), key=lambda table: table.full_name)
STORE, FACTORS = get("ml_feature_store_v2"), get("player_composite_factors")


def measured(warehouse: Built, table: Table) -> dict[str, Any]:
    [row] = warehouse.run(measure_query(table), start_date=DAYS[0], end_date=DAYS[-1])
    return row


@pytest.fixture(scope="module")
def figures(built: Built) -> dict[str, dict[str, Any]]:
    """What every contract asks of its table, measured once over the days."""
    return {table.name: measured(built, table) for table in CONTRACTED}


def breaches(table: Table, row: dict[str, Any], *, simulated: bool = True) -> set[str]:
    """`column: rule` of every rule broken over the days."""
    found = judge(table, row, DAYS[0], whole_season=False, simulated=simulated)
    return {f"{breach.column}: {breach.rule}" for breach in found}


@pytest.mark.parametrize("table", CONTRACTED, ids=lambda table: table.name)
def test_the_columns_keep_their_contracts(figures: dict[str, dict[str, Any]], table: Table) -> None:
    """Also: what a contract says no simulated league can keep, this one does break."""
    assert breaches(table, figures[table.name]) == set()
    told = {name for name, rule in contract(table).items() if rule.not_simulated}
    assert {each.partition(":")[0] for each in breaches(table, figures[table.name], simulated=False)} == told


def turned(table: Table, row: dict[str, Any], name: str) -> dict[str, Any]:
    """The figures of an inverted column: its correlations have the opposite sign."""
    place = {column: number for number, column in enumerate(contract(table))}
    keys = [f"correlation_{place[name]}_{place[other]}" for other in contract(table)[name].correlations]
    return row | {key: -(row[key] or 0.0) for key in keys}


UNSEEN = {
    "recent_trend", "minutes_change", "playoff_game", "pct_mid_range", "team_pace", "minutes_std_last_10",
    "games_played_season", "points_avg_prior_season", "minutes_avg_prior_season", "team_spread",
    "opponent_out_minutes", "team_report_submitted", "team_season_game_number", "playoff_series_game",
    "assists_per_36_last_20", "opponent_returning_minutes", "opponent_mid_range_vs_league", "league_def_rating",
}  # fmt: skip


def test_two_days_are_enough_to_name_an_inverted_feature(figures: dict[str, dict[str, Any]]) -> None:
    """All but those with a weak correlation or without movement on these days; a season's contract watches those."""
    row = figures[STORE.name]
    caught = {
        name for name in feature_names() if any(name in each for each in breaches(STORE, turned(STORE, row, name)))
    }
    assert set(feature_names()) - caught == UNSEEN


PLANTED = {
    "pace_score": ("0.5", "constant"),
    "opponent_def_rating": ("220 - x13", "correlation with opponent_minutes_allowed_ppm"),
    "back_to_back": ("2 * x16", "high"),
}


def test_constant_inverted_and_out_of_range_features_are_named(built: Built) -> None:
    """Each through the query itself, and no column that has nothing to do with them (docs/pitfalls.md#27)."""

    def plant(table: Table, script: str) -> str:
        for feature, (value, _) in PLANTED.items():
            here = f"'{feature}' AS name, x{feature_names().index(feature)} AS value"
            script = replacing(table.name, here, f"'{feature}' AS name, {value} AS value")(table, script)
        return script

    built.rebuild([STORE], DAYS[0], DAYS[-1], sql=plant)
    found = breaches(STORE, measured(built, STORE))
    built.rebuild([STORE], DAYS[0], DAYS[-1])
    assert {f"{feature}: {rule}" for feature, (_, rule) in PLANTED.items()} <= found
    touched = {name for name, rule in contract(STORE).items() if rule.correlations.keys() & PLANTED.keys()}
    assert {each.partition(":")[0] for each in found} <= PLANTED.keys() | touched


def test_a_column_that_is_always_null_is_named(built: Built) -> None:
    """It has a share of nulls that is allowed, and all of it is more."""
    column = "GREATEST(-3.0, LEAST(3.0, pace_differential / 2)) AS pace_score"
    empty = replacing(FACTORS.name, column, "CAST(NULL AS FLOAT64) AS pace_score")
    built.rebuild([FACTORS], DAYS[0], DAYS[-1], sql=empty)
    found = breaches(FACTORS, measured(built, FACTORS))
    built.rebuild([FACTORS], DAYS[0], DAYS[-1])
    assert found == {"pace_score: nulls", "pace_score: constant"}


NEWEST = "AND h.known_to_at > TIMESTAMP '9999-01-01'"
NEWEST_READ = {
    "player_recent_form": KNOWN,
    "team_recent_form": "AND h.known_from_at < d.cutoff_at AND d.cutoff_at <= h.known_to_at",
}


def test_rows_at_or_after_the_cutoff_change_no_bit(built: Built, rows: Rows) -> None:
    """Also: reading the newest version of a game instead of the one then known is refused by name."""
    day = DAYS[-1]
    cutoff = cutoffs(built, day)[0]
    before = content(built, day, cutoff)
    load(built, after(rows, cutoff))
    built.rebuild(windows(), day, day)
    now = content(built, day, cutoff)
    assert {name: now[name] == before[name] for name in before} == dict.fromkeys(before, True)
    assert all(before[name] for name in ("slate", "upcoming_player_game_context", "ml_feature_store_v2"))
    for name, known in NEWEST_READ.items():
        with pytest.raises(BadRequest, match="leak: a row learnt at or after the cutoff"):
            built.rebuild([get(name)], day, day, sql=replacing(name, known, NEWEST))


MIDNIGHT = "TIMESTAMP(DATETIME(DATE_ADD(last_game_date, INTERVAL 1 DAY)), 'America/New_York')"
LATE_LEAD = 20 * 60


def test_a_cutoff_before_midnight_dates_yesterdays_game_by_its_box_score(built: Built) -> None:
    """With 20 hours of lead the cutoff is half an hour before midnight, and the night's box scores are known."""
    day, evidence = DAYS[-1], get("slate_evidence")
    built.rebuild(windows(), day, day, lead_minutes=LATE_LEAD)
    known = built.run(
        "SELECT COUNTIF(s.evidence_at >= s.cutoff_at) AS late, "
        "COUNTIF(s.by_appearance AND s.evidence_at >= TIMESTAMP_SUB(s.cutoff_at, INTERVAL 2 HOUR)) AS last_night "
        "FROM nba_analytics.slate AS s WHERE s.game_date = @day",
        day=day,
    )[0]
    assert known["late"] == 0
    assert known["last_night"] > 0
    planted = replacing("slate_evidence", f"LEAST({MIDNIGHT}, inputs_known_at)", MIDNIGHT)
    with pytest.raises(BadRequest, match="evidence at or after the cutoff"):
        built.rebuild([evidence], day, day, lead_minutes=LATE_LEAD, sql=planted)
    built.rebuild(windows(), day, day)
