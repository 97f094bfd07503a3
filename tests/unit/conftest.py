"""Unit tests start no server and no browser: here both are refused. Such a test belongs elsewhere (tests/README.md)."""

import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Never

import grpc
import pytest

HINT = "a unit test starts no server and no browser: see tests/README.md"


class _PythonOnly(subprocess.Popen[Any]):
    """Starts this Python, and no other program."""

    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        program = args if isinstance(args, str | Path) else args[0]
        if str(program) != sys.executable:
            raise AssertionError(f"{program}: {HINT}")
        super().__init__(args, *rest, **options)


def _refuse(*_: object) -> Never:
    raise AssertionError(HINT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around the whole test, so that fixtures of every scope are covered. Other folders are left alone."""
    if not item.path.is_relative_to(Path(__file__).parent):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "bind", _refuse)
        patch.setattr(subprocess, "Popen", _PythonOnly)
        patch.setattr(grpc, "server", _refuse)
        return (yield)
