"""Changes to local-bigquery inside the process that serves it (docs/adr/0007-the-local-warehouse-remembers.md).

Each module replaces a few of the library's functions: most for speed, `operators` and `reraise` for what BigQuery
documents and the library does otherwise.
`private_names` lists every name of the library that this package depends on, and checks them before the first change.
"""
