"""Finds the tables that a request may read, so that their buffered rows are inserted before it is answered.

Tables are found by name. A request may read each table whose name is in its texts, or in the definition of a view or
function that these texts name. The result may have too many tables but never too few. A flush costs the same for one
row as for thousands, so a query of one table must not flush all others.
"""

import re
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from tipoff_local.bigquery.buffer import TableFilter, every_table
from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.definitions import definitions, texts

_WORD = re.compile(r"\w+")
# The text of such a request does not name the tables that it reads, so it may read every table.
_ANY_TABLE = re.compile(r"information_schema|\*`|\bexecute\b|\bcall\b", re.IGNORECASE)

_EVERY_TABLE = "*"

type Words = frozenset[str]


class ReferencedTables:
    """Finds the tables that a text may read, by the present catalogue."""

    def __init__(self, cache: CatalogueCache) -> None:
        self._cache = cache

    def of_request(self, body: bytes) -> TableFilter:
        """Tables in the JSON body of a job or query: in its statement, parameters, destination and sources."""
        try:
            return self.of_text("\n".join(texts(msgspec.json.decode(body))))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return every_table

    def of_text(self, text: str) -> TableFilter:
        """Tables in a statement, or in the name of a table."""
        by_name: dict[Words, Words] = self._cache.get("definitions by name", _definitions)
        words = _with_definitions(set(_words(text)), by_name)
        return every_table if _EVERY_TABLE in words else lambda table: words >= _words(table[2])


def _words(text: str) -> Words:
    """The words of a text, in lower case, because DuckDB ignores the case of some names."""
    words = frozenset(_WORD.findall(text.lower()))
    return words | {_EVERY_TABLE} if _ANY_TABLE.search(text) else words


def _definitions() -> dict[Words, Words]:
    """The words in the definition of each view, table function and access policy, by the words of its name."""
    found: dict[Words, Words] = defaultdict(frozenset)
    for definition in definitions():
        found[_words(definition.name)] |= _words(definition.text)
    return found


def _with_definitions(words: set[str], definitions: Mapping[Words, Words]) -> set[str]:
    """These words, and those of every definition that they name, directly or through other definitions."""
    left = dict(definitions)
    while named := [name for name in left if name <= words]:
        words.update(*(left.pop(name) for name in named))
    return words
