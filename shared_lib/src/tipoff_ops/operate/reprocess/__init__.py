"""`tipoff reprocess`: rebuilds a range of dates with the workflow `reprocess`."""
