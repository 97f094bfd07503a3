"""CREATE statements of all table folders, for a warehouse without Terraform."""

import json
from collections.abc import Iterable

from tipoff.tables.registry import Column, Table, lineage_order


def create_statements(tables: Iterable[Table] | None = None) -> tuple[str, ...]:
    """Statements that create the datasets and then the tables (default: all), inputs before their readers.

    Tables are created only if they do not exist. Views and table functions are replaced. So a repeat is safe.
    """
    chosen = tuple(lineage_order() if tables is None else tables)
    datasets = sorted({table.dataset for table in chosen})
    return (*(f"CREATE SCHEMA IF NOT EXISTS {name}" for name in datasets), *map(create_statement, chosen))


def create_statement(table: Table) -> str:
    """The statement that creates `table`."""
    if table.kind == "view":
        return f"CREATE OR REPLACE VIEW {table.full_name} AS\n{_body(table, 'view.sql')}"
    if table.kind == "table_function":
        arguments = ", ".join(f"{each.name} {each.type}" for each in table.spec.arguments)
        body = _body(table, "function.sql")
        return f"CREATE OR REPLACE TABLE FUNCTION {table.full_name}({arguments}) AS (\n{body}\n)"
    return _create_table(table)


def _body(table: Table, file: str) -> str:
    return table.sql(file).strip().removesuffix(";")


def _create_table(table: Table) -> str:
    columns = ",\n".join(f"  {_column(column)}" for column in table.columns)
    clauses = [f"CREATE TABLE IF NOT EXISTS {table.full_name} (\n{columns}\n)"]
    if table.spec.partition:
        clauses.append(f"PARTITION BY {table.spec.partition}")
    if table.spec.cluster:
        clauses.append(f"CLUSTER BY {', '.join(table.spec.cluster)}")
    # Only Terraform sets require_partition_filter: the emulator refuses a view over a table that has it.
    clauses.append(f"OPTIONS (description = {_text(table.spec.description)})")
    return "\n".join(clauses)


def _column(column: Column) -> str:
    required = " NOT NULL" if column.mode == "REQUIRED" else ""
    return f"{column.name} {column_type(column)}{required}"


def column_type(column: Column) -> str:
    """The column's GoogleSQL type, with the fields of structs."""
    kind = column.type
    if column.fields:
        inner = ", ".join(f"{field.name} {column_type(field)}" for field in column.fields)
        kind = f"STRUCT<{inner}>"
    return f"ARRAY<{kind}>" if column.mode == "REPEATED" else kind


def _text(value: str) -> str:
    return json.dumps(" ".join(value.split()), ensure_ascii=False)
