"""Statements of steps and of the operator's command stand under the same lint as the tables' (pitfall 6)."""

import re
from pathlib import Path

import pytest
from googlesql import PARAMETERS, analyzer, catalog, language, simple_type
from zetasql.api import Analyzer, TypeFactory
from zetasql.types import AnalyzerOptions

from tipoff.tables import all_tables

SOURCE = Path(__file__).resolve().parents[2] / "shared_lib" / "src"
QUERIES = sorted([*(SOURCE / "tipoff/steps/queries").glob("*.sql"), *(SOURCE / "tipoff_ops/queries").glob("*.sql")])
# Types of parameters beside those of every rebuild; a new name is one line here.
KINDS = {
    "around_days": "INT64",
    "game_date": "DATE",
    "since_date": "DATE",
    "code": "STRING",
    "source_object": "STRING",
    "batch_id": "STRING",
    "digest": "STRING",
    "prefix": "STRING",
    "since": "TIMESTAMP",
    "now": "TIMESTAMP",
    "backfill_id": "STRING",
    "names": "ARRAY<STRING>",
    "player_lookup": "STRING",
    "player_ids": "ARRAY<INT64>",
    "object_names": "ARRAY<STRING>",
}


@pytest.fixture(scope="module")
def lint() -> Analyzer:
    options = AnalyzerOptions(language_options=language())
    kinds = {**PARAMETERS, **KINDS}
    options.query_parameters = [
        AnalyzerOptions.QueryParameter(name=name, type=_type(kind)) for name, kind in kinds.items()
    ]
    return Analyzer(options, catalog=catalog(all_tables()))


def _type(kind: str):  # type: ignore[no-untyped-def]
    array = re.fullmatch(r"ARRAY<(\w+)>", kind)
    return TypeFactory.create_array_type(simple_type(array[1])) if array else simple_type(kind)


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_the_analyzer_accepts_the_query(lint: Analyzer, path: Path) -> None:
    lint.analyze_statement(path.read_text(encoding="utf-8"))


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Exception, match="pointz"):
        analyzer(all_tables()).analyze_statement("SELECT s.pointz FROM nba_analytics.player_game_summary AS s")
