"""`python -m tipoff_ops`: the `tipoff` command."""

from tipoff_ops.cli import main

main()
