"""The feature store of past seasons, built from a corpus by the steps' own SQL and kept for the next run."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet

from tipoff.cloud.arrow import ArrowReader
from tipoff.forecast.training import TrainingTable
from tipoff.steps import queries
from tipoff.steps.training_table import read_rows, training_table
from tipoff_ops import season_warehouse as seasons_of
from tipoff_ops.season_landing import archive, archive_name, parsed_season, source_digest
from tipoff_ops.season_warehouse import LocalEndpoints, Progress

SEASONS_BEFORE = 3
OUTCOMES = ("player_game_summary_history", "player_line_history")


@dataclass(frozen=True)
class BacktestData:
    """Where a backtest's data are kept.

    Attributes:
        corpus: folder of landing zips.
        kept: folder for what was parsed and built; nothing in it is older than its inputs' digests.
        templates: empty warehouses.
    """

    corpus: Path
    kept: Path
    templates: Path

    def table(self, test_season: int, lead_minutes: int, progress: Progress) -> TrainingTable:
        """Slate rows of the season and those before it in the corpus, each as known `lead_minutes` before tip-off.

        Raises:
            NotReady: the corpus lacks the season.
        """
        chosen = self._seasons(test_season)
        folder = self.kept / self._key(chosen, lead_minutes)
        rows = folder / "rows.parquet"
        if not rows.is_file():
            self._build(folder, chosen, lead_minutes, progress)
        return training_table(pyarrow.parquet.read_table(rows))

    def _seasons(self, test_season: int) -> list[int]:
        """The season and up to SEASONS_BEFORE earlier ones that are there."""
        archive(self.corpus, test_season)
        earlier = range(test_season - SEASONS_BEFORE, test_season)
        return [*(s for s in earlier if (self.corpus / archive_name(s)).is_file()), test_season]

    def _key(self, chosen: Sequence[int], lead_minutes: int) -> str:
        """Digest of all that the rows are a function of: documents, contracts, SQL, lead."""
        found = hashlib.sha256(f"{list(chosen)} {lead_minutes}".encode())
        for season in chosen:
            found.update(archive(self.corpus, season).read_bytes())
        for table in seasons_of.lineage((seasons_of.STORE, *OUTCOMES)):
            found.update(table.full_name.encode() + source_digest(table.folder, (".sql", ".json")))
        found.update(queries.load("training_rows").encode())
        return f"lead{lead_minutes}-{found.hexdigest()[:16]}"

    def _build(self, folder: Path, chosen: Sequence[int], lead_minutes: int, progress: Progress) -> None:
        files = []
        for done, season in enumerate(chosen, start=1):
            progress(f"parsing season {season}", done, len(chosen))
            files += parsed_season(archive(self.corpus, season), self.kept / "landing")
        made = (folder / "loaded").is_file()
        with seasons_of.opened(folder / "warehouse", self.templates) as at:
            if not made:
                seasons_of.load(at, files, progress)
                (folder / "loaded").touch()
            seasons_of.build(at, chosen, lead_minutes, progress)
            pyarrow.parquet.write_table(_rows(at, chosen), folder / "rows.parquet")


def _rows(at: LocalEndpoints, chosen: Sequence[int]) -> pyarrow.Table:
    reader = ArrowReader(at)
    as_of = datetime(max(chosen) + 2, 1, 1, tzinfo=UTC)
    parts = [read_rows(reader, *seasons_of.season_dates(season), as_of) for season in chosen]
    return pyarrow.concat_tables(parts)
