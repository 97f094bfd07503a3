"""A season's documents become the rows of ingest, once per zip and version of the contracts."""

from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet
import pytest
import typer

from tipoff.core.errors import NotReady
from tipoff.tables import landing
from tipoff_ops.backtest.backtest import season_year
from tipoff_ops.corpus.season_rows import parse_season, season_zip
from tipoff_ops.corpus.season_warehouse import blocks, season_dates, store_tables
from tipoff_sim import SMALL, League


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    season = League(3).season(date(2024, 10, 22), 4, SMALL)
    with ZipFile(folder / "landing-2024-25.zip", "w") as zip_file:
        for document in season:
            zip_file.writestr(document.object_name, document.body)
    return folder


def test_every_landing_column_is_there_with_the_documents_own_instants(corpus: Path, tmp_path: Path) -> None:
    files = parse_season(season_zip(corpus, 2024), tmp_path)
    names = {file.table.name for file in files}
    assert {"nbac_schedule", "nbac_player_boxscores", "nbac_injury_report"} <= names
    for file in files:
        rows = pyarrow.parquet.read_table(file.path)
        assert tuple(rows.column_names) == landing(file.table.name).column_names
        assert rows["observed_at"].null_count == 0
    before = {file.path: file.path.stat().st_mtime_ns for file in files}
    again = parse_season(season_zip(corpus, 2024), tmp_path)
    assert {file.path: file.path.stat().st_mtime_ns for file in again} == before  # not parsed twice


def test_a_missing_season_is_reported(corpus: Path) -> None:
    with pytest.raises(NotReady, match="season_missing"):
        season_zip(corpus, 2023)


@pytest.mark.parametrize(("text", "year"), [("2024-25", 2024), ("1999-00", 1999), ("2024", 2024)])
def test_a_season_is_written_as_people_write_it(text: str, year: int) -> None:
    assert season_year(text) == year


@pytest.mark.parametrize("text", ["2024-26", "24-25", "next", ""])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        season_year(text)


def test_blocks_cover_the_season_once_and_inputs_come_first() -> None:
    spans = blocks(2024)
    assert (spans[0][0], spans[-1][1]) == season_dates(2024)
    assert all(
        later[0].toordinal() == earlier[1].toordinal() + 1 for earlier, later in zip(spans, spans[1:], strict=False)
    )
    assert store_tables()[-1].name == "ml_feature_store_v2"
