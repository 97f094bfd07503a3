"""BigQuery: `local-bigquery` (DuckDB behind BigQuery's REST and Storage gRPC) in a child process, with our patches.

`warehouse` starts and stops the process, `child` is what runs in it, and `patches` changes the library there.
"""

from tipoff_local.bigquery.warehouse import Warehouse, clone, install_extensions

__all__ = ["Warehouse", "clone", "install_extensions"]
