"""The steps of `train`: fit a bundle and activate it if it is not worse, or activate another registered bundle."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from tipoff import tables
from tipoff.cloud.arrow import ArrowReader
from tipoff.core.errors import Conflict, ContractViolation, NotFound, NotReady
from tipoff.core.models import SYSTEM_ID, ModelEvent, model_id
from tipoff.forecast.boosting import DETERMINISTIC
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.gate import GateDecision, GateFigures, judge, judged_rows, refused_by, wires
from tipoff.forecast.training import FoldCache, TrainingTable, fit_bundle, training_start
from tipoff.runtime.settings import TrainSettings
from tipoff.steps.models.store import ModelWiring
from tipoff.steps.models.training_table import read_rows, training_table
from tipoff.steps.queries import load
from tipoff.tables.features import FEATURE_VERSION

GATE_DAYS = 28


class Train(msgspec.Struct, frozen=True):
    """Body of `/train`: the rows before `cutoff_date` are read as they were known at `as_of` (by default, now).

    If `activate` is false, the model is stored and registered, but not activated.
    """

    cutoff_date: date
    as_of: datetime | None = None
    activate: bool = True


class Activate(msgspec.Struct, frozen=True):
    """Body of `/activate`: the sha256 of a registered model, or at least its first twelve digits, and the reason."""

    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12,64}$")]
    reason: str = "by hand"


class Trained(msgspec.Struct, frozen=True):
    """The answer to both requests."""

    outcome: Literal["activated", "rejected", "kept"]
    model_id: str
    digest: str
    reason: str
    training_rows: int
    judged: GateFigures | None = None
    status: str = "completed"


def train(context: ModelWiring[TrainSettings], request: Train) -> Trained:
    """Fit a model, store it, judge it by the promotion gate, and register the result.

    Raises:
        NotReady: the feature store has too few rows before the cutoff.
    """
    as_of = request.as_of or context.clock()
    table = _table(context, request.cutoff_date, as_of)
    cache = FoldCache()
    bundle = fit_bundle(table, request.cutoff_date, cache)
    decision = _decide(context, table, request.cutoff_date, as_of, cache)
    _keep(context, bundle, decision)
    trained = _event(context, bundle, decision, as_of)
    outcome = _outcome(request, decision)
    events = [trained]
    if outcome != "kept":
        events.append(replace(trained, event=outcome, event_reason=decision.reason))
    context.warehouse.append(tables.get("model_registry_log"), events)
    if outcome == "rejected":
        kind = "tripwire" if decision.reason.startswith("tripwire:") else "model_rejected"
        context.ops.alert(kind, trained.model_id, f"{trained.model_id}: {decision.reason}")
    return Trained(outcome, trained.model_id, bundle.digest, decision.reason, bundle.rows, decision.judged)


def _outcome(request: Train, decision: GateDecision) -> Literal["activated", "rejected", "kept"]:
    if not request.activate:
        return "kept"
    return "activated" if decision.promoted else "rejected"


def activate(context: ModelWiring[TrainSettings], request: Activate) -> Trained:
    """Activate a registered model from now on. This is also how to roll back.

    Raises:
        NotFound: no registered model has that digest, or several do.
    """
    found = context.warehouse.rows(load("models/registered_model"), {"digest": request.digest}, ModelEvent)
    if len({event.artefact_digest for event in found}) != 1:
        raise NotFound("no_such_model", f"{len(found)} models are registered under {request.digest}")
    event = replace(
        found[0],
        event="activated",
        event_reason=request.reason,
        recorded_at=context.clock(),
        release=context.settings.release,
    )
    context.models.load(event.artefact_uri, event.artefact_digest)
    context.warehouse.append(tables.get("model_registry_log"), [event])
    return Trained("activated", event.model_id, event.artefact_digest, request.reason, event.training_rows)


def _table(context: ModelWiring[TrainSettings], cutoff: date, as_of: datetime) -> TrainingTable:
    first, last = training_start(cutoff), cutoff - timedelta(days=1)
    return training_table(read_rows(ArrowReader(context.settings), first, last, as_of))


def _decide(
    context: ModelWiring[TrainSettings], table: TrainingTable, cutoff: date, as_of: datetime, cache: FoldCache
) -> GateDecision:
    """The decision of the gate, on weeks that neither the twin nor the incumbent was trained on."""
    try:
        incumbent = context.models.bundle_for(cutoff, as_of)
    except ContractViolation as error:
        return GateDecision(True, f"incumbent_refused:{error.code}")
    read_until = incumbent.trained_before or date.min
    first = max(cutoff - timedelta(days=GATE_DAYS), read_until)
    try:
        twin = fit_bundle(table, first, cache)
    except NotReady:
        return GateDecision(True, "too_few_rows_to_judge")
    rows = judged_rows(table, first, cutoff)
    return refused_by(wires(table, rows, twin), judge(rows, twin, incumbent if incumbent.parts else None))


def _keep(context: ModelWiring[TrainSettings], bundle: ModelBundle, decision: GateDecision) -> None:
    """Store the bundle and its figures under its digest. An existing object has the same bytes and stays."""
    for name, data in ((_object(bundle.digest), bundle.to_bytes()), (_figures(bundle.digest), _metrics(decision))):
        try:
            context.store.write(context.settings.bucket_models, name, data, if_generation=0)
        except Conflict:
            continue


def _object(digest: str) -> str:
    return f"bundles/{digest}.json"


def _figures(digest: str) -> str:
    return f"bundles/{digest}.metrics.json"


def _metrics(decision: GateDecision) -> bytes:
    return msgspec.json.encode(decision, order="sorted")


def _event(
    context: ModelWiring[TrainSettings], bundle: ModelBundle, decision: GateDecision, as_of: datetime
) -> ModelEvent:
    """The `trained` event. It is valid from the as-of instant, so that a replay of that day can use the model."""
    return ModelEvent(
        model_id=model_id(bundle.digest),
        system_id=SYSTEM_ID,
        artefact_uri=_object(bundle.digest),
        artefact_digest=bundle.digest,
        feature_version=FEATURE_VERSION,
        feature_names=bundle.feature_names,
        library_versions=json.dumps(bundle.libraries, sort_keys=True),
        training_start_date=bundle.train_from or date.min,
        training_cutoff_date=(bundle.trained_before or date.max) - timedelta(days=1),
        training_rows=bundle.rows,
        seed=int(str(DETERMINISTIC["seed"])),
        metrics_json=_metrics(decision).decode(),
        release=context.settings.release,
        event="trained",
        event_reason=None,
        recorded_at=as_of,
    )
