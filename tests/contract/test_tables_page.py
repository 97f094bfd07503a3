"""docs/tables.md describes every table and column and shows the lineage."""

from tipoff import tables
from tipoff_ops.pages import tables as tables_page


def test_every_column_of_every_table_has_a_described_row() -> None:
    page = tables_page.document(tables.all_tables())
    for table in tables.all_tables():
        assert f"### {table.name}\n" in page
        for column in table.columns:
            assert column.description.strip(), f"{table.full_name}.{column.name} has no description"


def test_the_lineage_reaches_from_the_sources_to_the_grades() -> None:
    drawn = tables_page.lineage(tables.all_tables())
    for edge in (
        "nba_raw__nbac_player_boxscores --> nba_analytics__player_game_summary",
        "nba_precompute__player_composite_factors --> nba_predictions__ml_feature_store_v2",
        "nba_predictions__player_prop_predictions --> nba_predictions__prediction_accuracy",
    ):
        assert edge in drawn
