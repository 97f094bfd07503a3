"""The original's call of its scrapers, answered by `collect`."""

from typing import Literal

import msgspec

from tipoff.runtime.arguments import parse_date
from tipoff.steps.collect.collect import collect
from tipoff.steps.collect.context import Collect, Collected, CollectWiring


class Scrape(msgspec.Struct, frozen=True):
    """Body (or query string) of `/scrape`: a source's name, and `gamedate` (ISO, today, yesterday)."""

    scraper: str = ""
    gamedate: str = "today"


class Scraped(msgspec.Struct, frozen=True):
    """The original's answer."""

    status: Literal["success", "error"]
    message: str
    scraper: str
    data_summary: Collected


def scrape(context: CollectWiring, request: Scrape) -> Scraped:
    """Collect one source of one date.

    Raises:
        BadRequest: no such scraper (the facts list all of them), or no date.
    """
    day = parse_date("gamedate", request.gamedate, context.clock())
    result = collect(context, Collect(request.scraper, day))
    status: Literal["success", "error"] = "error" if result.status == "failed" else "success"
    return Scraped(status, result.message or result.outcome, request.scraper, result)
