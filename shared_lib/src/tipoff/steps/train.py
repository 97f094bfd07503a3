"""Train: one bundle from everything known before a cutoff, put in force if it is not worse; or an earlier one again."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.arrow import ArrowReader
from tipoff.core.errors import Conflict, ContractViolation, NotFound, NotReady
from tipoff.core.models import SYSTEM_ID, ModelEvent, model_id
from tipoff.forecast.boosting import DETERMINISTIC
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.gate import GateDecision, GateFigures, judge, judged_rows
from tipoff.forecast.training import FoldCache, TrainingTable, fit_bundle
from tipoff.runtime.settings import TrainSettings
from tipoff.steps.models.store import ModelWiring
from tipoff.steps.models.training_table import read_rows, training_table
from tipoff.steps.queries import load
from tipoff.tables.features import FEATURE_VERSION

YEARS_READ = 5
GATE_DAYS = 28


class Train(msgspec.Struct, frozen=True):
    """Body of `/train`: rows before `cutoff_date` are read as known at `as_of` (now).

    With `activate` false the model is kept and registered, and nothing is put in force.
    """

    cutoff_date: date
    as_of: datetime | None = None
    activate: bool = True


class Activate(msgspec.Struct, frozen=True):
    """Body of `/activate`: the sha256 (or at least its first twelve digits) of a registered model, and why."""

    digest: str
    reason: str = "by hand"


class Trained(msgspec.Struct, frozen=True):
    """The answer to both calls."""

    outcome: Literal["activated", "rejected", "kept"]
    model_id: str
    digest: str
    reason: str
    training_rows: int
    judged: GateFigures | None = None
    status: str = "completed"


def train(context: ModelWiring[TrainSettings], request: Train) -> Trained:
    """Fit, keep, judge, register.

    Raises:
        NotReady: the feature store holds too few rows before the cutoff.
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
        context.ops.alert("model_rejected", trained.model_id, f"{trained.model_id}: {decision.reason}")
    return Trained(outcome, trained.model_id, bundle.digest, decision.reason, bundle.rows, decision.judged)


def _outcome(request: Train, decision: GateDecision) -> Literal["activated", "rejected", "kept"]:
    if not request.activate:
        return "kept"
    return "activated" if decision.promoted else "rejected"


def activate(context: ModelWiring[TrainSettings], request: Activate) -> Trained:
    """Put a registered model in force from now on: how one rolls back.

    Raises:
        NotFound: no model, or more than one, of that digest is registered.
    """
    if len(request.digest) < 12:
        raise NotFound("no_such_model", f"{request.digest!r} is too short to name a model")
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
    first = cutoff.replace(year=cutoff.year - YEARS_READ, day=1)
    return training_table(read_rows(ArrowReader(context.settings), first, cutoff - timedelta(days=1), as_of))


def _decide(
    context: ModelWiring[TrainSettings], table: TrainingTable, cutoff: date, as_of: datetime, cache: FoldCache
) -> GateDecision:
    """The gate's word on weeks that neither the twin nor the incumbent has read."""
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
    return judge(judged_rows(table, first, cutoff), twin, incumbent if incumbent.parts else None)


def _keep(context: ModelWiring[TrainSettings], bundle: ModelBundle, decision: GateDecision) -> None:
    """Write bytes and figures under the digest, once: the same bytes are there already or not at all."""
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
    """The `trained` event. It counts from the as-of instant on: that is what a replay of that day may use."""
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
