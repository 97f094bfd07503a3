"""Typed messages of the topics and of requests between functions. Eastern dates are ISO text in JSON."""

from datetime import date, datetime

import msgspec

# The event type of a Replay. The bucket's own is OBJECT_FINALIZE.
REPLAY = "OBJECT_REPLAY"


class ObjectFinalized(msgspec.Struct, frozen=True):
    """An object landed. Readers read this generation of it."""

    bucket: str
    name: str
    generation: int


class LandedObject(msgspec.Struct, frozen=True):
    """An object of the landing bucket to ingest again."""

    name: str
    generation: int
    size_bytes: int


class Replay(msgspec.Struct, frozen=True):
    """Objects to ingest again. `ingest` treats them as if they had just landed."""

    objects: tuple[LandedObject, ...]


class RawReady(msgspec.Struct, frozen=True):
    """Rows of `game_dates` were appended to `tables` from one object."""

    tables: tuple[str, ...]
    game_dates: tuple[date, ...]
    source_object: str
    source_generation: int


class ContextChanged(msgspec.Struct, frozen=True):
    """The inputs of some teams' games of a date changed. `digest` identifies their new state."""

    game_date: date
    team_abbrs: tuple[str, ...]
    digest: str
    as_of: datetime


class PredictionRequest(msgspec.Struct, frozen=True):
    """The players to predict: one chunk of a batch."""

    batch_id: str
    game_date: date
    as_of: datetime
    lead_minutes: int
    player_ids: tuple[int, ...]


class PredictionReady(msgspec.Struct, frozen=True):
    """A chunk is committed."""

    batch_id: str
    game_date: date
    players_predicted: int
    players_skipped: int
    rows_out: int


class Alert(msgspec.Struct, frozen=True):
    """A problem that needs a person. Sent once per incident."""

    kind: str
    subject: str
    message: str


class PredictArgument(msgspec.Struct, frozen=True):
    """Argument of the predict workflow."""

    game_date: date
    as_of: datetime | None = None
    lead_minutes: int | None = None
    digest: str | None = None
    force: bool = False
