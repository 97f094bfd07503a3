"""Brackets around the operands of operators in the SQL that the local warehouse runs.

GoogleSQL writes some operators as functions: `DIV(a + b, c)`. sqlglot reads them as operators and writes them back
without brackets: `a + b // c`, which means something else. The generator here brackets every operand that is itself an
operator, so that the text keeps the meaning of the tree. `meaning_is_kept` shows it for one statement.
"""

from typing import Any

import sqlglot
from local_bigquery.sql.dialect import BigQueryDialect, DuckDBDialect
from sqlglot import ErrorLevel, exp

_OPERATORS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
)  # fmt: skip
_OPERANDS = (*_OPERATORS, exp.Connector, exp.Not, exp.Neg, exp.Is, exp.Between, exp.In, exp.Like)
# `meaning_is_kept` brackets the operands of more node types than the generator, to find what the generator leaves out.
_BINDING = (*_OPERATORS, exp.Connector, exp.Not, exp.Neg, exp.Is, exp.Between, exp.In, exp.Like, exp.Bracket, exp.Dot)

UpstreamGenerator: Any = DuckDBDialect.generator_class


class BracketingGenerator(UpstreamGenerator):  # type: ignore[misc]
    """DuckDB's generator, with brackets around operators that are operands."""

    def binary(self, expression: exp.Binary, op: str) -> str:
        """The text of a binary operator."""
        node: exp.Expr | None = expression
        while isinstance(node, _OPERATORS):
            _bracket(node, "expression")
            left = node.this
            if type(left) is not type(node):
                _bracket(node, "this")
            node = left if type(left) is type(node) else None
        text: str = super().binary(expression, op)
        return text


def _bracket(node: exp.Expr, side: str) -> None:
    operand = node.args.get(side)
    if isinstance(operand, _OPERANDS):
        node.set(side, exp.Paren(this=operand))


def bracket_operands() -> None:
    """Make this process's translations use the bracketing generator."""
    DuckDBDialect.generator_class = BracketingGenerator


def meaning_is_kept(sql: str, generator: type = BracketingGenerator) -> bool:
    """Whether the DuckDB text of each statement of `sql` is read back as the tree that it was made from.

    The text of the generator is compared with the text of the same tree with brackets around every operand.
    """
    trees = [tree for tree in sqlglot.parse(sql, dialect=BigQueryDialect) if tree]
    return all(_read_back(_text(tree, generator)) == _read_back(_text(_bracketed(tree), generator)) for tree in trees)


def _text(tree: exp.Expr, generator: type) -> str:
    text: str = generator(dialect=DuckDBDialect(), unsupported_level=ErrorLevel.IGNORE).generate(tree)
    return text


def _bracketed(tree: exp.Expr) -> exp.Expr:
    """A copy in which every operand of a binding node that is an operator stands in brackets."""
    copy = tree.copy()
    for node in reversed(list(copy.find_all(*_OPERANDS))):
        if isinstance(node.parent, _BINDING):
            bracket = exp.Paren()
            node.replace(bracket)
            bracket.set("this", node)
    return copy


def _read_back(text: str) -> exp.Expr:
    """The tree that DuckDB's grammar makes of a text, without its brackets."""
    tree = sqlglot.parse_one(text, dialect=DuckDBDialect)
    for bracket in reversed(list(tree.find_all(exp.Paren))):
        bracket.replace(bracket.this)
    return tree
