"""Which documents a date can read, counted from receipts: by what they speak of and by when they were observed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.steps.queries import load
from tipoff.tables import get, landing

DAY = date(2025, 1, 15)
TIP = datetime(2025, 1, 16, 0, 30, tzinfo=UTC)
AS_OF = datetime(2025, 1, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    found = SmallWarehouse(Path(tmp_path_factory.mktemp("documents")), ("object_receipts", "nbac_schedule_history"))
    found.put(landing("nbac_schedule"), {
        "nba_game_id": "0022400001", "game_id": "20250115_BOS_NYK", "game_date": str(DAY), "tipoff_at": TIP.isoformat(),
        "season": "2024-25", "season_type": "regular_season", "observed_at": "2024-10-01T00:00:00Z",
        "source_object": "s",
    })  # fmt: skip
    receive(found, "before", TIP - timedelta(hours=3), DAY, DAY)
    yield found
    found.stop()


def receive(
    warehouse: SmallWarehouse,
    name: str,
    observed_at: datetime,
    first: date | None,
    last: date | None,
    parse_seq: int = 1,
) -> None:
    warehouse.put(get("object_receipts_log"), {
        "received_date": "2025-01-16", "source_object": name, "source_generation": 1, "parse_seq": parse_seq,
        "outcome": "accepted", "observed_at": observed_at.isoformat(), "committed_at": "2025-01-16T12:00:00Z",
        "received_at": "2025-01-16T12:00:00Z", "first_game_date": str(first) if first else None,
        "last_game_date": str(last) if last else None, "tables": [{"table_name": "nbac_injury_report", "row_count": 5}],
    })  # fmt: skip


def seen(warehouse: SmallWarehouse, day: date = DAY, as_of: datetime = AS_OF, lead_minutes: int = 30) -> dict[str, Any]:
    parameters = {"start_date": day, "end_date": day, "as_of": as_of, "lead_minutes": lead_minutes}
    (row,) = warehouse.run(load("rebuild/readable_documents"), **parameters)
    return row


def test_each_document_counts_where_it_can_be_read(warehouse: SmallWarehouse) -> None:
    """Also the clock alone changes nothing: what was not observed between two instants cannot be read."""
    first = seen(warehouse)
    assert (first["games"], first["table_name"], first["documents_of_date"]) == (1, "nbac_injury_report", 1)
    assert first["of_date"] == first["of_date_before_tipoff"] == first["before_cutoff"] != 0
    later = seen(warehouse, as_of=AS_OF + timedelta(days=30))
    assert later == first

    receive(warehouse, "in the last half hour", TIP - timedelta(minutes=10), DAY, DAY + timedelta(days=1))
    second = seen(warehouse)
    assert second["before_cutoff"] == first["before_cutoff"], "it came after the cutoff"
    assert second["of_date_before_tipoff"] != first["of_date_before_tipoff"]
    assert seen(warehouse, lead_minutes=5)["before_cutoff"] != first["before_cutoff"]

    receive(warehouse, "after", TIP + timedelta(hours=3), DAY, DAY)
    third = seen(warehouse)
    assert third["of_date"] != second["of_date"]
    assert third["of_date_before_tipoff"] == second["of_date_before_tipoff"]
    assert seen(warehouse, as_of=TIP + timedelta(hours=1))["of_date"] == second["of_date"]

    receive(warehouse, "of another date", TIP - timedelta(days=3), DAY - timedelta(days=2), DAY - timedelta(days=2))
    fourth = seen(warehouse)
    assert fourth["of_date"] == third["of_date"]
    assert fourth["before_cutoff"] != third["before_cutoff"], "a window reads it"
    assert seen(warehouse, DAY - timedelta(days=1))["games"] == 0

    receive(warehouse, "of no date", TIP - timedelta(days=3), None, None)
    assert seen(warehouse)["of_date"] != fourth["of_date"]


def test_a_receipt_that_is_repeated_changes_nothing_and_a_new_parser_does(warehouse: SmallWarehouse) -> None:
    before = seen(warehouse)
    receive(warehouse, "before", TIP - timedelta(hours=3), DAY, DAY)
    assert seen(warehouse) == before
    receive(warehouse, "before", TIP - timedelta(hours=3), DAY, DAY, parse_seq=2)
    assert seen(warehouse)["before_cutoff"] != before["before_cutoff"]


def test_predictions_and_skips_count_once_however_often_they_were_appended(tmp_path: Path) -> None:
    found = SmallWarehouse(tmp_path / "said", ("player_prop_predictions_log", "prediction_skips_log"))
    said = {"game_date": str(DAY), "batch_id": "b", "nba_game_id": "1", "player_id": 1, "market": "points",
            "system_id": "x", "cutoff_at": "2025-01-15T20:00:00Z", "created_at": "2026-01-15T20:00:00Z"}  # fmt: skip
    skip = {"game_date": str(DAY), "batch_id": "b", "game_id": "g", "player_lookup": "p", "reason": "ruled_out",
            "cutoff_at": "2025-01-15T21:00:00Z", "created_at": "2026-01-15T21:00:00Z"}  # fmt: skip

    def digest() -> object:
        return found.run(load("rebuild/predictions_of_dates"), start_date=DAY, end_date=DAY)[0]["of_date"]

    found.put(get("player_prop_predictions_log"), said)
    first = digest()
    found.put(get("prediction_skips_log"), skip, skip)
    second = digest()
    found.put(get("player_prop_predictions_log"), said)
    third = digest()
    found.stop()
    assert first != second == third
