"""Files that others read while they are written."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace a file at once: who reads meanwhile sees the old one or the new, never a part; `mode`: permissions."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    if mode is not None:
        partial.chmod(mode)
    partial.replace(path)
