"""The Odds API event list. Row-wise. An empty list is normal on a day without games."""

from datetime import date, datetime
from typing import Any

from tipoff.core.codes import Reason
from tipoff.core.collect import odds_api
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.model import SourceRequest, Target
from tipoff.core.contracts import decoding
from tipoff.core.contracts.odds_event import Envelope, EventHeader, Snapshot, is_envelope, meeting, snapshot
from tipoff.core.contracts.results import Content, Reject, Row, RowRefused, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source

OBJECT_NAME = Template("odds-api/events/{date}/{ts}.json")
PARSE_SEQ = 1


class EventRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of odds_api_events."""

    odds_api_event_id: str
    requested_date: date
    snapshot_timestamp: datetime
    previous_snapshot_timestamp: datetime | None
    next_snapshot_timestamp: datetime | None
    sport_key: str
    sport_title: str | None
    commence_time: datetime
    game_date: date
    home_team: str
    away_team: str
    home_team_abbr: str
    away_team_abbr: str
    data_source: str


def parse(route: Route, body: bytes) -> Content:
    """Rows of odds_api_events: one per listed event.

    Raises:
        DocumentRefused: any code of the envelope.
    """
    tree = decoding.check_json(body)
    envelope = decoding.typed(tree, Envelope[list[Any]]) if is_envelope(tree) else None
    events = envelope.data if envelope else decoding.typed(tree, list[Any])
    seen = snapshot(route, envelope)
    rows: dict[str, EventRow] = {}
    rejects: list[Reject] = []
    for index, raw in enumerate(events):
        try:
            row = _row(route, seen, decoding.convert(raw, EventHeader))
            if row.odds_api_event_id in rows:
                raise RowRefused(Reason.DUPLICATE_KEY, "id", row.odds_api_event_id, "an event is listed once")
            rows[row.odds_api_event_id] = row
        except RowRefused as refusal:
            rejects.append(refusal.at(f"$.data[{index}]" if envelope else f"$[{index}]", index))
    note = None if events else Reason.EMPTY_LIST
    return Content((TableRows("odds_api_events", tuple(rows.values())),), seen.at, tuple(rejects), note)


def _row(route: Route, seen: Snapshot, event: EventHeader) -> EventRow:
    if route.day is None:
        raise ValueError("the name of an event list has the requested date")
    if len(event.id) != 32 or not set(event.id) <= set("0123456789abcdef"):
        raise RowRefused(Reason.SCHEMA, "id", event.id, "an event id is 32 hex characters")
    game = meeting(event)
    return EventRow(
        odds_api_event_id=event.id,
        requested_date=route.day,
        snapshot_timestamp=seen.at,
        previous_snapshot_timestamp=seen.previous_at,
        next_snapshot_timestamp=seen.next_at,
        sport_key=event.sport_key,
        sport_title=event.sport_title,
        commence_time=game.commence_at,
        game_date=game.game_date,
        home_team=event.home_team,
        away_team=event.away_team,
        home_team_abbr=game.home,
        away_team_abbr=game.away,
        data_source=seen.source,
    )


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The events of one date. The request is free; for a past snapshot it costs one credit."""
    params, credits = (("dateFormat", "iso"),), 1 if target.snapshot_at else 0
    return (odds_api.list_request("odds_api_events", OBJECT_NAME, "events", target, params, credits),)


SOURCE = Source(
    name="odds_api_events",
    object_names=(
        OBJECT_NAME,
        Template("odds-api/events-history/{date}/{ts}.json", historical=True),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(
        host=odds_api.HOST,
        first_requests=requests,
        key=odds_api.KEY,
        has_snapshots=True,
    ),
)
