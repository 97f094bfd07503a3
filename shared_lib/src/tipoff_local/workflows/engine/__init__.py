"""The engine: runs executions, records their calls, and resumes them after a restart."""
