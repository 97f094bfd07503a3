"""The words of collecting: a game to ask about, a request, an answer, a document to land."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

type Shape = Literal["json", "html", "pdf"]
type Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Game:
    """A scheduled game.

    Attributes:
        nba_game_id: ten digits.
        game_date: Eastern date.
        season: e.g. `2024-25`.
        away, home: tricodes; None while a side is not decided.
        tipoff_at: UTC; None while unset.
        is_final, is_postponed: what the newest schedule says.
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
    """An event of the odds vendor: hex id, Eastern date of its commence time, tricodes."""

    event_id: str
    game_date: date
    away: str
    home: str
    commence_at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, complete but for the key, which only the client adds.

    Attributes:
        source: the contract's source its document belongs to.
        host: where to; https.
        path, params, headers: as sent.
        secret: name of the key it needs, or None.
        credits: the most it may cost, in the vendor's credits.
        identity: which document it asks for; the same from run to run.
        day: Eastern date it is about.
        shape: what a good answer is.
        snapshot_at: the instant of a historical snapshot; None when it asks for the present.
        game, event: what it is about, for one-game and one-event documents.
        games: the date's games it is judged against.
        lands: False for an index, which is only followed.
    """

    source: str
    host: str
    path: str
    identity: str
    day: date
    params: Pairs = ()
    headers: Pairs = ()
    secret: str | None = None
    credits: int = 0
    shape: Shape = "json"
    snapshot_at: datetime | None = None
    game: Game | None = None
    event: Event | None = None
    games: tuple[Game, ...] = ()
    lands: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (lower-case names), the decoded body, when (UTC)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """Something to land.

    Attributes:
        object_name: by the contract's template.
        identity: of which the newest content hash is remembered.
        body: decoded bytes as received (a list's element with the list's envelope around it).
        known_at: the instant in the name, UTC.
        known_by: why that instant: `capture`, `last_modified` or `envelope`.
    """

    object_name: str
    identity: str
    body: bytes
    known_at: datetime
    known_by: str


class Verdict(StrEnum):
    """What an answer is, by name. Only `document` and `empty` have bytes worth landing."""

    DOCUMENT = "document"
    EMPTY = "empty"  # a list without entries on a day without games: normal
    UNCHANGED = "unchanged"
    NOT_THERE_YET = "not_there_yet"  # asked again in the next window; nobody's error
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
        """Whether asking again within seconds may help."""
        return self in (Verdict.RATE_LIMITED, Verdict.UNAVAILABLE, Verdict.TRUNCATED_BODY)

    @property
    def is_failure(self) -> bool:
        """Whether the source (or our way of asking) is at fault."""
        return self not in _NO_FAILURES


_NO_FAILURES = (Verdict.DOCUMENT, Verdict.EMPTY, Verdict.UNCHANGED, Verdict.NOT_THERE_YET, Verdict.POSTPONED)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and, for a person, what led to it; never a part of a URL or of a key."""

    verdict: Verdict
    detail: str = ""
