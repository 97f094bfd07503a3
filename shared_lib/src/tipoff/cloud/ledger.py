"""Counts what the warehouse's quotas count: jobs, DML and appends per table, with the busiest moment of each."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Lock

# BigQuery "Quotas and limits"; DML and appends count towards neither of the first two.
LOAD_JOBS_PER_TABLE_AND_DAY = 1_500
PARTITIONS_MODIFIED_PER_TABLE_AND_DAY = 30_000
DML_PER_TABLE_IN_10_S = 25
WRITE_STREAMS_PER_HOUR = 10_000
APPEND_BYTES_PER_S = 300 * 10**6  # of a small region


@dataclass
class Peak:
    """The greatest sum of amounts within any `window_s` seconds."""

    window_s: float
    greatest: int = 0
    _sum: int = 0
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, amount: int, at_s: float) -> None:
        """Take note of an amount at an instant; instants must not go back."""
        self._recent.append((at_s, amount))
        self._sum += amount
        while self._recent[0][0] <= at_s - self.window_s:
            self._sum -= self._recent.popleft()[1]
        self.greatest = max(self.greatest, self._sum)


@dataclass
class QuotaLedger:
    """Counters of one process; keys are `dataset.table`.

    `streams_created` counts CreateWriteStream: an append to the default stream creates none.
    """

    load_jobs: Counter[str] = field(default_factory=Counter)
    dml_statements: Counter[str] = field(default_factory=Counter)
    appends: Counter[str] = field(default_factory=Counter)
    appended_rows: Counter[str] = field(default_factory=Counter)
    streams_created: int = 0
    queries: int = 0
    _dml_peaks: dict[str, Peak] = field(default_factory=dict)
    _append_peak: Peak = field(default_factory=lambda: Peak(1.0))
    _lock: Lock = field(default_factory=Lock)

    def count_query(self) -> None:
        """One query job that modifies nothing."""
        with self._lock:
            self.queries += 1

    def count_rebuild(self, table: str) -> None:
        """One rebuild: a DELETE and an INSERT."""
        with self._lock:
            self.dml_statements[table] += 2
            self._dml_peaks.setdefault(table, Peak(10.0)).add(2, time.monotonic())

    def count_append(self, table: str, rows: int, size_bytes: int = 0) -> None:
        """One append of `rows` rows."""
        with self._lock:
            self.appends[table] += 1
            self.appended_rows[table] += rows
            self._append_peak.add(size_bytes, time.monotonic())

    def shares(self) -> dict[str, float]:
        """Per quota, which part of it this process used in its busiest table and window (1.0 = all); a load job is
        taken to modify one partition."""
        with self._lock:
            jobs = max(self.load_jobs.values(), default=0)
            dml = max((peak.greatest for peak in self._dml_peaks.values()), default=0)
            return {
                "load_jobs_per_table_and_day": jobs / LOAD_JOBS_PER_TABLE_AND_DAY,
                "partitions_modified_per_table_and_day": jobs / PARTITIONS_MODIFIED_PER_TABLE_AND_DAY,
                "dml_per_table_in_10_s": dml / DML_PER_TABLE_IN_10_S,
                "write_streams_per_hour": self.streams_created / WRITE_STREAMS_PER_HOUR,
                "append_bytes_per_s": self._append_peak.greatest / APPEND_BYTES_PER_S,
            }
