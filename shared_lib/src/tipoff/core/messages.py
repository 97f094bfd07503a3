"""What travels on topics and in requests between functions, typed; Eastern dates are ISO text on the wire."""

from datetime import date, datetime

import msgspec

# The event type of a Replay, beside the bucket's own OBJECT_FINALIZE.
REPLAY = "OBJECT_REPLAY"


class ObjectFinalized(msgspec.Struct, frozen=True):
    """An object landed: bucket, name and the generation to read it at."""

    bucket: str
    name: str
    generation: int


class LandedObject(msgspec.Struct, frozen=True):
    """An object of the landing bucket to take in once more."""

    name: str
    generation: int
    size_bytes: int


class Replay(msgspec.Struct, frozen=True):
    """Objects that landed before, announced again: `ingest` takes them in as if they had just landed."""

    objects: tuple[LandedObject, ...]


class RawReady(msgspec.Struct, frozen=True):
    """Rows of `game_dates` were appended to `tables` from one object."""

    tables: tuple[str, ...]
    game_dates: tuple[date, ...]
    source_object: str
    source_generation: int


class ContextChanged(msgspec.Struct, frozen=True):
    """What is known of some teams' games of a date changed; `digest` names the new state of knowledge."""

    game_date: date
    team_abbrs: tuple[str, ...]
    digest: str
    as_of: datetime


class PredictionRequest(msgspec.Struct, frozen=True):
    """A chunk of one batch: predict these players."""

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
    """Something a person should look at, once per incident."""

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
