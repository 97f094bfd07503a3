"""The progress of a batch of predictions: how many players it must cover, and how many are done.

No process keeps the state of a batch. Its row in `prediction_batches` says what is expected, and the tables of
predictions and skips say what is committed.
"""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.steps.queries import load

STALLED_AFTER = timedelta(minutes=5)

type BatchState = Literal["in_progress", "complete", "partial", "stalled"]


class BatchProgress(msgspec.Struct, frozen=True):
    """Expected and committed rows of one batch."""

    batch_id: str
    game_date: date
    as_of: datetime
    started_at: datetime
    deadline_at: datetime
    games: int
    expected_players: int
    expected_rows: int
    predicted_players: int
    skipped_players: int
    committed_rows: int
    last_written_at: datetime | None

    @property
    def committed_players(self) -> int:
        """Players with a prediction, and players who were skipped."""
        return self.predicted_players + self.skipped_players

    def state(self, now: datetime) -> BatchState:
        """`complete`: all players are done. `partial`: the deadline passed. `stalled`: no new row in five minutes."""
        if self.committed_players >= self.expected_players:
            return "complete"
        if now >= self.deadline_at:
            return "partial"
        moved_at = self.last_written_at or self.started_at
        return "stalled" if now - moved_at > STALLED_AFTER else "in_progress"


def find_batch(warehouse: Warehouse, start_date: date, end_date: date, batch_id: str = "") -> BatchProgress | None:
    """The named batch, or the newest one of the dates. None if there is none."""
    parameters = {"start_date": start_date, "end_date": end_date, "batch_id": batch_id}
    found = warehouse.rows(load("predict_start/batch_progress"), parameters, BatchProgress)
    return found[0] if found else None
