"""The clients, the requests and the answers of `collect`."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from tipoff import sources
from tipoff.cloud.http import is_reachable
from tipoff.cloud.locks import Locks
from tipoff.core.collect.model import Key
from tipoff.core.errors import ConfigInvalid
from tipoff.runtime.settings import CollectSettings
from tipoff.steps.ops import Clock, utc_now
from tipoff.steps.wiring import StateWiring, client

NO_KEY = "none"  # the value of a key whose source is not collected
LEASE_WAIT_S = 5.0
REQUESTS_MAX, CREDITS_MAX = 400, 60

type Amount = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
type CollectOutcome = Literal[
    "ok",
    "partial",
    "no_games",
    "not_there_yet",
    "not_configured",
    "fresh",
    "failed",
    "over_budget",
    "quota_exhausted",
    "circuit_open",
]
FAILED: tuple[CollectOutcome, ...] = ("failed", "over_budget", "quota_exhausted", "circuit_open")


class Collect(msgspec.Struct, frozen=True):
    """Body of `/collect`.

    source, game_date: which source, which Eastern date.
    games: NBA ids it is limited to; empty for all games of the date.
    snapshot_at: fetch the odds as they stood then (historical endpoints, ten times the price).
    backfill: a past date. Every injury report of it is fetched; a document counts as known since its Last-Modified.
    max_requests, max_credits: the most that the run may spend.
    max_age_minutes: nothing is fetched if a run for the same target ended well so recently.
    ingest_wait_s: how long to wait until ingest has processed what landed.
    as_of: the present instant, in a local cloud only; elsewhere the clock decides.
    """

    source: str
    game_date: date
    games: tuple[str, ...] = ()
    snapshot_at: datetime | None = None
    backfill: bool = False
    dry_run: bool = False
    force: bool = False
    max_requests: Amount = REQUESTS_MAX
    max_credits: Amount = CREDITS_MAX
    max_age_minutes: Amount = 0
    ingest_wait_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 60.0
    as_of: datetime | None = None


class VerdictCount(msgspec.Struct, frozen=True):
    """Answers of one kind, with the first of them."""

    verdict: str
    answers: int
    example: str | None


class PlannedRequest(msgspec.Struct, frozen=True):
    """A request of a dry run; it holds no key."""

    host: str
    path: str
    params: dict[str, str]
    credits: int


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run; `code` is the outcome in upper case."""

    status: Literal["completed", "failed", "planned"]
    outcome: CollectOutcome | Literal["planned"]
    code: str
    source: str
    game_date: date
    required: bool = False
    games: int = 0
    landed: tuple[str, ...] = ()
    unchanged: int = 0
    pending: int = 0
    missing: tuple[str, ...] = ()
    verdicts: tuple[VerdictCount, ...] = ()
    requests: int = 0
    credits: int = 0
    credits_left: int | None = None
    message: str | None = None
    plan: tuple[PlannedRequest, ...] = ()


class CollectWiring(StateWiring[CollectSettings]):
    """The clients of `collect`, and what depends on its keys.

    Attributes:
        keys: API keys by their names.

    Raises:
        ConfigInvalid: `missing_keys`, a source's key is not among the secrets; the message lists every one.
    """

    def __init__(self, settings: CollectSettings, clock: Clock = utc_now) -> None:
        super().__init__(settings, clock)
        missing = sorted({key.name for key in sources.KEYS} - settings.secrets.keys())
        if missing:
            raise ConfigInvalid("missing_keys", f"mesh.yaml gives collect no secret for {', '.join(missing)}")
        self.keys = {name: value.strip() for name, value in settings.secrets.items()}

    @client
    def locks(self) -> Locks:
        """The locks of the state bucket; a run waits only a few seconds for another one's."""
        return Locks(self.store, self.settings.bucket_state, self.clock, LEASE_WAIT_S)

    @property
    def is_local(self) -> bool:
        """Whether this is a local cloud, whose callers may set the clock."""
        return self.settings.storage_emulator_host is not None

    def is_configured(self, key: Key | None) -> bool:
        """Whether a source can be asked: it is reachable, and its key is not `none`."""
        return is_reachable(self.settings) and (key is None or self.keys[key.name] != NO_KEY)
