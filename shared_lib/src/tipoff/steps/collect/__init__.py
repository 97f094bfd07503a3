"""The step `collect`: fetches one source for one date and lands its documents untouched."""
