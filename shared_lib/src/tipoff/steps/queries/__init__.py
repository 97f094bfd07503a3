"""The SQL of the steps: one folder for each step, one file for each query."""

from functools import cache
from pathlib import Path

from tipoff.core.errors import ConfigInvalid

_ROOT = Path(__file__).parent


@cache
def load(name: str) -> str:
    """The text of `<name>.sql`, where a name is `<step>/<query>`.

    Raises:
        ConfigInvalid: there is no such file.
    """
    path = _ROOT / f"{name}.sql"
    if not path.is_file():
        raise ConfigInvalid("no_such_sql", f"no query is called {name}")
    return path.read_text(encoding="utf-8")
