"""`tipoff local`. Exit codes: 0 success, 1 the command cannot be done, 2 wrong usage."""

from tipoff_ops.cli.apps import lazy_app

COMMANDS = {
    "up": ("tipoff_ops.local.up:up", "Start all servers and create all resources of the mesh."),
    "down": ("tipoff_ops.local.down:down", "Stop the local cloud; its data stay."),
    "env": (
        "tipoff_ops.local.env:env",
        "Print `export` lines that point clients at the cloud.",
    ),
    "ls": ("tipoff_ops.local.ls:ls", "List the local clouds of this checkout."),
    "status": ("tipoff_ops.local.status:status", "Show which of the started servers answer."),
    "token": (
        "tipoff_ops.local.token:token",
        "Print a bearer token for a function, valid for an hour.",
    ),
    "tick": ("tipoff_ops.local.tick:tick", "Advance the clock, and fire each scheduled job that falls due."),
    "reset": ("tipoff_ops.local.reset:reset", "Delete the data of a local cloud that does not run."),
}

app = lazy_app(
    "Start, inspect and stop the local cloud. Exit codes: 0 success, 1 the command cannot be done, 2 wrong usage.",
    COMMANDS,
)
