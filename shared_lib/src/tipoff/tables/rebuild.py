"""The script that replaces some dates of a derived table, composed from its folder."""

from tipoff.core.errors import ConfigInvalid
from tipoff.tables.registry import Table

_SCRIPT = """\
BEGIN
BEGIN TRANSACTION;
DELETE FROM {target} WHERE {partition} BETWEEN @start_date AND @end_date;
INSERT INTO {target} ({columns})
{query};
{checks}
COMMIT TRANSACTION;
EXCEPTION WHEN ERROR THEN
ROLLBACK TRANSACTION;
RAISE USING MESSAGE = @@error.message;
END;
"""


def rebuild_script(table: Table) -> str:
    """A GoogleSQL script that replaces `table`'s partitions of @start_date..@end_date, or leaves them as they were.

    Parameters of the script: @start_date DATE, @end_date DATE (both included), @as_of TIMESTAMP, @lead_minutes INT64.
    A failed check of `checks.sql` rolls back and raises with the check's text.

    Raises:
        ConfigInvalid: the table is not derived or states no partition column.
    """
    if table.kind != "derived" or table.spec.partition is None:
        raise ConfigInvalid("not_rebuildable", f"{table.full_name} is no partitioned derived table")
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
