"""The feature store of past seasons, built from a corpus by the SQL of the steps and cached for the next run."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow
import pyarrow.parquet

from tipoff.cloud.arrow import ArrowReader
from tipoff.forecast.training import TrainingTable, training_start
from tipoff.steps import queries
from tipoff.steps.models.training_table import read_rows, training_table
from tipoff_ops.corpus import season_warehouse
from tipoff_ops.corpus.season_rows import parse_season, season_zip, source_digest, zip_name
from tipoff_ops.corpus.season_warehouse import LocalEndpoints, Progress
from tipoff_ops.queries import load

MISSING = "missing_appearances"
OUTCOMES = ("player_game_summary_history", "player_line_history")


@dataclass(frozen=True)
class BacktestData:
    """Folders of the data of a backtest.

    Attributes:
        corpus: the landing zips.
        cache: parsed rows and built tables, by the digests of their inputs.
        templates: empty warehouses.
    """

    corpus: Path
    cache: Path
    templates: Path

    def table(self, test_season: int, lead_minutes: int, progress: Progress) -> TrainingTable:
        """Slate rows of the season and of earlier seasons in the corpus, each as known `lead_minutes` before tip-off.

        Raises:
            NotReady: the corpus does not have the season.
        """
        chosen = self._seasons(test_season)
        folder = self.cache / self._key(chosen, lead_minutes)
        rows = folder / "rows.parquet"
        if not rows.is_file():
            self._build(folder, chosen, lead_minutes, progress)
        return training_table(pyarrow.parquet.read_table(rows))

    def missing(self, test_season: int, lead_minutes: int) -> dict[str, int]:
        """Appearances of the season without a forecast, by reason; the seasons must have been read before."""
        folder = self.cache / self._key(self._seasons(test_season), lead_minutes)
        found = msgspec.json.decode((folder / "missing.json").read_bytes(), type=dict[int, dict[str, int]])
        return found.get(test_season, {})

    def _seasons(self, test_season: int) -> list[int]:
        """The season and those earlier ones of its training window that the corpus has."""
        season_zip(self.corpus, test_season)
        first, _ = season_warehouse.season_dates(test_season)
        earlier = range(training_start(first).year, test_season)
        return [*(s for s in earlier if (self.corpus / zip_name(s)).is_file()), test_season]

    def _key(self, chosen: Sequence[int], lead_minutes: int) -> str:
        """Digest of all inputs of the rows: documents, tables, SQL, lead."""
        found = hashlib.sha256(f"{list(chosen)} {lead_minutes}".encode())
        for season in chosen:
            found.update(season_zip(self.corpus, season).read_bytes())
        for table in season_warehouse.lineage((season_warehouse.STORE, MISSING, *OUTCOMES)):
            found.update(table.full_name.encode() + source_digest(table.folder, (".sql", ".json")))
        found.update(queries.load("models/training_rows").encode())
        return f"lead{lead_minutes}-{found.hexdigest()[:16]}"

    def _build(self, folder: Path, chosen: Sequence[int], lead_minutes: int, progress: Progress) -> None:
        files = []
        for done, season in enumerate(chosen, start=1):
            progress(f"parsing season {season}", done, len(chosen))
            files += parse_season(season_zip(self.corpus, season), self.cache / "landing")
        is_loaded = (folder / "loaded").is_file()
        with season_warehouse.open_warehouse(folder / "warehouse", self.templates) as endpoints:
            if not is_loaded:
                season_warehouse.load_files(endpoints, files, progress)
                (folder / "loaded").touch()
            season_warehouse.build_tables(endpoints, chosen, lead_minutes, progress)
            (folder / "missing.json").write_bytes(msgspec.json.encode(_missing(endpoints, chosen)))
            pyarrow.parquet.write_table(_rows(endpoints, chosen), folder / "rows.parquet")


def _missing(endpoints: LocalEndpoints, chosen: Sequence[int]) -> dict[int, dict[str, int]]:
    """Appearances without a forecast per season and reason."""
    counts: dict[int, dict[str, int]] = {season: {} for season in chosen}
    for row in ArrowReader(endpoints).table(load(__file__, "missing_appearances"), {}).to_pylist():
        if row["season_year"] in counts:
            counts[row["season_year"]][row["reason"]] = row["appearances"]
    return counts


def _rows(endpoints: LocalEndpoints, chosen: Sequence[int]) -> pyarrow.Table:
    reader = ArrowReader(endpoints)
    as_of = datetime(max(chosen) + 2, 1, 1, tzinfo=UTC)
    parts = [read_rows(reader, *season_warehouse.season_dates(season), as_of) for season in chosen]
    # A result that is read by pages names the elements of an array otherwise than one that is read as a stream.
    return pyarrow.concat_tables(parts, promote_options="permissive")
