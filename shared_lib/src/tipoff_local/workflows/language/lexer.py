"""Splits an expression, the text between `${` and `}`, into tokens (docs: Expressions, "Supported elements")."""

import json
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
  | (?P<int>\d+)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op><=|>=|==|!=|//|[-+*/%<>()\[\].,])
    """,
    re.VERBOSE | re.DOTALL,
)
# Upper or lower case, never mixed (docs: Data types, "Logical operators").
_WORDS = {
    "and": "and",
    "AND": "and",
    "or": "or",
    "OR": "or",
    "not": "not",
    "NOT": "not",
    "in": "in",
    "IN": "in",
}
_CONSTANTS = {"true", "True", "TRUE", "false", "False", "FALSE", "null"}


class ExpressionError(Exception):
    """The text is not an expression of the language; the message says what is wrong, and at which column."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `kind` is double, int, string, name, constant, op or end; `column` counts from 1."""

    kind: str
    text: str
    column: int


def tokenize(text: str) -> list[Token]:
    """Split an expression into tokens; the last one has kind `end`. Operators that are words become lower case."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"unexpected character {text[position]!r} at column {position + 1}")
        kind, word = str(match.lastgroup), match.group()
        if kind != "space":
            tokens.append(_classified(kind, word, position + 1))
        position = match.end()
    return [*tokens, Token("end", "end of expression", len(text) + 1)]


def unquote(literal: str) -> str:
    """The value of a double-quoted literal with JSON escapes; raw line breaks are kept."""
    try:
        value = json.loads(literal, strict=False)
    except ValueError as error:
        raise ExpressionError(f"bad escape in string {literal}") from error
    return str(value)


def _classified(kind: str, word: str, column: int) -> Token:
    if kind == "name" and word in _WORDS:
        return Token("op", _WORDS[word], column)
    if kind == "name" and word in _CONSTANTS:
        return Token("constant", word.lower(), column)
    return Token(kind, word, column)
