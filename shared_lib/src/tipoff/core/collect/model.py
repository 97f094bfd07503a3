"""The types of collection: target, request, answer, judgement and document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from tipoff.core.contracts.routes import FieldValue, Template

type Shape = Literal["json", "html", "pdf"]
type Pairs = tuple[tuple[str, str], ...]
type Judge = Callable[[SourceRequest, bytes], Judgement]
type DocumentsOf = Callable[[SourceRequest, Answer, bool], tuple[Document, ...]]


@dataclass(frozen=True, slots=True)
class Host:
    """A server of a source.

    Attributes:
        name: its DNS name.
        min_interval_s: least number of seconds between two requests to it.
        forbids_absent: it answers 403 with the XML error AccessDenied, not 404, for a file that does not exist.
    """

    name: str
    min_interval_s: float
    forbids_absent: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """An API key: the name of its secret, and the query parameter or header that carries it."""

    name: str
    query_parameter: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Game:
    """A scheduled game.

    Attributes:
        nba_game_id: ten digits.
        game_date: Eastern date.
        season: for example `2024-25`.
        away, home: tricodes; None while a side is not decided.
        tipoff_at: UTC; None while it is not set.
        is_final, is_postponed: by the newest schedule.
    """

    nba_game_id: str
    game_date: date
    season: str
    away: str | None
    home: str | None
    tipoff_at: datetime | None
    is_final: bool = False
    is_postponed: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the odds vendor: hex id, Eastern date of its start, tricodes."""

    event_id: str
    game_date: date
    away: str
    home: str
    commence_at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """What a run fetches from one source.

    Attributes:
        source: name of the source.
        day: Eastern date.
        games: the date's games by the newest schedule.
        now: the present instant.
        snapshot_at: fetch the odds as of this instant; None for the present.
        is_backfill: for a past date. Every injury report of the date is fetched, and the Last-Modified of a document
            is the instant at which it was known.
        only: NBA ids of the games to fetch; empty for all.
    """

    source: str
    day: date
    games: tuple[Game, ...]
    now: datetime
    snapshot_at: datetime | None = None
    is_backfill: bool = False
    only: frozenset[str] = frozenset()

    @property
    def chosen(self) -> tuple[Game, ...]:
        """The games to fetch."""
        return tuple(game for game in self.games if not self.only or game.nba_game_id in self.only)


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """One GET request. It is complete except for the key, which the client adds.

    Attributes:
        source: the source its document belongs to.
        host: the server; the scheme is https.
        path, params, headers: as sent.
        identity: identifies the document; the same in every run.
        day: Eastern date of the document.
        judge: judges the content of an answer with a good status and shape. It may raise msgspec.DecodeError.
        template: of the object name; None for an index, which does not land.
        name_fields: the template's fields, without `ts`.
        documents: makes several documents of an answer, or reads their instant from it; None for one document.
        key: the API key it needs, or None.
        credits: the most it may cost, in the vendor's credits.
        shape: the format of a good answer.
        snapshot_at: instant of a historical snapshot; None for the present.
        game, event: for documents of one game or one event.
        games: the date's games; the answer is judged against them.
        exists: the file or endpoint always exists, so an answer that it does not is a refusal.
    """

    source: str
    host: Host
    path: str
    identity: str
    day: date
    judge: Judge
    template: Template | None = None
    name_fields: Mapping[str, FieldValue] = field(default_factory=dict)
    documents: DocumentsOf | None = None
    params: Pairs = ()
    headers: Pairs = ()
    key: Key | None = None
    credits: int = 0
    shape: Shape = "json"
    snapshot_at: datetime | None = None
    game: Game | None = None
    event: Event | None = None
    games: tuple[Game, ...] = ()
    exists: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers (lower-case names), decoded body, and when it was received (UTC)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A document to land.

    Attributes:
        object_name: from its source's template.
        identity: the state bucket keeps the newest content hash of each identity.
        body: decoded bytes as received. An element of a list is enclosed in the list's envelope.
        known_at: the instant in the name, UTC.
        known_by: origin of that instant: `capture`, `last_modified` or `envelope`.
    """

    object_name: str
    identity: str
    body: bytes
    known_at: datetime
    known_by: str


class Verdict(StrEnum):
    """The verdict on an answer. Only a `document` lands."""

    DOCUMENT = "document"
    EMPTY = "empty"  # normal: an empty list on a day without games
    UNCHANGED = "unchanged"
    NOT_THERE_YET = "not_there_yet"  # normal: the next window sends the request again
    POSTPONED = "postponed"
    EMPTY_ON_GAME_DAY = "empty_on_game_day"
    ERROR_PAGE = "error_page"
    TRUNCATED_BODY = "truncated_body"
    MOVED_SCHEMA = "moved_schema"
    KEY_REFUSED = "key_refused"
    REQUEST_REFUSED = "request_refused"
    QUOTA_EXHAUSTED = "quota_exhausted"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TOO_LARGE = "too_large"

    @property
    def is_retryable(self) -> bool:
        """Whether a retry within seconds may help."""
        return self in (Verdict.RATE_LIMITED, Verdict.UNAVAILABLE, Verdict.TRUNCATED_BODY)

    @property
    def is_failure(self) -> bool:
        """Whether the source or our request is at fault."""
        return self not in _NO_FAILURES


_NO_FAILURES = (Verdict.DOCUMENT, Verdict.EMPTY, Verdict.UNCHANGED, Verdict.NOT_THERE_YET, Verdict.POSTPONED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and a detail for people. The detail never contains a part of a URL or of a key."""

    verdict: Verdict
    detail: str = ""
