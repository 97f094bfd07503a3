"""A local Cloud Scheduler. Jobs are data, the clock is injected, and targets get the service's requests."""
