"""Events of trained models, with the columns of `tables/nba_predictions/model_registry_log`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

type ModelEventName = Literal["trained", "activated", "rejected"]

SYSTEM_ID = "bundle"


@dataclass(frozen=True)
class ModelEvent:
    """One event of a model: it was trained, activated (for a rollback, again) or rejected.

    `training_cutoff_date` is the last Eastern game date of its training rows. `artefact_uri` names an object of the
    models bucket; `artefact_digest` is the sha256 of its bytes.
    """

    model_id: str
    system_id: str
    artefact_uri: str
    artefact_digest: str
    feature_version: str
    feature_names: tuple[str, ...]
    library_versions: str
    training_start_date: date
    training_cutoff_date: date
    training_rows: int
    seed: int
    metrics_json: str
    release: str
    event: ModelEventName
    event_reason: str | None
    recorded_at: datetime


def model_id(digest: str) -> str:
    """The short name of a model, with the first 16 digits of its digest."""
    return f"{SYSTEM_ID}-{digest[:16]}"
