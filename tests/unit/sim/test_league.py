"""The simulated league: its documents have the identities of real ones, and its truth matches its results."""

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tipoff.core.codes import DocumentOutcome
from tipoff.sources import parse, route
from tipoff_sim import SMALL, Document, Kind, League, Season
from tipoff_sim.market import american, event_id
from tipoff_sim.names import NAMESAKES, draw_names
from tipoff_sim.people import People

OPENING = date(2025, 10, 21)


@pytest.fixture(scope="module")
def season() -> Season:
    return League(seed=7).season(OPENING, game_days=31)


@pytest.fixture(scope="module")
def documents(season: Season) -> list[Document]:
    return list(season)


def of(documents: list[Document], kind: Kind) -> Iterator[tuple[Document, Any]]:
    return ((one, json.loads(one.body)) for one in documents if one.kind is kind)


def finals(documents: list[Document]) -> list[Any]:
    boxes = [body["game"] for _, body in of(documents, Kind.BOXSCORE)]
    return [game for game in boxes if game["gameStatus"] == 3]


def test_one_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, again, other = (list(League(seed).season(OPENING, 3, SMALL)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_rendering_only_some_kinds_changes_none_of_them(season: Season, documents: list[Document]) -> None:
    assert list(season.documents({Kind.BOXSCORE})) == [one for one in documents if one.kind is Kind.BOXSCORE]


def test_documents_come_in_order_of_observation_under_unique_names(documents: list[Document]) -> None:
    instants = [one.observed_at for one in documents]
    assert instants == sorted(instants)
    assert len({one.object_name for one in documents}) == len(documents)
    for one in documents:
        stamp = datetime.strptime(one.object_name.rsplit("/", 1)[1], "%Y%m%dT%H%M%SZ.json").replace(tzinfo=UTC)
        assert stamp == one.observed_at


def test_ingest_accepts_every_document_whole(documents: list[Document]) -> None:
    """Simulator and contracts agree: one route per name, no row refused, one instant (docs/pitfalls.md#13)."""
    for one in documents:
        where = route(one.object_name)
        assert where is not None
        assert where.source == one.kind
        parsed = parse(where, one.body, None)
        if b'"PPD"' in one.body and one.kind is Kind.BOXSCORE:
            assert parsed.outcome is DocumentOutcome.IGNORED
            continue
        assert parsed.outcome is DocumentOutcome.ACCEPTED, (one.object_name, parsed.rejects)
        assert parsed.rejects == ()
        assert parsed.observed_at == one.observed_at
        assert parsed.rows_out > 0 or one.kind is Kind.INJURY_REPORT


def test_the_opening_stretch_has_the_real_rhythm(season: Season) -> None:
    """30 teams, more than 30 game days with 6 to 9 games, a day off, back-to-backs, never three games in three days."""
    games = Counter(one.game.game_date for one in season.matchups)
    assert len(season.game_dates) == 31
    assert set(games.values()) <= {6, 7, 8, 9}
    assert (season.end_date - OPENING).days > 30
    dates: dict[str, set[date]] = defaultdict(set)
    for one in season.matchups:
        if one.result:
            for team in (one.game.home, one.game.away):
                dates[team.tricode].add(one.game.game_date)
    assert len(dates) == 30
    day = timedelta(days=1)
    assert any(when + day in days for days in dates.values() for when in days)
    moved = next(one.game for one in season.matchups if one.game.is_postponed)
    for tricode, days in dates.items():
        if tricode not in {moved.home.tricode, moved.away.tricode}:
            assert not any({when + day, when + 2 * day} <= days for when in days)


def test_box_scores_keep_every_identity(documents: list[Document]) -> None:
    """Points, minutes 240 + 25 k, ten starters, made <= attempted, plus-minus."""
    for game in finals(documents):
        overtimes = game["period"] - 4
        for side, other in (("homeTeam", "awayTeam"), ("awayTeam", "homeTeam")):
            team, rival = game[side], game[other]
            lines = [player["statistics"] for player in team["players"]]
            assert sum(line["points"] for line in lines) == team["score"] == team["statistics"]["points"]
            assert sum(seconds(line["minutes"]) for line in lines) == 14_400 + 1_500 * overtimes
            assert team["statistics"]["minutes"] == f"PT{240 + 25 * overtimes}M00.00S"
            assert sum(player["starter"] == "1" for player in team["players"]) == 5
            assert sum(line["plusMinusPoints"] for line in lines) == 5 * (team["score"] - rival["score"])
            assert len({player["personId"] for player in team["players"]}) == len(lines)
            for player, line in zip(team["players"], lines, strict=True):
                check_line(line)
                assert (player["played"] == "1") == (seconds(line["minutes"]) > 0)
            for key, total in team["statistics"].items():
                if key in lines[0] and key != "minutes":
                    assert total == sum(line[key] for line in lines), key


def check_line(line: Any) -> None:
    threes, twos, free = line["threePointersMade"], line["twoPointersMade"], line["freeThrowsMade"]
    assert line["points"] == 3 * threes + 2 * twos + free
    assert line["fieldGoalsMade"] == threes + twos
    assert line["fieldGoalsAttempted"] == line["threePointersAttempted"] + line["twoPointersAttempted"]
    assert line["reboundsTotal"] == line["reboundsOffensive"] + line["reboundsDefensive"]
    assert line["pointsInThePaint"] <= 2 * twos
    assert line["foulsPersonal"] <= 6
    for name in ("threePointers", "twoPointers", "freeThrows", "fieldGoals"):
        assert 0 <= line[f"{name}Made"] <= line[f"{name}Attempted"]


def seconds(duration: str) -> int:
    minutes, rest = duration.removeprefix("PT").removesuffix("S").split("M")
    return int(minutes) * 60 + int(float(rest))


def test_play_by_play_adds_up_to_the_box(documents: list[Document]) -> None:
    """Points, attempts, paint points, assists and blocks per player; the score ends at the final one."""
    actions = {body["game"]["gameId"]: body["game"]["actions"] for _, body in of(documents, Kind.PLAY_BY_PLAY)}
    for game in finals(documents):
        counted: dict[int, Counter[str]] = defaultdict(Counter)
        worth = {"3pt": 3, "2pt": 2, "freethrow": 1}
        for action in actions[game["gameId"]]:
            person, kind = counted[action["personId"]], action["actionType"]
            made = action.get("shotResult") == "Made"
            person["points"] += worth.get(kind, 0) * made
            person["fieldGoalsAttempted"] += action["isFieldGoal"]
            person["pointsInThePaint"] += 2 * made * ("pointsinthepaint" in action["qualifiers"])
            person["blocks"] += kind == "block"
            counted[action.get("assistPersonId", 0)]["assists"] += 1
        for player in game["homeTeam"]["players"] + game["awayTeam"]["players"]:
            for key in ("points", "fieldGoalsAttempted", "pointsInThePaint", "blocks", "assists"):
                assert player["statistics"][key] == counted[player["personId"]][key], key
        last = actions[game["gameId"]][-1]
        assert (int(last["scoreHome"]), int(last["scoreAway"])) == (
            game["homeTeam"]["score"],
            game["awayTeam"]["score"],
        )


def test_play_by_play_runs_forward(documents: list[Document]) -> None:
    for _, body in of(documents, Kind.PLAY_BY_PLAY):
        actions = body["game"]["actions"]
        for one, after in pairwise((action["period"], -seconds(action["clock"])) for action in actions):
            assert one <= after
        assert [action["actionNumber"] for action in actions] == list(range(1, len(actions) + 1))


def test_a_player_who_is_out_in_the_last_report_does_not_play(season: Season, documents: list[Document]) -> None:
    """For docs/pitfalls.md#34: Out never plays, Doubtful hardly ever, Questionable often, Probable mostly."""
    reports = [(one.observed_at, body) for one, body in of(documents, Kind.INJURY_REPORT)]
    tipoffs = {one.game.matchup + str(one.game.game_date): one.game for one in season.matchups if one.result}
    shown: dict[tuple[str, str], str] = {}
    for at, body in reports:
        for record in body["records"]:
            game = tipoffs.get(record["matchup"] + record["game_date"])
            if game and at <= game.tipoff_at - timedelta(minutes=30):
                shown[game.nba_game_id, record["player"]] = record["status"]
    truth = {(game, row.player.name.reversed): row for (game, _), row in season.truth.items()}
    plays = defaultdict(list)
    for key, status in shown.items():
        plays[status].append(truth[key].points is not None)
    assert len(plays["Out"]) > 500
    assert not any(plays["Out"])
    assert statistics.mean(plays["Doubtful"]) < 0.2
    assert 0.3 < statistics.mean(plays["Questionable"]) < 0.8
    assert statistics.mean(plays["Probable"]) > 0.75


def test_teams_that_have_not_submitted_are_named(documents: list[Document]) -> None:
    bodies = [body for _, body in of(documents, Kind.INJURY_REPORT)]
    gaps = [{(gap["game_date"], gap["team"]) for gap in body["not_yet_submitted"]} for body in bodies]
    assert any(gaps)
    for body, missing in zip(bodies, gaps, strict=True):
        assert missing.isdisjoint((row["game_date"], row["team"]) for row in body["records"])


def test_every_special_case_occurs(season: Season, documents: list[Document]) -> None:
    """Overtime, trades, late debuts, 0 points with minutes, benched players, late scratch, one postponed."""
    rows = list(season.truth.values())
    teams = defaultdict(set)
    for row in rows:
        teams[row.player.player_id].add(row.tricode)
    assert sum(len(codes) == 2 for codes in teams.values()) == 4
    assert any(one.result and one.result.overtimes for one in season.matchups)
    assert any(row.points == 0 and row.seconds for row in rows)
    assert any(row.points is None and row.health.plays for row in rows)
    assert any(not row.health.plays and not row.health.changes for row in rows)
    first = {row.player.player_id: row.game_date for row in sorted(rows, key=lambda row: row.game_date, reverse=True)}
    assert sum(when >= OPENING + timedelta(days=15) for when in first.values()) >= 10
    assert {name.full for name in NAMESAKES} <= {row.player.name.full for row in rows if row.tricode == "ATL"}
    postponed = [body["game"] for _, body in of(documents, Kind.BOXSCORE) if body["game"]["gameStatusText"] == "PPD"]
    assert [game["gameId"] for game in postponed] == [
        one.game.nba_game_id for one in season.matchups if one.game.is_postponed
    ]


def test_a_postponed_game_moves_in_the_schedule_and_is_played_once(season: Season, documents: list[Document]) -> None:
    game_id = next(one.game.nba_game_id for one in season.matchups if one.game.is_postponed)
    seen = []
    for _, body in of(documents, Kind.SCHEDULE):
        games = [game for day in body["leagueSchedule"]["gameDates"] for game in day["games"]]
        assert len({game["gameId"] for game in games}) == len(games)
        game = next(game for game in games if game["gameId"] == game_id)
        seen.append((game["postponedStatus"], game["gameCode"][:8]))
    states = [state for state, _ in seen]
    assert states[0] == "A"
    assert "Y" in states
    assert states[-1] == "A"
    assert seen[0][1] < seen[-1][1]
    assert sum(game["gameId"] == game_id for game in finals(documents)) == 1


def test_the_last_schedule_holds_every_result(season: Season, documents: list[Document]) -> None:
    _, last = list(of(documents, Kind.SCHEDULE))[-1]
    games = {game["gameId"]: game for day in last["leagueSchedule"]["gameDates"] for game in day["games"]}
    for game in finals(documents):
        assert games[game["gameId"]]["homeTeam"]["score"] == game["homeTeam"]["score"]
        assert games[game["gameId"]]["gameStatus"] == 3


def points_quotes(documents: list[Document]) -> Iterator[tuple[str, datetime, datetime, str, Any]]:
    for one, body in of(documents, Kind.PLAYER_PROPS):
        commence = datetime.fromisoformat(body["commence_time"])
        for book in body["bookmakers"]:
            for outcome in book["markets"][0]["outcomes"]:
                yield body["id"], one.observed_at, commence, book["key"], outcome


def test_prices_are_american_with_a_margin_on_every_line(documents: list[Document]) -> None:
    pairs: dict[Any, dict[str, int]] = defaultdict(dict)
    for event, at, _, book, outcome in points_quotes(documents):
        key = (event, at, book, outcome["description"], outcome["point"])
        pairs[key][outcome["name"]] = outcome["price"]
    for prices in pairs.values():
        assert set(prices) == {"Over", "Under"}
        assert all(abs(price) >= 100 for price in prices.values())
        assert 1.0 < sum(map(implied, prices.values())) < 1.2


def implied(price: int) -> float:
    return -price / (100 - price) if price < 0 else 100 / (100 + price)


@pytest.mark.parametrize(("probability", "price"), [(0.5238, -110), (0.5, -100), (0.4, 150), (0.25, 300)])
def test_american_price_of_a_probability(probability: float, price: int) -> None:
    assert american(probability) == price


def test_lines_lie_at_the_true_medians_and_some_push(season: Season, documents: list[Document]) -> None:
    """Half of the results go over the consensus; whole-number lines and in-play snapshots exist."""
    ids = {event_id(7, one.game.nba_game_id): one.game.nba_game_id for one in season.matchups}
    truth = {(game, row.player.name.full): row for (game, _), row in season.truth.items()}
    lines, in_play, ladders = defaultdict(list), 0, Counter[Any]()
    for event, at, commence, book, outcome in points_quotes(documents):
        in_play += at >= commence
        if outcome["name"] == "Over" and at < commence:
            ladders[event, at, book, outcome["description"]] += 1
            if book != "betrivers":
                lines[ids[event], outcome["description"]].append(outcome["point"])
    assert in_play > 0
    assert max(ladders.values()) > 5
    results = [(truth[key].points, statistics.median(points)) for key, points in lines.items() if key in truth]
    played = [(points, line) for points, line in results if points is not None]
    assert 0 < len(results) - len(played) < 0.08 * len(results)
    assert any(points == line for points, line in played)
    over = [points > line for points, line in played if points != line]
    assert statistics.mean(over) == pytest.approx(0.5, abs=0.03)


def test_true_means_match_the_results() -> None:
    """Over a season, scored points equal expected points, for stars and for the bench."""
    truth = League(seed=11).season(OPENING, 80).truth.values()
    rows = [(row.mean_pts, row.points) for row in truth if row.mean_pts is not None and row.points is not None]
    for low, high in ((0, 6), (6, 12), (12, 18), (18, 40)):
        part = [points - mean for mean, points in rows if low <= mean < high]
        assert abs(statistics.mean(part)) < 4 * statistics.stdev(part) / len(part) ** 0.5


def test_the_shots_of_a_missing_player_go_to_the_others(season: Season) -> None:
    rows = [row for row in season.truth.values() if row.player.slot == 1 and row.mean_pts is not None]
    star_out = {
        (row.nba_game_id, row.tricode) for row in season.truth.values() if row.player.slot == 0 and row.points is None
    }
    means: dict[int, dict[bool, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        means[row.player.player_id][(row.nba_game_id, row.tricode) in star_out].append(row.mean_pts or 0)
    gaps = [statistics.mean(one[True]) - statistics.mean(one[False]) for one in means.values() if len(one) == 2]
    assert len(gaps) > 5
    assert statistics.mean(gaps) > 1


def test_players_keep_their_identity_over_seasons() -> None:
    """In the next year most players are the same, with the same ids, and some are new."""
    people = People(seed=7, teams=30)
    rosters = [[player for team in range(30) for player in people.roster(year, team)] for year in (2024, 2025)]
    before, after = ({player.player_id: player.name.full for player in roster} for roster in rosters)
    common = before.keys() & after.keys()
    assert 0.75 < len(common) / len(after) < 0.98
    assert all(before[player] == after[player] for player in common)
    assert {player.player_id for player in rosters[1] if player.is_rookie} == after.keys() - before.keys()


def test_names_are_distinct_and_hard() -> None:
    names = [name.full for name in draw_names(7, 450)]
    assert len(set(names)) == 450
    assert any(not name.isascii() for name in names)
    assert any(name.endswith(("Jr.", "II", "III")) for name in names)


def test_a_small_league_works() -> None:
    season = League(seed=3, teams=4).season(OPENING, 10, SMALL)
    assert len(season.game_dates) >= 8
    assert {one.kind for one in season} == set(Kind)
