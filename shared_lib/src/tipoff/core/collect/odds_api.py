"""What the sources of The Odds API share: host, key, prices, requests, lists and the historical envelope.

The elements of a list are extracted byte for byte.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec

from tipoff.core import teams
from tipoff.core.collect.documents import known_instant, named_document
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import (
    Answer,
    Document,
    Event,
    Host,
    Judge,
    Judgement,
    Key,
    Pairs,
    SourceRequest,
    Target,
    Verdict,
)
from tipoff.core.contracts.odds_event import EventHeader, Stamped
from tipoff.core.contracts.routes import FieldValue, Template
from tipoff.core.game_date import eastern_instant, game_date_of, to_utc

HOST = Host("api.the-odds-api.com", 0.25)
KEY = Key("odds_api_key", query_parameter="apiKey")
SPORT = "basketball_nba"
REGIONS = ("us",)
HISTORICAL_FACTOR = 10  # the vendor's price of a past snapshot, as a multiple of a current one
_JSON = ("Accept", "application/json")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def list_request(
    source: str, template: Template, tail: str, target: Target, params: Pairs, credits: int
) -> SourceRequest:
    """A request for a list of the target's date, now or as of a past snapshot."""
    bounds = () if target.snapshot_at else _bounds(target.day)
    fields = {"date": target.day}
    return _request(source, template, tail, target, (*params, *bounds), credits, fields, judge_events)


def event_request(
    source: str, template: Template, event: Event, target: Target, params: Pairs, credits: int, judge: Judge
) -> SourceRequest:
    """A request for one event's quotes, now or as of a past snapshot."""
    tail = f"events/{event.event_id}/odds"
    return _request(source, template, tail, target, params, credits, event_fields(event), judge, event)


def _request(
    source: str,
    template: Template,
    tail: str,
    target: Target,
    params: Pairs,
    credits: int,
    fields: Mapping[str, FieldValue],
    judge: Judge,
    event: Event | None = None,
) -> SourceRequest:
    path = f"/v4/sports/{SPORT}/{tail}"
    if target.snapshot_at is not None:
        path, params = f"/v4/historical/sports/{SPORT}/{tail}", (*params, ("date", _iso(target.snapshot_at)))
    about = f"{source}/{event.event_id if event else target.day}"
    return SourceRequest(
        source=source,
        host=HOST,
        path=path,
        identity=f"{about}@{_iso(target.snapshot_at)}" if target.snapshot_at else about,
        day=target.day,
        judge=judge,
        template=template,
        name_fields=fields,
        documents=one_document,
        params=params,
        headers=(_JSON,),
        key=KEY,
        credits=credits,
        snapshot_at=target.snapshot_at,
        event=event,
    )


def quote_params(markets: tuple[str, ...]) -> Pairs:
    """Parameters of a request for the quotes of some markets."""
    return (
        ("regions", ",".join(REGIONS)),
        ("markets", ",".join(markets)),
        ("oddsFormat", "american"),
        ("dateFormat", "iso"),
    )


def quote_credits(markets: tuple[str, ...], snapshot_at: datetime | None) -> int:
    """Markets times regions, and ten times that for a past snapshot (the vendor's price list)."""
    return len(markets) * len(REGIONS) * (HISTORICAL_FACTOR if snapshot_at else 1)


def _bounds(day: date) -> Pairs:
    """The first and last second of an Eastern date, as the vendor writes instants."""
    start, end = eastern_instant(day, 0, 0), eastern_instant(day + timedelta(days=1), 0, 0)
    return (("commenceTimeFrom", _iso(start)), ("commenceTimeTo", _iso(end - timedelta(seconds=1))))


def _iso(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def judge_events(request: SourceRequest, body: bytes) -> Judgement:
    """Judge a list of events, with or without the historical envelope."""
    envelope, found = elements(body)
    if envelope is None and body.lstrip()[:1] != b"[":
        return Judgement(Verdict.MOVED_SCHEMA, "neither a list nor an envelope")
    for raw in found:
        event_of(raw)
    return judge_list(request, len(found))


def event_of(raw: bytes) -> Event | None:
    """The event in one element of a list; None unless both teams are NBA teams."""
    header = msgspec.json.decode(raw, type=EventHeader)
    home, away = teams.by_full_name(header.home_team), teams.by_full_name(header.away_team)
    if home is None or away is None:
        return None
    day = game_date_of(header.commence_time)
    return Event(header.id, day, away.tricode, home.tricode, header.commence_time)


def event_fields(event: Event) -> dict[str, FieldValue]:
    """The fields of the object name of a one-event document."""
    return {"date": event.game_date, "event_id": event.event_id, "away": event.away, "home": event.home}


def one_document(request: SourceRequest, answer: Answer, is_backfill: bool) -> tuple[Document, ...]:
    """The whole answer as one document. A historical envelope states when it was known."""
    at, known_by = _known(request, answer, is_backfill)
    return (named_document(request, request.identity, request.name_fields, answer.body, at, known_by),)


def document_per_event(request: SourceRequest, answer: Answer, is_backfill: bool) -> tuple[Document, ...]:
    """One document per event of a list, each enclosed in the list's envelope."""
    envelope, found = elements(answer.body)
    at, known_by = _known(request, answer, is_backfill=False)
    suffix = "".join(request.identity.partition("@")[1:])
    events = ((event_of(raw), raw) for raw in found)
    return tuple(
        named_document(
            request,
            f"{request.source}/{event.event_id}{suffix}",
            event_fields(event),
            enclosed(envelope, raw),
            at,
            known_by,
        )
        for event, raw in events
        if event is not None
    )


def _known(request: SourceRequest, answer: Answer, is_backfill: bool) -> tuple[datetime, str]:
    if request.snapshot_at is not None:
        return to_utc(msgspec.json.decode(answer.body, type=Stamped).timestamp), "envelope"
    return known_instant(answer, is_backfill)


def elements(body: bytes) -> tuple[dict[str, bytes] | None, tuple[bytes, ...]]:
    """The envelope's fields (None without one) and the elements, each byte for byte as in the body.

    `data` may be a list or one object. Among the envelope's fields it keeps its position, with empty bytes.

    Raises:
        msgspec.DecodeError: the body is neither a list nor an envelope.
    """
    if body.lstrip()[:1] == b"[":
        return None, tuple(bytes(raw) for raw in _LIST.decode(body))
    fields = {name: bytes(raw) for name, raw in _FIELDS.decode(body).items()}
    if "data" not in fields:
        return None, (body,)
    data = fields["data"]
    fields["data"] = b""
    return fields, (tuple(bytes(raw) for raw in _LIST.decode(data)) if data[:1] == b"[" else (data,))


def enclosed(envelope: dict[str, bytes] | None, element: bytes) -> bytes:
    """One element as a document, enclosed in the envelope's fields in their order."""
    if envelope is None:
        return element
    parts = (msgspec.json.encode(name) + b":" + (element if name == "data" else raw) for name, raw in envelope.items())
    return b"{" + b",".join(parts) + b"}"
