"""The step of `publish`: write the predictions of a date as JSON, and the page of that date and the dates before it."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.runtime.settings import PublishSettings
from tipoff.site import PredictionLine, render
from tipoff.steps.page_data import prediction_lines, report_data
from tipoff.steps.wiring import Wiring

PAGE_DAYS = 10
PAGE_NAME = "index.html"


class Publish(msgspec.Struct, frozen=True):
    """Body of `/publish`: the date to publish, and the number of dates on the page."""

    game_date: date
    as_of: datetime | None = None
    page_days: int = PAGE_DAYS


class Published(msgspec.Struct, frozen=True):
    """The answer: the names of the objects, and the number of predictions."""

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


def publish(context: Wiring[PublishSettings], request: Publish) -> Published:
    """Write the public JSON of the date, and the page of the last `page_days` dates."""
    start_date = request.game_date - timedelta(days=request.page_days - 1)
    lines = prediction_lines(context.warehouse, start_date, request.game_date)
    today = tuple(line for line in lines if line.game_date == request.game_date)
    name = f"predictions/{request.game_date}.json"
    body = msgspec.json.encode(PublicPredictions(request.game_date, context.settings.release, today))
    context.store.write(context.settings.bucket_public, name, body)
    page = render(
        report_data(
            context.warehouse,
            start_date,
            request.game_date,
            lines,
            project=context.settings.project_id,
            environment=context.settings.environment,
            release=context.settings.release,
            generated_at=request.as_of or context.clock(),
        )
    )
    context.store.write(
        context.settings.bucket_public, PAGE_NAME, page.encode(), content_type="text/html; charset=utf-8"
    )
    return Published("completed", "ok", "OK", (name, PAGE_NAME), len(today))
