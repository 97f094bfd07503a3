"""Changes to local-bigquery inside the process that serves it (docs/adr/0007-the-local-warehouse-remembers.md).

Each module replaces a few of the library's functions, for speed only: what a caller gets stays the same.
`private_names` lists every name of the library that this package depends on, and checks them before the first change.
"""
