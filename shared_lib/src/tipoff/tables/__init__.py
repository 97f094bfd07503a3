"""Table folders: `<dataset>/<table>/` defines a table. This package reads the folders.

`get` finds a table by its name, which is unique among derived tables, logs and views. A landing table has the same name
as the view over it, so `landing` finds it. Python code names no dataset.
"""

from tipoff.tables.registry import Column, Kind, Table, all_tables, get, landing, lineage_order
from tipoff.tables.served import builds

__all__ = ["Column", "Kind", "Table", "all_tables", "builds", "get", "landing", "lineage_order"]
