"""What a statement does with which datasets, after the expansion of views and functions. Pure.

A name `dataset.table` (or `project.dataset.table`) of a known dataset is a reference, wherever it stands. The result
may have too many references, and so refuse too much, but never too few. Temporary tables have no dataset.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.tokenizer_core import Token, TokenType

READ, CALL, CHANGE, DEFINE = "read", "call", "change", "define"
_VERBS = {
    TokenType.INSERT: (CHANGE,),
    TokenType.UPDATE: (CHANGE, READ),
    TokenType.DELETE: (CHANGE, READ),
    TokenType.MERGE: (CHANGE, READ),
    TokenType.TRUNCATE: (CHANGE,),
    TokenType.CREATE: (DEFINE,),
    TokenType.DROP: (DEFINE,),
    TokenType.ALTER: (DEFINE,),
}
# These stand between a verb and the name of its table. None of them begins a name.
_BEFORE_TARGET = re.compile(
    r"INTO|FROM|TABLE|VIEW|FUNCTION|SCHEMA|MATERIALIZED|SNAPSHOT|TEMP|TEMPORARY|OR|REPLACE|IF|NOT|EXISTS|OR REPLACE",
    re.IGNORECASE,
)
_BEGINS_STATEMENT = frozenset({TokenType.SEMICOLON, TokenType.BEGIN, TokenType.THEN, TokenType.ELSE})
# The tokenizer keeps the rest of such a statement (EXECUTE IMMEDIATE, CALL) as one string.
_OPAQUE = frozenset(BigQuery.Tokenizer.COMMANDS)


class UnknownStatement(Exception):
    """The statement runs another text, which the local cloud does not look into."""


class Reference(NamedTuple):
    """A table, view or routine that a text names, and what the text does with it."""

    action: str
    dataset: str
    name: str


class Use(NamedTuple):
    """What a statement does with a dataset.

    Attributes:
        via: the dataset of the view that reads it; None if the statement itself or a routine does.
    """

    action: str
    dataset: str
    via: str | None


@dataclass(frozen=True)
class Definitions:
    """The views and routines of a catalogue: the references of each by its dataset and name."""

    datasets: frozenset[str]
    views: Mapping[tuple[str, str], frozenset[tuple[str, str]]]
    routines: Mapping[tuple[str, str], frozenset[tuple[str, str]]]


def uses_of(text: str, known: Definitions, default_dataset: str | None = None) -> frozenset[Use]:
    """What a statement or script does with each dataset, views and routines included.

    Raises:
        UnknownStatement: the text of a part is only known when it runs.
    """
    # A name without a dataset may be a table of the default dataset.
    found = {Use(action, default_dataset, None) for action in (READ, CHANGE)} if default_dataset else set[Use]()
    expanded: set[tuple[str, str]] = set()
    for reference in references(text, known):
        found.add(Use(reference.action, reference.dataset, None))
        if reference.action in (READ, CALL):
            _expand((reference.dataset, reference.name), known, found, expanded)
    return frozenset(found)


def _expand(name: tuple[str, str], known: Definitions, found: set[Use], expanded: set[tuple[str, str]]) -> None:
    if name in expanded:
        return
    expanded.add(name)
    # An authorised dataset authorises views only (target_types), so what a routine reads needs the caller's permission.
    via = name[0] if name in known.views else None
    for inner in known.views.get(name, frozenset()) | known.routines.get(name, frozenset()):
        found.add(Use(CALL if inner in known.routines else READ, inner[0], via))
        _expand(inner, known, found, expanded)


def references(text: str, known: Definitions) -> Iterator[Reference]:
    """The references of a text itself, without those of the views and routines that it names."""
    tokens = BigQuery().tokenize(text)
    targets = dict(_targets(tokens))
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.token_type in _OPAQUE and _begins_statement(tokens, position):
            raise UnknownStatement(token.text.upper())
        parts, following = _name(tokens, position)
        named = _resolved(parts, known.datasets)
        if named is not None:
            usual = (CALL,) if named in known.routines else (READ,)
            yield from (Reference(action, *named) for action in targets.get(position, usual))
        position = following


def _targets(tokens: Sequence[Token]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where the target of each changing statement begins, and what is done with it."""
    for position, token in enumerate(tokens):
        if token.token_type in _VERBS and _begins_statement(tokens, position):
            target = position + 1
            while target < len(tokens) and _BEFORE_TARGET.fullmatch(tokens[target].text):
                target += 1
            yield target, _VERBS[token.token_type]


def _begins_statement(tokens: Sequence[Token], position: int) -> bool:
    return position == 0 or tokens[position - 1].token_type in _BEGINS_STATEMENT


def _name(tokens: Sequence[Token], position: int) -> tuple[list[str], int]:
    """The parts of a name that begins here, and the position after it."""
    if tokens[position].token_type is TokenType.STRING:
        return [], position + 1
    # After a hyphen, the first part is the end of a project: my-project.dataset.table.
    parts = tokens[position].text.split(".")[_after_hyphen(tokens, position) :]
    position += 1
    while position + 1 < len(tokens) and tokens[position].token_type is TokenType.DOT:
        parts += tokens[position + 1].text.split(".")
        position += 2
    return parts, position


def _after_hyphen(tokens: Sequence[Token], position: int) -> bool:
    before = tokens[position - 1] if position else None
    return before is not None and before.token_type is TokenType.DASH and before.end + 1 == tokens[position].start


def _resolved(parts: Sequence[str], datasets: frozenset[str]) -> tuple[str, str] | None:
    """Dataset and name: the first part that is a dataset, and the part after it."""
    return next(((dataset, name) for dataset, name in pairwise(parts) if dataset in datasets), None)


def definition_references(text: str, datasets: frozenset[str]) -> frozenset[tuple[str, str]]:
    """The references in the stored text of a view or routine, whose quotes are those of GoogleSQL or DuckDB."""
    names = "|".join(map(re.escape, sorted(datasets)))
    return frozenset(re.findall(rf'(?<![\w-])({names})[`"]?\.[`"]?(\w+)', text)) if datasets else frozenset()
