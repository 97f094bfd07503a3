"""Makes `RAISE` without a message raise the caught error again, as BigQuery does.

https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#raise

local-bigquery raises another error with the same message, so the reason of the first one is lost.
"""

import sys

from local_bigquery.sql import script

_raise_error = script.Interpreter.raise_error


def _raise_again(self: script.Interpreter, statement: script.Statement) -> None:
    # A handler's statements run inside the `except` of `Interpreter.block`.
    caught = sys.exception()
    if statement.text or caught is None:
        _raise_error(self, statement)
    else:
        raise caught


def keep_reasons() -> None:
    """Replace the statement in this process."""
    script.Interpreter.raise_error = _raise_again
