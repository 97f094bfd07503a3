"""The steps of `collect`: fetch a source for a date, and land its documents unchanged."""
