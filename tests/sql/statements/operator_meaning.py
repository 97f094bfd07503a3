"""Whether the SQL that the local warehouse runs has the meaning of the statement that it was translated from."""

import sqlglot
from local_bigquery.sql.dialect import BigQueryDialect, DuckDBDialect
from sqlglot import ErrorLevel, exp

from tipoff_local.bigquery.patches.operators import OPERANDS, BracketingGenerator

# More node types than the generator brackets, to find what the generator leaves out.
_BINDING = (*OPERANDS, exp.Bracket, exp.Dot)


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
    for node in reversed(list(copy.find_all(*OPERANDS))):
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
