"""Events of trained models. Columns as in `tables/nba_predictions/model_registry_log`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

type ModelEventName = Literal["trained", "activated", "rejected"]

SYSTEM_ID = "bundle"


@dataclass(frozen=True)
class ModelEvent:
    """What happened to one model: it was trained, then put in force or refused; an earlier one is put in force again.

    `training_cutoff_date` is the last Eastern game date it was trained on; `artefact_uri` an object of the models
    bucket, `artefact_digest` the sha256 of its bytes.
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
    """The short name of a model: what it is and the beginning of its digest."""
    return f"{SYSTEM_ID}-{digest[:16]}"
