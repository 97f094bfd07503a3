"""What work costs by list price: an estimate, not a bill. It leaves free allowances out, so it errs upwards.

The prices, their date and the pages they are from are in `list_prices.yaml`. The time per call and per object are
assumptions, generous ones: nothing here was measured in a real project.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import yaml

PUBSUB_BYTES_MIN = 1_000
SCANNED_BYTES_MIN = 10 * 2**20  # of each table that a query names
TIB = 2**40
DAYS_OF_MONTH = 30

OBJECT_SECONDS = 0.3
OBJECT_GIB = 0.5


class _Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    usd: float
    page: str


class _PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    recorded_on: date
    prices: dict[str, _Price]


@cache
def list_prices() -> Mapping[str, float]:
    """USD by unit, from `list_prices.yaml`."""
    text = Path(__file__).with_name("list_prices.yaml").read_text(encoding="utf-8")
    found = msgspec.convert(yaml.safe_load(text), _PriceList)
    return {unit: price.usd for unit, price in found.prices.items()}


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
        usd = list_prices()
        return (
            self.vcpu_seconds * usd["vcpu_second"]
            + self.gib_seconds * usd["gib_second"]
            + self.requests * usd["request"]
            + 2 * self.messages * PUBSUB_BYTES_MIN * usd["pubsub_tib"] / TIB
            + self.objects_written * usd["object_write"]
            + self.workflow_steps * usd["workflow_step"]
            + self.workflow_calls * usd["workflow_call"]
            + (self.table_reads * SCANNED_BYTES_MIN + self.scanned_bytes) * usd["scanned_tib"] / TIB
            + self.scheduled_jobs * usd["scheduled_job_month"] / DAYS_OF_MONTH
        )


def call(seconds: float, gib: float, vcpu: float = 1.0) -> Usage:
    """One request to a function that runs for `seconds`."""
    return Usage(vcpu_seconds=seconds * vcpu, gib_seconds=seconds * gib, requests=1)


def of_objects(count: int) -> Usage:
    """Ingesting `count` objects: its time, its message out, and no query."""
    return (call(OBJECT_SECONDS, OBJECT_GIB) + Usage(messages=1)).times(count)
