"""Each variant of a document becomes the rows that its file states, and would not without the rule that it names."""

import copy
import functools
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.unit.core import core_documents
from tipoff import sources
from tipoff.core.contracts.results import Parsed

HERE = Path(__file__).parent
NAMES = {
    "box": core_documents.BOX_NAME,
    "play_by_play": core_documents.PBP_NAME,
    "schedule": core_documents.SCHEDULE_NAME,
    "scoreboard": core_documents.SCOREBOARD_NAME,
    "injury_report": core_documents.INJURY_NAME,
    "events": core_documents.EVENTS_NAME,
    "lines": core_documents.LINES_NAME,
    "props": core_documents.PROPS_NAME,
    "gamelog": core_documents.GAMELOG_NAME,
    "shot_chart": core_documents.SHOTS_NAME,
    "bdl": core_documents.BDL_NAME,
}
REPLACEMENTS: Mapping[str, object] = {
    "never": re.compile(r"(?!)"),
    "empty": frozenset(),
    "no": lambda *_: False,
    "nothing": lambda *_: None,
    "same": lambda first, *_: first,
}


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of a case file; README.md describes the keys."""

    why: str
    cites: str
    expect: dict[str, str | int | None]
    document: str | None = None
    body: Any = None
    name: str | None = None
    set: dict[str, Any] = {}
    drop: list[str] = []
    rows: dict[str, Any] = {}
    without: dict[str, str] = {}

    def object_name(self) -> str:
        """The name of the object."""
        return self.name or NAMES[self.document or ""]

    def content(self) -> bytes:
        """The bytes of the object."""
        if isinstance(self.body, str):
            return self.body.encode()
        tree = copy.deepcopy(self.body) if self.document is None else getattr(core_documents, self.document)()
        for path, value in self.set.items():
            place, last = _place(tree, path)
            if isinstance(place, list) and last == len(place):
                place.append(value)
            else:
                place[last] = value
        for path in self.drop:
            place, last = _place(tree, path)
            del place[last]
        return json.dumps(tree).encode()


def _place(tree: Any, path: str) -> tuple[Any, Any]:
    *walk, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in walk:
        tree = tree[part]
    return tree, last


FILES = sorted(HERE.glob("*/*.yaml"))
CASES = {
    str(path.relative_to(HERE).with_suffix("")): msgspec.convert(yaml.safe_load(path.read_text()), Case)
    for path in FILES
}


def found(case: Case) -> dict[str, Any]:
    """What became of the document, for the keys that the case states."""
    parsed = sources.read(case.object_name(), case.content())
    return {key: _plain(getattr(parsed, key)) for key in case.expect} | {
        key: _cell(parsed, *key.split(".", 1)) for key in case.rows
    }


def stated(case: Case) -> dict[str, Any]:
    """What the case expects."""
    return {**case.expect, **{key: _plain(value) for key, value in case.rows.items()}}


def _cell(parsed: Parsed, position: str, column: str) -> Any:
    rows = parsed.tables[0].rows if parsed.tables else ()
    return _plain(getattr(rows[int(position)], column)) if int(position) < len(rows) else "no such row"


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    return value.value if hasattr(value, "value") else list(value) if isinstance(value, tuple) else value


def forget() -> None:
    """Clear the caches of all pure functions, so that a replaced rule is asked; the tables stay the same objects."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tipoff.") and not name.startswith("tipoff.tables"):
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


@pytest.fixture
def fresh() -> Iterator[None]:
    """No result of a replaced rule stays in a cache."""
    forget()
    yield
    forget()


@pytest.mark.parametrize("case", CASES)
def test_a_variant_becomes_its_rows(case: str) -> None:
    assert found(CASES[case]) == stated(CASES[case]), CASES[case].why


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case.without])
def test_a_variant_needs_its_rule(case: str, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, replacement in CASES[case].without.items():
        module, name = target.rsplit(".", 1)
        monkeypatch.setattr(import_module(module), name, REPLACEMENTS[replacement])
    assert found(CASES[case]) != stated(CASES[case])


def test_every_case_cites_where_it_comes_from() -> None:
    assert [name for name, case in CASES.items() if len(case.cites) < 10 or not case.why.endswith(".")] == []
