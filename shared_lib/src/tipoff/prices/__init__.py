"""What work costs by list price: the one price list and the one model. An estimate, not a bill.

The prices, their date and their pages are in `list_prices.yaml`. Free allowances are left out, so the model errs
upwards. The constants here are assumptions: nothing was measured in a real project.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

import msgspec
import yaml

PUBSUB_BYTES_MIN = 1_000  # of a publish request and of a push request
SCANNED_BYTES_MIN = 10 * 2**20  # of each table that a query references
STATEMENT_S = 1.0  # the time that a function waits for a statement of BigQuery

OBJECT_SECONDS = 0.3
OBJECT_GIB = 0.5


class _Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    component: str
    usd: float
    per: int
    page: str


class _PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    recorded_on: date
    usage: dict[str, _Price]
    standing: dict[str, _Price]


@cache
def list_prices() -> Mapping[str, _Price]:
    """The price of each unit, from `list_prices.yaml`: units of `Usage`, and of `Standing` for a month."""
    text = Path(__file__).with_name("list_prices.yaml").read_text(encoding="utf-8")
    found = msgspec.convert(yaml.safe_load(text), _PriceList)
    return {**found.usage, **found.standing}


@dataclass(frozen=True)
class _Amounts:
    """Amounts by unit. A unit without a price is counted for information."""

    def __add__(self, other: Self) -> Self:
        """The sum, unit by unit."""
        return type(self)(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def times(self, count: float) -> Self:
        """The same `count` times over."""
        return type(self)(*(getattr(self, field.name) * count for field in fields(self)))

    @property
    def by_component(self) -> Mapping[str, float]:
        """USD at list price by component, such as `Pub/Sub`."""
        found: dict[str, float] = defaultdict(float)
        for field in fields(self):
            price = list_prices().get(field.name)
            if price is not None:
                found[price.component] += getattr(self, field.name) * price.usd / price.per
        return found

    @property
    def dollars(self) -> float:
        """USD at list price."""
        return sum(self.by_component.values())


@dataclass(frozen=True)
class Usage(_Amounts):
    """What was used, in the units that are billed.

    `bigquery_statements`, `bigquery_references` (billed tables), `bigquery_jobs` and `pubsub_messages` have no price.
    """

    bigquery_jobs: float = 0
    bigquery_statements: float = 0
    bigquery_references: float = 0
    bigquery_billed_bytes: float = 0
    bigquery_appended_bytes: float = 0
    requests: float = 0
    vcpu_seconds: float = 0
    gib_seconds: float = 0
    workflow_steps: float = 0
    workflow_external_steps: float = 0
    pubsub_messages: float = 0
    pubsub_bytes: float = 0
    storage_class_a: float = 0
    storage_class_b: float = 0
    log_bytes: float = 0

    def waits(self, vcpu: float, gib: float) -> "Usage":
        """The time that a function of this size waits for the statements, which no local cloud spends."""
        seconds = self.bigquery_statements * STATEMENT_S
        return Usage(vcpu_seconds=seconds * vcpu, gib_seconds=seconds * gib)


@dataclass(frozen=True)
class Standing(_Amounts):
    """What costs money although nothing happens: amounts that are kept for a month, and minutes of builds in it."""

    scheduler_jobs: float = 0
    secret_versions: float = 0
    image_gib: float = 0
    build_minutes: float = 0
    object_gib: float = 0
    bigquery_gib: float = 0


def call(seconds: float, gib: float, vcpu: float = 1.0) -> Usage:
    """One request to a function that runs for `seconds`."""
    return Usage(vcpu_seconds=seconds * vcpu, gib_seconds=seconds * gib, requests=1)


def table_reads(count: float) -> Usage:
    """References of tables, each of which is billed at the minimum."""
    return Usage(bigquery_references=count, bigquery_billed_bytes=count * SCANNED_BYTES_MIN)


def messages(count: float) -> Usage:
    """Small messages, each published and pushed once."""
    return Usage(pubsub_messages=2 * count, pubsub_bytes=2 * count * PUBSUB_BYTES_MIN)


def of_objects(count: int) -> Usage:
    """Ingesting `count` objects: its time, its message out, and no query."""
    return (call(OBJECT_SECONDS, OBJECT_GIB) + messages(1)).times(count)
