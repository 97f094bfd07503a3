"""What work costs by list price: a model, not a bill. Free allowances are left out, so it errs upwards.

Prices are the list prices in USD of the pages "Cloud Run pricing", "Pub/Sub pricing", "BigQuery pricing", "Workflows
pricing", "Cloud Scheduler pricing" and "Cloud Storage pricing", US regions. The time per call and per object are
assumptions, generous ones: nothing here was measured in a real project.
"""

from dataclasses import dataclass, fields

VCPU_SECOND_USD = 24e-6
GIB_SECOND_USD = 2.5e-6
REQUEST_USD = 0.4e-6
PUBSUB_BYTE_USD = 40 / 2**40
PUBSUB_BYTES_MIN = 1_000
CLASS_A_USD = 5e-6
WORKFLOW_STEP_USD = 1e-5
WORKFLOW_CALL_USD = 2.5e-5
SCANNED_BYTE_USD = 6.25 / 2**40
SCANNED_BYTES_MIN = 10 * 2**20  # of each table that a query names
JOB_DAY_USD = 0.10 / 30

OBJECT_SECONDS = 0.3
OBJECT_GIB = 0.5


@dataclass(frozen=True)
class Usage:
    """What was used. `table_reads` are billed at the minimum each; `scanned_bytes` is what lies above it."""

    vcpu_seconds: float = 0.0
    gib_seconds: float = 0.0
    requests: int = 0
    messages: int = 0
    objects_written: int = 0
    workflow_steps: int = 0
    workflow_calls: int = 0
    table_reads: int = 0
    scanned_bytes: int = 0
    scheduled_jobs: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """The sum, field by field."""
        return Usage(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Usage)))

    def times(self, count: int) -> "Usage":
        """The same `count` times over."""
        return Usage(*(getattr(self, field.name) * count for field in fields(Usage)))

    @property
    def dollars(self) -> float:
        """USD at list price. A message counts twice: published and delivered."""
        return (
            self.vcpu_seconds * VCPU_SECOND_USD
            + self.gib_seconds * GIB_SECOND_USD
            + self.requests * REQUEST_USD
            + 2 * self.messages * PUBSUB_BYTES_MIN * PUBSUB_BYTE_USD
            + self.objects_written * CLASS_A_USD
            + self.workflow_steps * WORKFLOW_STEP_USD
            + self.workflow_calls * WORKFLOW_CALL_USD
            + (self.table_reads * SCANNED_BYTES_MIN + self.scanned_bytes) * SCANNED_BYTE_USD
            + self.scheduled_jobs * JOB_DAY_USD
        )


def call(seconds: float, gib: float, vcpu: float = 1.0) -> Usage:
    """One request to a function that runs for `seconds`."""
    return Usage(vcpu_seconds=seconds * vcpu, gib_seconds=seconds * gib, requests=1)


def of_objects(count: int) -> Usage:
    """Ingesting `count` objects: its time, its message out, and no query."""
    return (call(OBJECT_SECONDS, OBJECT_GIB) + Usage(messages=1)).times(count)
