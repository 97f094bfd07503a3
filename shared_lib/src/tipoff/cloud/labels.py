"""Labels of BigQuery jobs: which function runs a job, and what caused it. `INFORMATION_SCHEMA.JOBS` has them.

https://cloud.google.com/bigquery/docs/labels-intro#requirements: a value has at most 63 characters. They are lower-case
letters, digits, underscores and dashes.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

VALUE_CHARACTERS_MAX = 63

_labels: ContextVar[Mapping[str, str]] = ContextVar("job_labels", default=MappingProxyType({}))


@contextmanager
def job_labels(**labels: str) -> Iterator[None]:
    """Label every job that is started in the block. A thread that is started in it needs a copy of the context."""
    valid = {name: _valid(value) for name, value in labels.items() if value}
    token = _labels.set({**_labels.get(), **valid})
    try:
        yield
    finally:
        _labels.reset(token)


def current_labels() -> dict[str, str]:
    """The labels of a job that is started now."""
    return dict(_labels.get())


def _valid(value: str) -> str:
    return re.sub("[^a-z0-9_-]", "-", value.lower())[:VALUE_CHARACTERS_MAX]
