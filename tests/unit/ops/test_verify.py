"""Verification counts what differs, tells known differences from faults, and misses nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tipoff_ops.corpus.checks import CHECKS
from tipoff_ops.corpus.compare import canonical, compare, index_rows

CHECK = next(check for check in CHECKS if check.name == "player_game_shot_zones")
ZONES = {name: 1 for name in CHECK.columns}
EXPECTED = index_rows(CHECK, [{"game_id": "g", "player_id": who, **ZONES} for who in (1, 2, 3)])
KNOWN = frozenset({("player_game_shot_zones", "g", "2", "three_fga", "5", "1")})


def actual(**changes: int) -> dict[tuple[object, ...], dict[str, object]]:
    rows = [{"game_id": "g", "player_id": who, **ZONES} for who in (1, 2, 3)]
    rows[1] |= changes
    return index_rows(CHECK, rows)  # type: ignore[return-value]


def test_equal_tables_have_no_mismatch() -> None:
    report = compare("s", CHECK, EXPECTED, actual(), KNOWN)  # type: ignore[arg-type]

    assert (report.expected, report.actual, report.mismatched, report.explained) == (3, 3, 0, 0)


@pytest.mark.parametrize(("value", "mismatched", "explained"), [(5, 0, 1), (6, 1, 0)])
def test_only_the_very_difference_that_is_known_is_explained(value: int, mismatched: int, explained: int) -> None:
    report = compare("s", CHECK, EXPECTED, actual(three_fga=value), KNOWN)  # type: ignore[arg-type]

    assert (report.mismatched, report.explained) == (mismatched, explained)


def test_missing_and_surplus_rows_count() -> None:
    some = actual()
    some[("g", 9)] = some.pop(("g", 1))

    report = compare("s", CHECK, EXPECTED, some, KNOWN)  # type: ignore[arg-type]

    assert report.mismatched == 2
    assert {each.column for each in report.examples} == {"row"}


def test_numbers_agree_within_the_tolerance_only() -> None:
    check = replace(CHECK, tolerance={"three_fga": 0.5})

    assert compare("s", check, EXPECTED, actual(three_fga=2), KNOWN).mismatched == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (datetime(2025, 1, 15, 3, tzinfo=UTC), "2025-01-15T03:00:00Z"), (date(2025, 1, 15), "2025-01-15"),
        (Decimal("21.5"), 21.5), (float("nan"), None), (True, True),
    ],
)  # fmt: skip
def test_equal_values_are_written_the_same_way(value: object, spelling: object) -> None:
    assert canonical(value) == spelling
