"""Files that other processes read while they are replaced."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace a file atomically: a reader sees the old content or the new, never a part.

    Args:
        mode: permissions of the new file.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    if mode is not None:
        partial.chmod(mode)
    partial.replace(path)
