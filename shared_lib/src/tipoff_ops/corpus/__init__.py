"""Corpora of real documents: reading them, loading them into a warehouse, and checking tables against them."""
