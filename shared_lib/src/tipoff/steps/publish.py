"""Publish: the predictions of a date as JSON, and the operator's page over the dates before it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import PublishSettings
from tipoff.site import PredictionLine, render
from tipoff.steps.ops import Clock, OpsLog, utc_now
from tipoff.steps.page_data import prediction_lines, report_data

FUNCTION = "publish"
PAGE_DAYS = 10
PAGE_NAME = "index.html"


class Publish(msgspec.Struct, frozen=True):
    """Body of `/publish`: the date to publish, and how many dates the page shows."""

    game_date: date
    as_of: datetime | None = None
    page_days: int = PAGE_DAYS


class Published(msgspec.Struct, frozen=True):
    """What was written."""

    status: Literal["completed"]
    outcome: Literal["ok"]
    code: str
    objects: tuple[str, ...]
    predictions: int


class PublicPredictions(msgspec.Struct, frozen=True):
    """`predictions/<date>.json`."""

    game_date: date
    release: str
    predictions: tuple[PredictionLine, ...]


@dataclass(frozen=True)
class PublishContext:
    """What publish keeps open."""

    warehouse: Warehouse
    store: ObjectStore
    ops: OpsLog
    clock: Clock
    bucket: str
    project: str
    environment: str
    release: str


def open_publish(settings: PublishSettings, clock: Clock = utc_now) -> PublishContext:
    """Open the clients of `publish`."""
    warehouse = Warehouse(
        settings,
        [
            settings.dataset_nba_raw,
            settings.dataset_nba_analytics,
            settings.dataset_nba_predictions,
            settings.dataset_nba_ops,
        ],
    )
    return PublishContext(
        warehouse=warehouse,
        store=ObjectStore(settings),
        ops=OpsLog(warehouse, Topics(settings), settings.topic_alerts, FUNCTION, settings.release, clock),
        clock=clock,
        bucket=settings.bucket_public,
        project=settings.project_id,
        environment=settings.environment,
        release=settings.release,
    )


def publish(context: PublishContext, request: Publish) -> Published:
    """Write the public JSON of the date and the page of the dates that end with it."""
    start_date = request.game_date - timedelta(days=request.page_days - 1)
    lines = prediction_lines(context.warehouse, start_date, request.game_date)
    today = tuple(line for line in lines if line.game_date == request.game_date)
    name = f"predictions/{request.game_date}.json"
    body = msgspec.json.encode(PublicPredictions(request.game_date, context.release, today))
    context.store.write(context.bucket, name, body)
    page = render(
        report_data(
            context.warehouse,
            start_date,
            request.game_date,
            lines,
            project=context.project,
            environment=context.environment,
            release=context.release,
            generated_at=request.as_of or context.clock(),
        )
    )
    context.store.write(context.bucket, PAGE_NAME, page.encode(), content_type="text/html; charset=utf-8")
    return Published("completed", "ok", "OK", (name, PAGE_NAME), len(today))
