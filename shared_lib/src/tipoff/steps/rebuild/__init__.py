"""Rebuilds derived tables over a range of dates."""
