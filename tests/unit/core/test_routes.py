"""Object names: every written name has one route, everything else none (docs/pitfalls.md#13)."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tipoff import sources
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts import routes
from tipoff.core.teams import TEAMS

INSTANTS = st.integers(0, 4_000_000_000).map(lambda n: datetime(1950, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
DATES = st.dates(date(1950, 1, 1), date(2099, 1, 1))
CODES = st.sampled_from([team.tricode for team in TEAMS])
VALUES: dict[str, st.SearchStrategy[object]] = {
    "date": DATES,
    "season": st.integers(1950, 2098).map(lambda year: f"{year}-{(year + 1) % 100:02d}"),
    "ts": INSTANTS,
    "nba_game_id": st.from_regex(r"00[1-6][0-9]{7}", fullmatch=True),
    "event_id": st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    "away": CODES,
    "home": CODES,
    "hour": st.integers(0, 23).map(lambda hour: f"{hour:02d}"),
    "snap": st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02d}{at[1]:02d}"),
    "report": st.just("Injury-Report_2024-01-24_05PM"),
}


LAYOUTS = [(name, template) for name, source in sources.SOURCES.items() for template in source.object_names]


def written(template: routes.Template, draw: st.DataObject) -> str:
    values = {name: draw.draw(VALUES[name]) for name in template.fields}
    text = {name: routes._written(value) for name, value in values.items()}  # type: ignore[arg-type]
    return template.pattern.format(**text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LAYOUTS), st.data())
def test_every_name_of_a_template_routes_to_its_source_and_matches_no_other(
    layout: tuple[str, routes.Template], draw: st.DataObject
) -> None:
    source, template = layout
    name = written(template, draw)
    found = sources.route(name)
    assert found is not None and found.source == source and found.historical == template.historical
    assert sum(bool(one.regex.fullmatch(name)) for _, one in LAYOUTS) == 1


@given(st.sampled_from(sorted(sources.SOURCES)), st.data())
def test_writers_and_readers_share_the_template(source: str, draw: st.DataObject) -> None:
    template = sources.SOURCES[source].object_names[0]
    fields = {name: draw.draw(VALUES[name]) for name in template.fields}
    found = sources.route(sources.object_name(source, **fields))  # type: ignore[arg-type]
    assert found is not None and found.source == source
    assert found.captured_at == fields.get("ts") and found.day == fields.get("date")


@given(
    st.sampled_from(LAYOUTS),
    st.data(),
    st.integers(0, 200),
    st.sampled_from(["", "/", "x", "\0", "\n", "%2f", "..", "٣", "\u202e", " "]),
)
def test_a_name_with_one_thing_changed_routes_nowhere_or_to_its_own_source(
    layout: tuple[str, routes.Template], draw: st.DataObject, place: int, change: str
) -> None:
    source, template = layout
    name = written(template, draw)
    place %= len(name)
    mutant = name[:place] + change + name[place + 1 :]
    found = sources.route(mutant)
    if found is None:
        assert sources.refusal(mutant, size=1).reason in (
            Reason.UNKNOWN_SOURCE,
            Reason.BAD_NAME,
            Reason.FOLDER_MARKER,
        )
    else:
        assert re.fullmatch(r"[ -~]+", mutant) and found.source == source


@given(st.text(max_size=120))
def test_any_other_text_routes_nowhere(name: str) -> None:
    assert sources.route(name) is None
    assert sources.read(name, b"{}").reason in (Reason.UNKNOWN_SOURCE, Reason.BAD_NAME, Reason.FOLDER_MARKER)


GOOD = "nba-com/boxscores/2024-01-24/0022300619/20240125T033000Z.json"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("espn/boxscores/2024-01-24/0022300619/20240125T033000Z.json", "unknown_source"),
        (GOOD.replace("boxscores", "boxscores-old"), "unknown_source"),
        (GOOD.replace("boxscores", "boxscore"), "unknown_source"),
        (GOOD.upper(), "unknown_source"),
        ("../" + GOOD, "unknown_source"),
        ("/" + GOOD, "unknown_source"),
        (" " + GOOD, "unknown_source"),
        (GOOD.replace("/", "%2F"), "unknown_source"),
        (GOOD.replace("/", "\\"), "unknown_source"),
        (GOOD.replace("nba-com/", "nba-com//"), "unknown_source"),
        (GOOD.replace("nba-com", "nbа-com"), "unknown_source"),  # a Cyrillic letter
        ("", "unknown_source"),
        (GOOD + "\n", "bad_name"),
        (GOOD + "\0", "bad_name"),
        (GOOD.replace(".json", ".json.gz"), "bad_name"),
        (GOOD.replace(".json", ".JSON"), "bad_name"),
        (GOOD.replace("2024-01-24", "2024-02-30"), "bad_name"),
        (GOOD.replace("20240125T033000Z", "20240125T253000Z"), "bad_name"),
        (GOOD.replace("20240125T033000Z", "19450125T033000Z"), "bad_name"),
        (GOOD.replace("20240125T033000Z", "29990125T033000Z"), "bad_name"),
        (GOOD.replace("0022300619", "22300619"), "bad_name"),
        (GOOD.replace("0022300619", "../../secret"), "bad_name"),
        (GOOD.replace("20240125T033000Z", "a" * 1000), "bad_name"),
        ("nba-com/schedule/2023-25/20231010T120000Z.json", "bad_name"),
        ("odds-api/player-props/2024-01-24/XYZ-CHADET/20240124T160000Z.json", "bad_name"),
    ],
)
def test_hostile_names_are_quarantined(name: str, reason: str) -> None:
    parsed = sources.read(name, b"{}")
    assert (parsed.outcome, parsed.reason) == (DocumentOutcome.QUARANTINED, reason)


@pytest.mark.parametrize(
    "name",
    [
        "nba-com/boxscores/2024-01-24/",
        "odds-api/",
        "x/_$folder$",
        GOOD + ".tmp",
        GOOD + ".part",
        GOOD + ".TMP",
        GOOD + ".uploading",
        GOOD + "_.gstmp",
        GOOD.replace("/20240125T", "/.20240125T") + ".x7Gh2k",
        "gcloud/tmp/parallel_composite_uploads/see/part_1",
        "nba-com/boxscores/.20240125.json.swp",
    ],
)
def test_artefacts_of_storage_are_ignored(name: str) -> None:
    parsed = sources.read(name, b"")
    assert (parsed.outcome, parsed.reason, parsed.rows_in) == (DocumentOutcome.IGNORED, Reason.FOLDER_MARKER, 0)


def test_a_folder_marker_with_bytes_is_not_lost() -> None:
    assert sources.read("nba-com/boxscores/2024-01-24/", b"{}").outcome is DocumentOutcome.QUARANTINED


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "odds-api/player-props-history/2023-10-24/fd55db2fa9ee5be1f108be5151e2ecb0-LALDEN/20250812_035909-snap-2130.json",
            "odds_api_player_props",
        ),
        (
            "odds-api/game-lines/2023-10-24/fd55db2fa9ee5be1f108be5151e2ecb0-LALDEN/20231024_213000-snap-2130.json",
            "odds_api_game_lines",
        ),
        ("nba-com/play-by-play/2025-01-15/game-0022400561/20250116_070000.json", "nbac_play_by_play"),
        ("nba-com/injury-report-data/2024-01-04/17/20240104_223500.json", "nbac_injury_report"),
        ("nba-com/injury-report-pdf/2022-10-21/17/Injury-Report_2022-10-21_05PM.pdf", "nbac_injury_report_pdf"),
    ],
)
def test_the_originals_layouts_route_to_the_same_parsers(name: str, source: str) -> None:
    found = sources.route(name)
    assert found is not None and found.source == source


def test_a_name_that_would_not_route_is_never_written() -> None:
    at = datetime(2024, 1, 25, tzinfo=UTC)
    good: dict[str, Any] = {"date": date(2024, 1, 24), "nba_game_id": "0022300619", "ts": at}
    for bad in ({"date": "2024-13-01"}, {"nba_game_id": "1"}, {"nba_game_id": "../../0022300"}):
        with pytest.raises(ValueError):
            sources.object_name("nbac_boxscore", **(good | bad))
    with pytest.raises(ValueError):
        sources.object_name("espn_boxscore", ts=at)
    with pytest.raises(ValueError):
        sources.object_name("nbac_boxscore", ts=at)


def test_a_layout_that_would_never_be_found_is_refused() -> None:
    with pytest.raises(ValueError, match="two folders"):
        routes.ObjectNames({"attendance": (routes.Template("attendance/{date}/{ts}.json"),)})


def test_a_source_has_the_name_of_its_module() -> None:
    assert {name: source.name for name, source in sources.SOURCES.items()} == {name: name for name in sources.SOURCES}
    assert all(source.parse_seq >= 1 for source in sources.SOURCES.values())
