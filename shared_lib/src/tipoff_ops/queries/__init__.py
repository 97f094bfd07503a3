"""SQL of the operator's command, one file a question."""

from pathlib import Path

_ROOT = Path(__file__).parent


def load(name: str) -> str:
    """The text of `<name>.sql`."""
    return (_ROOT / f"{name}.sql").read_text(encoding="utf-8")
