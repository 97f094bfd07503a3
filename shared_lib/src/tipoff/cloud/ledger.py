"""Counts what the warehouse's quotas count: jobs and DML per table, appends, partitions touched."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class QuotaLedger:
    """Counters of one process; keys are `dataset.table`.

    Limits they are held against (BigQuery "Quotas and limits"): 1,500 table modifications per table and day by load
    jobs; 30,000 partition modifications per table and day; 25 DML per 10 s per table. DML and appends count towards
    neither of the first two.
    """

    load_jobs: Counter[str] = field(default_factory=Counter)
    dml_statements: Counter[str] = field(default_factory=Counter)
    appends: Counter[str] = field(default_factory=Counter)
    appended_rows: Counter[str] = field(default_factory=Counter)
    queries: int = 0
    _lock: Lock = field(default_factory=Lock)

    def count_query(self) -> None:
        """One query job that modifies nothing."""
        with self._lock:
            self.queries += 1

    def count_rebuild(self, table: str) -> None:
        """One rebuild: a DELETE and an INSERT."""
        with self._lock:
            self.dml_statements[table] += 2

    def count_append(self, table: str, rows: int) -> None:
        """One append of `rows` rows."""
        with self._lock:
            self.appends[table] += 1
            self.appended_rows[table] += rows
