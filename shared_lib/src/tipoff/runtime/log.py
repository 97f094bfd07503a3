"""JSON log lines in the format of Cloud Logging, with the context of the request."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tipoff.core.errors import Fact

_context: ContextVar[dict[str, Fact] | None] = ContextVar("log_context", default=None)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: severity, message, logger, context and `facts` of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record. The trace of an exception is in `stack_trace`."""
        line: dict[str, Fact] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            **(_context.get() or {}),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def setup() -> None:
    """Send all log lines of this process to stderr as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


@contextmanager
def context(**facts: Fact) -> Iterator[None]:
    """Add `facts` to all log lines in the block."""
    token = _context.set({**(_context.get() or {}), **facts})
    try:
        yield
    finally:
        _context.reset(token)
