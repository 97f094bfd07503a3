"""No statement of the product grows beyond what BigQuery plans with ease.

Prevents `resourcesExceeded` (https://docs.cloud.google.com/bigquery/docs/error-messages), BigQuery's answer to a query
that is too complex to plan. The local warehouse plans a CTE once and never answers so.
"""

import pytest
from tests.sql.statements.expansion import Expansion, expansion
from tests.sql.statements.product_sql import product_sql

SCANS_MAX = 60
VIEW_DEPTH_MAX = 8
SIZES = {place: expansion(text) for place, text in product_sql().items()}


@pytest.mark.parametrize("place", SIZES)
def test_a_statement_stays_within_the_bounds_when_every_name_is_expanded(place: str) -> None:
    assert SIZES[place].scans <= SCANS_MAX
    assert SIZES[place].view_depth <= VIEW_DEPTH_MAX


def test_every_reference_counts_again() -> None:
    twice = (
        "WITH a AS (SELECT 1 FROM nba_raw.players), b AS (SELECT 1 FROM a JOIN a AS c ON TRUE) "
        "SELECT 1 FROM b JOIN b AS d ON TRUE"
    )
    assert expansion(twice) == Expansion(scans=8, selects=19, view_depth=1)
