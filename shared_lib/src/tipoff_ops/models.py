"""The registered models of a running local cloud, and the one execution that puts one of them in force."""

import time
from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff_ops.local import ENVIRONMENT, REGION
from tipoff_ops.local_state import State
from tipoff_ops.queries import load
from tipoff_ops.season_warehouse import LocalEndpoints

WORKFLOW = "train"
SHORTEST_DIGEST = 12
GOING_ON = ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED")
LOOK_EVERY_S = 0.2


class Model(msgspec.Struct, frozen=True):
    """One registered model and its state now; `metrics_json` holds what the gate found."""

    model_id: str
    artefact_digest: str
    is_active: bool
    event: str
    event_reason: str | None
    recorded_at: datetime
    registered_at: datetime
    training_start_date: date
    training_cutoff_date: date
    training_rows: int
    library_versions: str
    metrics_json: str


class Refused(Exception):
    """The model was not put in force; the message says why."""


def registered(at: LocalEndpoints) -> list[Model]:
    """All models, newest first."""
    warehouse = Warehouse(at, ())
    found = warehouse.rows(load("registered_models"), {}, Model)
    warehouse.close()
    return found


def endpoints(state: State) -> LocalEndpoints:
    """Where the warehouse and the workflows of a running local cloud listen."""
    told = state.variables
    return LocalEndpoints(
        told["BIGQUERY_EMULATOR_HOST"],
        told["BIGQUERY_STORAGE_EMULATOR_HOST"],
        told["GOOGLE_CLOUD_PROJECT"],
        workflows_emulator_host=told["WORKFLOWS_EMULATOR_HOST"],
    )


def activate(at: LocalEndpoints, digest: str, reason: str) -> str:
    """Put a registered model in force by the workflow `train`, as `gcloud workflows run` would; its result as JSON.

    Raises:
        Refused: the workflow failed: no such model, or one that cannot be loaded here.
    """
    workflows = Workflows(at, REGION)
    execution = workflows.start(f"{WORKFLOW}-{ENVIRONMENT}", {"digest": digest, "reason": reason})
    while execution.state in GOING_ON:
        time.sleep(LOOK_EVERY_S)
        execution = workflows.look(execution.name)
    if execution.state != "SUCCEEDED":
        raise Refused(f"{execution.state}: {execution.error}")
    return execution.result
