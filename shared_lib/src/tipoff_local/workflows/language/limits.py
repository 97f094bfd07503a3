"""The documented resource limits, in one table (cloud.google.com/workflows/quotas, "Resource limits")."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of deployments and executions. Sizes are in bytes, times in seconds."""

    source_bytes: int = 128 * 1024
    argument_bytes: int = 32 * 1024
    memory_bytes: int = 512 * 1024
    response_bytes: int = 2 * 1024 * 1024
    string_bytes: int = 256 * 1024
    expression_chars: int = 400
    assigns_per_step: int = 50
    conditions_per_switch: int = 50
    steps_per_execution: int = 100_000
    call_depth: int = 20
    branches_per_step: int = 10
    concurrent_branches: int = 20
    parallel_nesting: int = 2
    branch_errors: int = 100
    sleep_seconds: int = 31_536_000
    http_timeout_seconds: int = 1800
    env_vars: int = 20
    env_var_bytes: int = 4 * 1024
    labels: int = 64


LIMITS = Limits()
