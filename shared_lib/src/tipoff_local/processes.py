"""Child processes of the local cloud. Each starts with an exact environment and ends when its parent ends.

A child watches its standard input and exits at its end. The pipe closes when the parent ends for any reason, SIGKILL
included, on Linux and on macOS. This is the only module of the local cloud that reads the environment.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SYSTEMROOT", "PYTHONHASHSEED")


class ChildFailed(Exception):
    """A child process ended before it was ready; the message carries the end of its log."""


class Child:
    """One `python -m module` process. Its first line on standard output says that it is ready.

    Args:
        env: the whole environment, except for the variables that every process needs.
        log: file that receives standard error.
    """

    def __init__(self, module: str, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, env={**_inherited(), **env},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Process id, for memory figures and for tests that kill."""
        return self._process.pid

    def ready_line(self) -> bytes:
        """Wait for the child's first line and return it.

        Raises:
            ChildFailed: the child ended without one.
        """
        if self._process.stdout is None:
            raise ChildFailed("no standard output")
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise ChildFailed(f"exit code {code}: {self._log.read_text(errors='replace')[-2000:]}")
        return line

    def send(self, data: bytes) -> None:
        """Write to the child's standard input and keep it open."""
        if self._process.stdin is not None:
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def stop(self, grace_s: float = 5.0) -> None:
        """Close the pipe, wait, and kill the process if it has not ended after `grace_s`."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def send_other_output_to_log() -> None:
    """Called in the child at its start: what libraries write to descriptor 1 goes to standard error, which is the log.

    Only `report_ready` then writes to the parent. DuckDB, for one, shows a progress bar when a statement takes two
    seconds.
    """
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)


def report_ready(line: str) -> None:
    """Called in the child: send one line to the parent, on the standard output that Child reads."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def when_parent_ends(stop: Callable[[], None]) -> None:
    """Called in the child: run `stop` once standard input ends; end the process if it still runs 3 s later."""

    def watch() -> None:
        while sys.stdin.buffer.readline():
            pass
        stop()
        threading.Timer(3.0, os._exit, args=(0,)).start()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def exit_when_closed(descriptor: int) -> None:
    """Called in a child: end this process at once when the other end of a pipe is closed."""

    def watch() -> None:
        os.read(descriptor, 1)
        os._exit(0)

    threading.Thread(target=watch, name="pipe-watch", daemon=True).start()


def replace_environment(values: Mapping[str, str]) -> None:
    """Called in a child: replace its environment by these variables and those that every process needs."""
    kept = _inherited()
    os.environ.clear()
    os.environ.update({**kept, **values})


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
