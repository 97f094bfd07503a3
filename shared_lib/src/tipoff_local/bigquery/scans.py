"""What a statement reads of its base tables: columns, and the constant bounds of each column.

BigQuery skips partitions by a filter that compares the partitioning column with constant expressions:
https://cloud.google.com/bigquery/docs/querying-partitioned-tables. Parameters are constants; a column of another table
or a subquery is none. A filter passes into a view, subquery or CTE if the column is passed on as it is. It passes
below a window only if each window is partitioned by that column, below a GROUP BY only if it is a key, and never below
a LIMIT. The page does not state the last three; an optimizer may not do otherwise without changing the result.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

type Reference = tuple[str, str, str]
type Columns = frozenset[str] | None  # None: all columns
type Bounds = Mapping[str, tuple["Bound", ...]]
type Definition = Callable[[exp.Table, Reference], exp.Expr | None]

_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
}
_SOURCES = ("from_", "from", "joins")


@dataclass(frozen=True)
class Bound:
    """A column compared with a constant: at least `low`, at most `high`."""

    low: exp.Expr | None
    high: exp.Expr | None


@dataclass(frozen=True)
class Scan:
    """One reading of a base table: the columns that are used, and the constant bounds of columns."""

    table: Reference
    columns: Columns
    bounds: Bounds


@dataclass(frozen=True)
class _Cte:
    query: exp.Query
    ctes: "Mapping[str, _Cte]"


@dataclass(frozen=True)
class Scanner:
    """Finds the scans of statements of one project.

    Args:
        definition: the query of a view or called table function; None for a base table.
    """

    project: str
    definition: Definition
    ctes: Mapping[str, _Cte] = field(default_factory=dict)

    def statement(self, tree: exp.Expr) -> Iterator[Scan]:
        """Every scan of a statement. The target of an INSERT is not read."""
        if isinstance(tree, exp.Query):
            yield from self._query(tree, {}, None)
        elif isinstance(tree, exp.Insert):
            if isinstance(tree.expression, exp.Query):
                yield from self._query(tree.expression, {}, None)
        else:
            target = tree.this if isinstance(tree.this, exp.Table) else None
            if target is not None:
                yield from self._source(target, _conditions(tree.args.get("where"), target.alias_or_name), None)
            yield from self._nested(part for part in tree.iter_expressions() if part is not target)

    def _query(self, query: exp.Expr, bounds: Bounds, columns: Columns) -> Iterator[Scan]:
        """The scans of a query of which the caller uses `columns`, bounded by `bounds`."""
        inside = self._with_ctes(query)
        if isinstance(query, exp.Subquery):
            yield from inside._query(query.this, bounds, columns)
        elif isinstance(query, exp.SetOperation):
            for arm in (query.left, query.right):
                yield from inside._query(arm, _renamed(bounds, query, arm), None)
        elif isinstance(query, exp.Select):
            yield from inside._select(query, bounds, columns)
        else:
            yield from inside._nested(query.iter_expressions())

    def _with_ctes(self, query: exp.Expr) -> "Scanner":
        defined = query.args.get("with_") or query.args.get("with")
        ctes = dict(self.ctes)
        for cte in defined.expressions if defined is not None else ():
            ctes[cte.alias.lower()] = _Cte(cte.this, dict(ctes))
        return Scanner(self.project, self.definition, ctes)

    def _select(self, select: exp.Select, bounds: Bounds, columns: Columns) -> Iterator[Scan]:
        used = _used_parts(select, columns)
        passed = _passed_on(select, bounds)
        for source, joined in _sources(select):
            name = source.alias_or_name
            own = _conditions(select.args.get("where"), name)
            on = _conditions(joined, name)
            below = {column: found for column, found in passed.items() if column[0] in (name, "")}
            merged = _merged(own, on, {column: found for (_, column), found in below.items()})
            yield from self._source(source, merged, _columns_of(used, name, select, columns))
        kept = [part for key, part in select.args.items() if key not in (*_SOURCES, "with_", "with")]
        yield from self._nested(part for each in kept for part in (each if isinstance(each, list) else [each]))
        for _, joined in _sources(select):
            yield from self._nested([joined])

    def _source(self, source: exp.Expr, bounds: Bounds, columns: Columns) -> Iterator[Scan]:
        if not isinstance(source, exp.Table):
            yield from self._query(source, bounds, columns)
        elif not source.db:
            cte = self.ctes.get(source.name.lower())
            if cte is not None:
                yield from Scanner(self.project, self.definition, cte.ctes)._query(cte.query, bounds, columns)
        else:
            table = (source.catalog or self.project, source.db, name_of(source))
            query = self.definition(source, table)
            if query is None:
                yield Scan(table, columns, bounds)
            else:
                yield from Scanner(table[0], self.definition)._query(query, bounds, columns)

    def _nested(self, parts: Iterable[object]) -> Iterator[Scan]:
        """The scans of subqueries in expressions."""
        for part in parts:
            if isinstance(part, exp.Query):
                yield from self._query(part, {}, None)
            elif isinstance(part, exp.Expr):
                yield from self._nested(part.iter_expressions())


def name_of(table: exp.Table) -> str:
    """The name of a table, view or table function. A table function is called, so its name is that of a function."""
    return str(table.this.name or table.this.this)


def _sources(select: exp.Select) -> Iterator[tuple[exp.Expr, exp.Expr | None]]:
    """What is read, each with the condition of its join."""
    first = select.args.get("from_") or select.args.get("from")
    if first is not None:
        yield first.this, None
    for join in select.args.get("joins") or ():
        yield join.this, join.args.get("on")


def _conditions(condition: exp.Expr | None, name: str) -> dict[str, tuple[Bound, ...]]:
    """The constant bounds that a condition sets on columns of a source, or on columns without a source."""
    if condition is None:
        return {}
    whole = condition.this if isinstance(condition, exp.Where) else condition
    found: dict[str, tuple[Bound, ...]] = {}
    for part in whole.flatten() if isinstance(whole, exp.And) else [whole]:
        for column, bound in _compared(part):
            if column.table in (name, ""):
                found[column.name.lower()] = (*found.get(column.name.lower(), ()), bound)
    return found


def _compared(part: exp.Expr) -> Iterator[tuple[exp.Column, Bound]]:
    part = part.unnest()
    if isinstance(part, exp.Between) and isinstance(part.this, exp.Column):
        low, high = part.args["low"], part.args["high"]
        yield part.this, Bound(low if is_constant(low) else None, high if is_constant(high) else None)
    elif type(part) in _FLIPPED:
        for column, kind, value in (
            (part.this, type(part), part.expression),
            (part.expression, _FLIPPED[type(part)], part.this),
        ):
            if isinstance(column, exp.Column) and is_constant(value):
                is_low, is_high = kind in (exp.GT, exp.GTE, exp.EQ), kind in (exp.LT, exp.LTE, exp.EQ)
                yield column, Bound(value if is_low else None, value if is_high else None)


def is_constant(value: exp.Expr) -> bool:
    """Whether an expression has one value for the whole statement that is known before it runs."""
    return not any(isinstance(node, exp.Column | exp.Query) for node in value.walk())


def _merged(*every: Mapping[str, tuple[Bound, ...]]) -> dict[str, tuple[Bound, ...]]:
    found: dict[str, tuple[Bound, ...]] = {}
    for each in every:
        for column, bounds in each.items():
            found[column] = (*found.get(column, ()), *bounds)
    return found


def _passed_on(select: exp.Select, bounds: Bounds) -> dict[tuple[str, str], tuple[Bound, ...]]:
    """Bounds of the result as bounds of columns of the sources, by source and column; no source: of any."""
    if select.args.get("limit") or select.args.get("offset"):
        return {}
    outputs = {projection.alias_or_name.lower(): projection.unalias() for projection in select.expressions}
    has_star = any(projection.is_star for projection in select.expressions)
    found: dict[tuple[str, str], tuple[Bound, ...]] = {}
    for name, value in bounds.items():
        column = outputs.get(name)
        if column is None and has_star:
            column = exp.column(name)
        if isinstance(column, exp.Column) and _keeps(select, column.name):
            found[column.table, column.name.lower()] = value
    return found


def _keeps(select: exp.Select, column: str) -> bool:
    """Whether rows with another value of the column have no influence on the rows with this value."""
    windows = [window for window in select.find_all(exp.Window) if window.parent_select is select]
    keys = [{part.name.lower() for part in window.args.get("partition_by") or ()} for window in windows]
    group = select.args.get("group")
    if group is not None:
        keys.append({_key(select, part) for part in group.expressions})
    elif any(
        found.parent_select is select and not found.find_ancestor(exp.Window) for found in select.find_all(exp.AggFunc)
    ):
        return False
    return all(column.lower() in each for each in keys)


def _key(select: exp.Select, part: exp.Expr) -> str:
    if part.is_int:
        return str(select.expressions[int(part.name) - 1].unalias().name).lower()
    return str(part.name).lower()


def _renamed(bounds: Bounds, query: exp.SetOperation, arm: exp.Expr) -> Bounds:
    """Bounds by the names of the first arm as bounds by the names of `arm`, by position."""
    first, own = query.left.named_selects, arm.named_selects if isinstance(arm, exp.Query) else []
    if not isinstance(query, exp.Union) or len(first) != len(own) or "*" in (*first, *own):
        return {}
    names = dict(zip([name.lower() for name in first], [name.lower() for name in own], strict=True))
    return {names[name]: value for name, value in bounds.items() if name in names}


def _used_parts(select: exp.Select, columns: Columns) -> list[exp.Expr]:
    """The parts of a SELECT that name columns, without projections that the caller does not use."""
    is_pruned = columns is not None and not select.args.get("distinct")
    parts = [
        projection
        for projection in select.expressions
        if not is_pruned or columns is None or projection.is_star or projection.alias_or_name.lower() in columns
    ]
    others = (part for key, part in select.args.items() if key not in ("expressions", "with_", "with", "from_", "from"))
    return parts + [part for each in others for part in (each if isinstance(each, list) else [each]) if part]


def _columns_of(used: list[exp.Expr], name: str, select: exp.Select, columns: Columns) -> Columns:
    """The columns of a source that are used; a star uses what the caller uses."""
    found: set[str] = set()
    for part in used:
        if not isinstance(part, exp.Expr):
            continue
        if part.is_star and part in select.expressions:
            if columns is None:
                return None
            found |= columns
        found |= {column.name.lower() for column in part.find_all(exp.Column) if column.table in (name, "")}
    return frozenset(found)
