"""Composes the folders of `nba_raw` from those of the landing tables; `tools/write_raw_tables.py` writes them."""
