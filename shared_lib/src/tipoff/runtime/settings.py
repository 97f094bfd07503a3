"""The settings of each function: one frozen class per function, with an environment variable per field.

The variable is the field's name in upper case: Terraform or the local cloud sets TOPIC_RAW_READY for `topic_raw_ready`,
from mesh.yaml. There are no defaults. Only the endpoints of a local cloud may be missing. The field `secrets` has all
variables SECRET_*, by the rest of their names in lower case. Only this module reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from tipoff.core.errors import ConfigInvalid

SECRET_PREFIX = "SECRET_"  # noqa: S105 - a prefix of names


@dataclass(frozen=True)
class Endpoints:
    """The endpoints of a local cloud, and the access token of the function's account there. None in Google Cloud."""

    storage_emulator_host: str | None = None
    pubsub_emulator_host: str | None = None
    bigquery_emulator_host: str | None = None
    bigquery_storage_emulator_host: str | None = None
    workflows_emulator_host: str | None = None
    sources_emulator_host: str | None = None
    emulator_access_token: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings(Endpoints):
    """The settings that all functions share."""

    project_id: str
    project_number: str
    region: str
    environment: str
    release: str


@dataclass(frozen=True, kw_only=True)
class FunctionSettings(Settings):
    """Names that every deployed function needs.

    Attributes:
        threads: how many requests an instance answers at once. functions-framework reads the same variable.
    """

    function: ClassVar[str]  # its key in mesh.yaml
    threads: int
    dataset_nba_ops: str

    @property
    def alerts(self) -> str | None:
        """The topic of alerts; None for a function that raises none."""
        return None

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that the function was granted."""
        return tuple(getattr(self, field.name) for field in fields(self) if field.name.startswith("dataset_"))


@dataclass(frozen=True, kw_only=True)
class AlertSettings(FunctionSettings):
    """Names of a function that raises alerts, as every function does that is called by a push subscription."""

    topic_alerts: str

    @property
    def alerts(self) -> str | None:
        """The topic of alerts."""
        return self.topic_alerts


@dataclass(frozen=True, kw_only=True)
class StateSettings(FunctionSettings):
    """Names of a function that keeps locks or other objects in the state bucket."""

    bucket_state: str


@dataclass(frozen=True, kw_only=True)
class ModelSettings(FunctionSettings):
    """Names of a function that reads trained models."""

    bucket_models: str


@dataclass(frozen=True, kw_only=True)
class CollectSettings(StateSettings, AlertSettings):
    """Names `collect` needs, and its secrets: Secret Manager's values, put into the environment by reference."""

    function = "collect"
    bucket_landing: str
    dataset_nba_raw: str
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class IngestSettings(AlertSettings):
    """Names `ingest` needs."""

    function = "ingest"
    bucket_landing: str
    bucket_quarantine: str
    dataset_nba_landing: str
    topic_raw_ready: str


@dataclass(frozen=True, kw_only=True)
class AnalyzeSettings(StateSettings, AlertSettings):
    """Names `analyze` needs."""

    function = "analyze"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    topic_context_changed: str


@dataclass(frozen=True, kw_only=True)
class PrecomputeSettings(StateSettings):
    """Names `precompute` needs."""

    function = "precompute"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str


@dataclass(frozen=True, kw_only=True)
class PredictStartSettings(StateSettings, AlertSettings):
    """Names `predict_start` needs."""

    function = "predict_start"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str
    topic_prediction_request: str
    workflow_predict: str


@dataclass(frozen=True, kw_only=True)
class PredictSettings(ModelSettings, AlertSettings):
    """Names `predict` needs."""

    function = "predict"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str
    topic_prediction_ready: str


@dataclass(frozen=True, kw_only=True)
class GradeSettings(StateSettings):
    """Names `grade` needs."""

    function = "grade"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str


@dataclass(frozen=True, kw_only=True)
class TrainSettings(ModelSettings, AlertSettings):
    """Names `train` needs."""

    function = "train"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str


@dataclass(frozen=True, kw_only=True)
class PublishSettings(FunctionSettings):
    """Names `publish` needs."""

    function = "publish"
    bucket_public: str
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_predictions: str


@dataclass(frozen=True, kw_only=True)
class ReprocessSettings(StateSettings):
    """Names `reprocess` needs."""

    function = "reprocess"
    bucket_landing: str
    topic_landing_objects: str
    workflow_reprocess: str


@dataclass(frozen=True, kw_only=True)
class ReconcileSettings(StateSettings, AlertSettings):
    """Names `reconcile` needs."""

    function = "reconcile"
    dataset_nba_raw: str
    dataset_nba_analytics: str
    dataset_nba_precompute: str
    dataset_nba_predictions: str
    bucket_landing: str
    topic_landing_objects: str
    workflow_collect: str
    workflow_daily: str
    workflow_postgame: str
    workflow_reconcile: str


@dataclass(frozen=True, kw_only=True)
class DeadLetterSettings(AlertSettings):
    """Names `dead_letter` needs."""

    function = "dead_letter"


def environment() -> Mapping[str, str]:
    """The process environment."""
    return os.environ


def load[S: Settings](kind: type[S], variables: Mapping[str, str] | None = None) -> S:
    """Read one function's settings.

    Args:
        kind: the settings class.
        variables: the environment; None for that of the process.

    Raises:
        ConfigInvalid: settings are missing or empty (the message lists all of them), or THREADS is no number.
    """
    found = environment() if variables is None else variables
    values: dict[str, Any] = {field.name: found.get(field.name.upper(), "") for field in fields(kind)}
    if "secrets" in values:
        values["secrets"] = _secrets(found)
    required = {field.name for field in fields(kind) if field.default is MISSING}
    missing = sorted(name.upper() for name in required if not values[name])
    if missing:
        raise ConfigInvalid("missing_settings", f"{kind.__name__} lacks {', '.join(missing)}")
    if "threads" in values:
        values["threads"] = _whole_number("THREADS", values["threads"])
    return kind(**{name: value or None for name, value in values.items()})  # type: ignore[arg-type]


def _whole_number(name: str, value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ConfigInvalid("bad_setting", f"{name} is {value!r}, and must be a whole number of at least 1")
    return int(value)


def _secrets(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(SECRET_PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(SECRET_PREFIX) and value
    }
