"""From a good answer to the documents that land, under the names of their sources."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from tipoff.core.collect.asks import event_of
from tipoff.core.collect.model import Answer, Ask, Document, Event
from tipoff.core.collect.snapshots import elements, enclosed
from tipoff.core.game_date import EASTERN, to_utc


def documents(
    ask: Ask, answer: Answer, object_name: Callable[..., str], *, is_backfill: bool = False
) -> tuple[Document, ...]:
    """What to land of an answer that was judged a document, named by `object_name`.

    One document as received, but of a list of quotes one per event: the element's bytes with the list's envelope.
    The instant in the name is the envelope's timestamp; without one it is the capture, or in a backfill the
    source's own Last-Modified where it states one.
    """
    if ask.source == "odds_api_game_lines":
        return _per_event(ask, answer, object_name)
    at, known_by = _known(ask, answer, is_backfill=is_backfill)
    if ask.source == "odds_api_player_props" and ask.event is not None:
        return (_of_event(ask.source, ask.identity, ask.event, answer.body, at, known_by, object_name),)
    return (Document(_name(ask, answer, at, object_name), ask.identity, answer.body, at, known_by),)


def _per_event(ask: Ask, answer: Answer, object_name: Callable[..., str]) -> tuple[Document, ...]:
    envelope, found = elements(answer.body)
    at, known_by = _known(ask, answer, is_backfill=False)
    suffix = ask.identity.partition("@")[1:]
    landed = []
    for raw in found:
        event = event_of(raw)
        if event is not None:
            identity = f"{ask.source}/{event.event_id}{''.join(suffix)}"
            landed.append(_of_event(ask.source, identity, event, enclosed(envelope, raw), at, known_by, object_name))
    return tuple(landed)


def _of_event(
    source: str, identity: str, event: Event, body: bytes, at: datetime, known_by: str, object_name: Callable[..., str]
) -> Document:
    name = object_name(source, date=event.game_date, event_id=event.event_id, away=event.away, home=event.home, ts=at)
    return Document(name, identity, body, at, known_by)


def _name(ask: Ask, answer: Answer, at: datetime, object_name: Callable[..., str]) -> str:
    if ask.source == "nbac_schedule":
        return object_name(ask.source, season=_season(answer.body), ts=at)
    if ask.game is not None:
        return object_name(ask.source, date=ask.day, nba_game_id=ask.game.nba_game_id, ts=at)
    if ask.shape == "pdf" and ask.snapshot_at is not None:
        hour = f"{ask.snapshot_at.astimezone(EASTERN):%H}"
        return object_name(ask.source, date=ask.day, hour=hour, ts=at)
    return object_name(ask.source, date=ask.day, ts=at)


class _League(msgspec.Struct, frozen=True):
    seasonYear: str


class _Schedule(msgspec.Struct, frozen=True):
    leagueSchedule: _League


def _season(body: bytes) -> str:
    return msgspec.json.decode(body, type=_Schedule).leagueSchedule.seasonYear


class _Stamped(msgspec.Struct, frozen=True):
    timestamp: datetime


def _known(ask: Ask, answer: Answer, *, is_backfill: bool) -> tuple[datetime, str]:
    """The instant the document was known, and how we know that."""
    if ask.secret is not None and ask.snapshot_at is not None:
        return to_utc(msgspec.json.decode(answer.body, type=_Stamped).timestamp), "envelope"
    modified = last_modified(answer)
    if is_backfill and modified is not None:
        return modified, "last_modified"
    return answer.received_at.replace(microsecond=0), "capture"


def last_modified(answer: Answer) -> datetime | None:
    """The source's own word on when it last changed the document, UTC; None if it says nothing usable."""
    try:
        said = parsedate_to_datetime(answer.headers.get("last-modified", ""))
        at = to_utc(said if said.tzinfo else said.replace(tzinfo=UTC))
    except ValueError:
        return None
    return at if at <= answer.received_at else None
