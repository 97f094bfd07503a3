"""Composes the script that rebuilds some dates of a derived table."""

import re

from tipoff.core.errors import ConfigInvalid
from tipoff.tables.registry import Table

# Only statements that BigQuery lists as supported in a transaction (ASSERT is none of them). Nothing catches an error:
# BigQuery then rolls the transaction back by itself and answers the error as it was, with its own reason.
# https://docs.cloud.google.com/bigquery/docs/transactions
_SCRIPT = """\
BEGIN TRANSACTION;
DELETE FROM {target} WHERE {partition} BETWEEN @start_date AND @end_date;
INSERT INTO {target} ({columns})
{query};
{checks}
COMMIT TRANSACTION;
"""


def rebuild_script(table: Table) -> str:
    """A GoogleSQL script that replaces the partitions @start_date..@end_date of `table`, or changes nothing.

    Parameters of the script: @start_date DATE, @end_date DATE (both included), @as_of TIMESTAMP, @lead_minutes INT64.
    A failed check of `checks.sql` ends the script with the check's text (see `failed_check`). Like any error, it rolls
    the transaction back.

    Raises:
        ConfigInvalid: the table is not derived or states no partition column.
    """
    if table.kind != "derived" or table.spec.partition is None:
        raise ConfigInvalid("not_rebuildable", f"{table.full_name} is not a partitioned derived table")
    return _SCRIPT.format(
        target=table.full_name,
        partition=table.spec.partition,
        columns=", ".join(table.column_names),
        query=query_text(table),
        checks=table.sql("checks.sql").strip(),
    )


def query_text(table: Table) -> str:
    """The SELECT of `query.sql`, without the semicolon an editor may have left."""
    return table.sql("query.sql").strip().removesuffix(";")


_CHECK_TEXT = re.compile(r"'([a-z][a-z0-9_]*: [^']*)'")


def failed_check(table: Table, message: str) -> str | None:
    """The code of the failed check that the message of an error names; None if no check failed.

    A check's text is `code: what is wrong`. The whole text is compared: BigQuery's own "out of range: ..." is no check.
    """
    texts = [text for text in _CHECK_TEXT.findall(table.sql("checks.sql")) if text in message]
    return min(texts, key=message.index).split(":")[0] if texts else None
