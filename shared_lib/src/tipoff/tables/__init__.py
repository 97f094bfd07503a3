"""Tables are folders: `<dataset>/<table>/` holds all there is to know of one; this package reads them.

Python names a table by its bare name, which is unique among derived tables, logs and views; a landing table shares
its name with the view over it and is asked for by `landing`. No dataset is spelled in Python.
"""

from tipoff.tables.registry import Column, Kind, Table, all_tables, get, landing, lineage_order
from tipoff.tables.served import builds

__all__ = ["Column", "Kind", "Table", "all_tables", "builds", "get", "landing", "lineage_order"]
