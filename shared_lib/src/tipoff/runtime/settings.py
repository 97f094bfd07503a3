"""What a function must be told before it starts: one frozen class per function, every field an environment variable.

A field's name upper-cased is its variable: `topic_raw_ready` is TOPIC_RAW_READY, a name that Terraform (or the local
cloud) resolved from mesh.yaml. Names have no defaults. Only the endpoints of a local cloud may be absent. The field
`secrets` holds every variable SECRET_*, by the rest of its name in lower case.
This is the only module that reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from tipoff.core.errors import ConfigInvalid

SECRET_PREFIX = "SECRET_"  # noqa: S105 - the beginning of a name


@dataclass(frozen=True)
class Endpoints:
    """Where a local cloud listens; all None in Google's cloud."""

    storage_emulator_host: str | None = None
    pubsub_emulator_host: str | None = None
    bigquery_emulator_host: str | None = None
    bigquery_storage_emulator_host: str | None = None
    workflows_emulator_host: str | None = None
    sources_emulator_host: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings(Endpoints):
    """What every function is told."""

    project_id: str
    project_number: str
    region: str
    environment: str
    release: str


@dataclass(frozen=True, kw_only=True)
class CollectSettings(Settings):
    """Names `collect` needs, and its secrets: Secret Manager's values, put into the environment by reference."""

    bucket_landing: str
    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_ops: str
    topic_alerts: str
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class IngestSettings(Settings):
    """Names `ingest` needs."""

    bucket_landing: str
    bucket_quarantine: str
    dataset_nba_landing: str
    dataset_nba_ops: str
    topic_raw_ready: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class AnalyzeSettings(Settings):
    """Names `analyze` needs."""

    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_ops: str
    topic_context_changed: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class PrecomputeSettings(Settings):
    """Names `precompute` needs."""

    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class PredictStartSettings(Settings):
    """Names `predict_start` needs."""

    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_prediction_request: str
    topic_alerts: str
    workflow_predict: str


@dataclass(frozen=True, kw_only=True)
class PredictSettings(Settings):
    """Names `predict` needs."""

    bucket_models: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_prediction_ready: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class GradeSettings(Settings):
    """Names `grade` needs."""

    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Settings):
    """Names `train` needs."""

    bucket_models: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class PublishSettings(Settings):
    """Names `publish` needs."""

    bucket_public: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_alerts: str


@dataclass(frozen=True, kw_only=True)
class ReprocessSettings(Settings):
    """Names `reprocess` needs."""

    bucket_landing: str
    bucket_state: str
    dataset_nba_ops: str
    topic_landing_objects: str
    topic_alerts: str
    workflow_reprocess: str


@dataclass(frozen=True, kw_only=True)
class ReconcileSettings(Settings):
    """Names `reconcile` needs."""

    bucket_state: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str
    dataset_nba_ops: str
    topic_alerts: str
    workflow_daily: str
    workflow_postgame: str


@dataclass(frozen=True, kw_only=True)
class DeadLetterSettings(Settings):
    """Names `dead_letter` needs."""

    dataset_nba_ops: str
    topic_alerts: str


def environment() -> Mapping[str, str]:
    """The process environment."""
    return os.environ


def load[S: Settings](kind: type[S], variables: Mapping[str, str] | None = None) -> S:
    """Read one function's settings.

    Args:
        kind: the settings class.
        variables: the environment to read; the process's own when None.

    Raises:
        ConfigInvalid: names are missing or empty; the message lists every one of them.
    """
    found = environment() if variables is None else variables
    values: dict[str, Any] = {field.name: found.get(field.name.upper(), "") for field in fields(kind)}
    if "secrets" in values:
        values["secrets"] = _secrets(found)
    required = {field.name for field in fields(kind) if field.default is MISSING}
    missing = sorted(name.upper() for name in required if not values[name])
    if missing:
        raise ConfigInvalid("missing_settings", f"{kind.__name__} lacks {', '.join(missing)}")
    return kind(**{name: value or None for name, value in values.items()})  # type: ignore[arg-type]


def _secrets(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(SECRET_PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(SECRET_PREFIX) and value
    }
