"""The derived tables that a table or view depends on."""

from tipoff.tables.registry import Table, all_tables, get


def builds(name: str) -> tuple[Table, ...]:
    """The derived tables behind `name`: itself if it is derived, else those that its views read, by name.

    Raises:
        ConfigInvalid: there is no such folder.
    """
    found = _derived(get(name), {table.full_name: table for table in all_tables()})
    return tuple(found[key] for key in sorted(found))


def _derived(table: Table, by_full_name: dict[str, Table]) -> dict[str, Table]:
    if table.kind == "derived":
        return {table.full_name: table}
    if table.kind not in ("view", "table_function"):
        return {}
    behind = [_derived(by_full_name[name], by_full_name) for name in table.spec.inputs]
    return {key: found for each in behind for key, found in each.items()}
