"""Adds brackets around operands in the SQL that the local warehouse runs.

GoogleSQL writes some operators as functions: `DIV(a + b, c)`. sqlglot reads them as operators and writes them without
brackets: `a + b // c`, which is another value. Our generator adds brackets around every operand that is itself an
operator, so the text has the meaning of the tree.
"""

from typing import Any

from local_bigquery.sql.dialect import DuckDBDialect
from sqlglot import exp

OPERATORS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
)  # fmt: skip
OPERANDS = (*OPERATORS, exp.Connector, exp.Not, exp.Neg, exp.Is, exp.Between, exp.In, exp.Like)

UpstreamGenerator: Any = DuckDBDialect.generator_class


class BracketingGenerator(UpstreamGenerator):  # type: ignore[misc]
    """DuckDB's generator, with brackets around operators that are operands."""

    def binary(self, expression: exp.Binary, op: str) -> str:
        """The text of a binary operator."""
        node: exp.Expr | None = expression
        while isinstance(node, OPERATORS):
            _bracket(node, "expression")
            left = node.this
            if type(left) is not type(node):
                _bracket(node, "this")
            node = left if type(left) is type(node) else None
        text: str = super().binary(expression, op)
        return text


def _bracket(node: exp.Expr, side: str) -> None:
    operand = node.args.get(side)
    if isinstance(operand, OPERANDS):
        node.set(side, exp.Paren(this=operand))


def bracket_operands() -> None:
    """Replace the generator of translations in this process."""
    DuckDBDialect.generator_class = BracketingGenerator
