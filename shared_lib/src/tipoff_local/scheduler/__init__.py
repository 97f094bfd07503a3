"""A local Cloud Scheduler: jobs are data, `due` is pure, the clock is injected, targets get what the service sends."""
