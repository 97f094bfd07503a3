"""Ports for servers that a test starts."""

from tipoff_local.httpd import listen


def free_port() -> int:
    """A port of 127.0.0.1 that was free just now."""
    with listen(0) as listener:
        return int(listener.getsockname()[1])
