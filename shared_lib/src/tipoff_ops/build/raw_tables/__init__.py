"""Composes the folders of `nba_raw` that follow from the landing tables."""
