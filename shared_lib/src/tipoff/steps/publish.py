"""The step of `publish`: write the predictions of a date as JSON, and the page of that date and the dates before it."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.core.errors import BackendUnavailable, Conflict, NotReady
from tipoff.runtime.arguments import PageDays
from tipoff.runtime.settings import PublishSettings
from tipoff.site import PredictionLine, render
from tipoff.steps.page_data import prediction_lines, report_data
from tipoff.steps.wiring import Wiring

PAGE_DAYS = 10
PAGE_NAME = "index.html"
LATEST_NAME = "latest.json"
HTML = "text/html; charset=utf-8"


class Publish(msgspec.Struct, frozen=True):
    """Body of `/publish`: the date to publish, and the number of dates on the page."""

    game_date: date
    as_of: datetime | None = None
    page_days: PageDays = PAGE_DAYS


class Published(msgspec.Struct, frozen=True):
    """The answer: the names of the objects, and the number of predictions."""

    status: Literal["completed"]
    outcome: Literal["ok"]
    code: str
    objects: tuple[str, ...]
    predictions: int


class Latest(msgspec.Struct, frozen=True):
    """`latest.json`: the newest date that is published."""

    game_date: date


class PublicPredictions(msgspec.Struct, frozen=True):
    """`predictions/<date>.json`."""

    game_date: date
    release: str
    predictions: tuple[PredictionLine, ...]


def publish(context: Wiring[PublishSettings], request: Publish) -> Published:
    """Write the public JSON of the date, and the page of the last `page_days` dates.

    The page of the newest date is also `index.html`. An older date leaves `index.html` and `latest.json` as they are.

    Raises:
        BackendUnavailable: another date was published at the same moment.
    """
    pages = context.store.names(context.settings.bucket_public, PAGE_NAME)
    index_generation = next((page.generation for page in pages if page.name == PAGE_NAME), 0)
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
    page_name = f"pages/{request.game_date}.html"
    context.store.write(context.settings.bucket_public, page_name, page.encode(), HTML)
    objects = [name, page_name]
    try:
        if _advance(context, request.game_date):
            context.store.write(context.settings.bucket_public, PAGE_NAME, page.encode(), HTML, index_generation)
            objects.append(PAGE_NAME)
    except Conflict as error:
        raise BackendUnavailable("published_at_once", "another date is being published") from error
    return Published("completed", "ok", "OK", tuple(objects), len(today))


def _advance(context: Wiring[PublishSettings], day: date) -> bool:
    """Make a date the newest published one; False if a newer one is published.

    Raises:
        Conflict: another call did it at the same moment.
    """
    try:
        found = context.store.read(context.settings.bucket_public, LATEST_NAME)
    except NotReady:
        generation = 0
    else:
        generation = found.generation
        if msgspec.json.decode(found.data, type=Latest).game_date > day:
            return False
    context.store.write(
        context.settings.bucket_public, LATEST_NAME, msgspec.json.encode(Latest(day)), if_generation=generation
    )
    return True
