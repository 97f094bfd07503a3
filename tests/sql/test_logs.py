"""Logs are appended at least once: the views over them count each thing once and know what became of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get

NAMES = ("run_history", "quarantine", "object_receipts", "expected_outputs", "backfill_progress", "prediction_batches",
         "model_registry")  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("logs"), NAMES)
    yield warehouse
    warehouse.stop()


def rows(warehouse: SmallWarehouse, name: str, order: str) -> list[dict[str, Any]]:
    return warehouse.run(f"SELECT * FROM {get(name).full_name} ORDER BY {order}")


def test_a_repeated_receipt_counts_once_and_the_last_parser_wins(warehouse: SmallWarehouse) -> None:
    first = {"source_object": "a", "source_generation": 1, "parse_seq": 1, "outcome": "quarantined",
             "received_at": "2025-01-15T01:00:00Z"}  # fmt: skip
    later = {**first, "parse_seq": 2, "outcome": "accepted", "received_at": "2025-01-16T01:00:00Z"}
    warehouse.put(get("object_receipts_log"), first, first, later)

    (row,) = rows(warehouse, "object_receipts", "source_object")
    assert (row["outcome"], row["times_received"]) == ("accepted", 2)


def test_quarantine_holds_first_and_last_seen_and_the_replay(warehouse: SmallWarehouse) -> None:
    held = {"source_object": "bad", "source_generation": 1, "level": "document", "code": "schema", "message": "no",
            "quarantined_at": "2025-01-15T01:00:00Z"}  # fmt: skip
    again = {**held, "quarantined_at": "2025-01-15T02:00:00Z"}
    message = {**held, "level": "message", "source_object": "poison"}
    accepted = {
        "source_object": "bad",
        "source_generation": 1,
        "outcome": "accepted",
        "received_at": "2025-01-17T01:00:00Z",
    }
    warehouse.put(get("quarantine_log"), held, held, again, message)
    warehouse.put(get("object_receipts_log"), accepted)

    bad, poison = rows(warehouse, "quarantine", "source_object")
    assert (bad["times_seen"], bad["first_seen_at"].hour, bad["last_seen_at"].hour) == (2, 1, 2)
    assert bad["replayed_at"].isoformat() == "2025-01-17T01:00:00+00:00"
    assert poison["replayed_at"] is None


def test_a_message_is_replayed_when_its_object_is_accepted_or_it_was_sent_again(warehouse: SmallWarehouse) -> None:
    held = {"source_object": "box", "source_generation": 5, "level": "message", "code": "dead_letter", "message": "no",
            "quarantined_at": "2025-01-15T01:00:00Z"}  # fmt: skip
    other = {**held, "source_object": "request", "source_generation": 0}
    sent = {**other, "replayed_at": "2025-01-15T03:00:00Z"}
    later = {**held, "source_object": "given up again", "source_generation": 0}
    accepted = {"source_object": "box", "source_generation": 5, "outcome": "accepted",
                "received_at": "2025-01-15T02:00:00Z"}  # fmt: skip
    again = {**later, "quarantined_at": "2025-01-15T04:00:00Z"}
    warehouse.put(
        get("quarantine_log"), held, other, sent, later, {**later, "replayed_at": "2025-01-15T03:00:00Z"}, again
    )
    warehouse.put(get("object_receipts_log"), accepted)

    found = {row["source_object"]: row for row in rows(warehouse, "quarantine", "source_object")}
    assert {name: row["replayed_at"] and row["replayed_at"].hour for name, row in found.items()} == {
        "box": 2,
        "request": 3,
        "given up again": None,
    }


def test_a_batch_is_complete_when_every_player_is_answered_for(warehouse: SmallWarehouse) -> None:
    batch = {"game_date": "2025-01-15", "batch_id": "b", "expected_players": 2, "system_ids": ["x", "y"]}
    answer = {"game_date": "2025-01-15", "batch_id": "b", "player_id": 1, "market": "player_points", "system_id": "x"}
    warehouse.put(get("prediction_batches_log"), batch, batch)
    warehouse.put(get("player_prop_predictions_log"), answer, answer, {**answer, "system_id": "y"})
    (open_batch,) = rows(warehouse, "prediction_batches", "batch_id")
    warehouse.put(
        get("prediction_skips_log"), {"game_date": "2025-01-15", "batch_id": "b", "player_id": 2, "reason": "failed"}
    )
    (closed,) = rows(warehouse, "prediction_batches", "batch_id")

    assert (open_batch["committed_rows"], open_batch["predicted_players"], open_batch["is_complete"]) == (2, 1, False)
    assert (closed["skipped_players"], closed["committed_players"], closed["is_complete"]) == (1, 2, True)


def test_the_newest_row_of_runs_outputs_and_replays_wins(warehouse: SmallWarehouse) -> None:
    warehouse.put(get("run_history_log"), {"run_id": "r"}, {"run_id": "r"})
    expected = {"game_date": "2025-01-15", "output": "o", "state": "EXPECTED", "checked_at": "2025-01-15T01:00:00Z"}
    warehouse.put(
        get("expected_outputs_log"), expected, {**expected, "state": "LATE", "checked_at": "2025-01-15T03:00:00Z"}
    )
    progress = {"backfill_id": "f", "done": 1, "updated_at": "2025-01-15T01:00:00Z"}
    warehouse.put(get("backfill_progress_log"), {**progress, "done": 5, "updated_at": "2025-01-15T02:00:00Z"}, progress)

    assert len(rows(warehouse, "run_history", "run_id")) == 1
    assert [row["state"] for row in rows(warehouse, "expected_outputs", "output")] == ["LATE"]
    assert [row["done"] for row in rows(warehouse, "backfill_progress", "backfill_id")] == [5]


def test_one_active_model_per_system(warehouse: SmallWarehouse) -> None:
    def event(model: str, kind: str, hour: int) -> dict[str, Any]:
        return {"model_id": model, "system_id": "s", "event": kind, "recorded_at": f"2025-01-15T0{hour}:00:00Z"}

    warehouse.put(get("model_registry_log"), event("a", "trained", 1), event("a", "activated", 1),
                  event("b", "trained", 3), event("b", "activated", 4), event("c", "trained", 5),
                  event("d", "trained", 6), event("d", "rejected", 6))  # fmt: skip
    before = {row["model_id"]: row["is_active"] for row in rows(warehouse, "model_registry", "model_id")}
    warehouse.put(get("model_registry_log"), event("a", "activated", 7))  # rolled back
    after = {row["model_id"]: row["is_active"] for row in rows(warehouse, "model_registry", "model_id")}

    assert before == {"a": False, "b": True, "c": False, "d": False}
    assert after == {"a": True, "b": False, "c": False, "d": False}
