"""`tipoff model ls | activate` against the running functions: rollback is one command, and refuses what cannot load."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.storage import ObjectStore
from tipoff.core.models import SYSTEM_ID, ModelEvent, model_id
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.versions import FEATURE_NAMES, library_versions
from tipoff_ops.cli import app
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.folder import CloudFolder
from tipoff_ops.local.state import state_of

# Training cutoffs before any date that other tests predict: they share the registry.
FIRST = date(1999, 1, 4)
EARLIER, LATER, FOREIGN = (
    ModelBundle(
        train_from=date(1998, 1, 1), trained_before=FIRST + timedelta(weeks=week), rows=1000 + week,
        feature_names=FEATURE_NAMES, libraries=library_versions() | changed,
    )
    for week, changed in ((0, {}), (1, {}), (2, {"lightgbm": "0.0.1"}))
)  # fmt: skip

pytestmark = pytest.mark.timeout(300)


def event(bundle: ModelBundle, kind: str, minute: int) -> ModelEvent:
    assert bundle.train_from is not None
    assert bundle.trained_before is not None
    return ModelEvent(
        model_id=model_id(bundle.digest), system_id=SYSTEM_ID, artefact_uri=f"bundles/{bundle.digest}.json",
        artefact_digest=bundle.digest, feature_version="v2", feature_names=bundle.feature_names,
        library_versions=json.dumps(bundle.libraries), training_start_date=bundle.train_from,
        training_cutoff_date=bundle.trained_before - timedelta(days=1), training_rows=bundle.rows, seed=7,
        metrics_json="{}", release="r", event=kind, event_reason=None,  # type: ignore[arg-type]
        recorded_at=datetime(1999, 2, 1, 12, minute, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three models registered, the later one in force, and a state file that the command finds."""
    store = ObjectStore(mesh.settings)
    for bundle in (EARLIER, LATER, FOREIGN):
        store.write(mesh.names.buckets["models"], f"bundles/{bundle.digest}.json", bundle.to_bytes())
    events = [event(b, "trained", n) for n, b in enumerate((EARLIER, LATER, FOREIGN))]
    warehouse = Warehouse(mesh.settings, ["nba_predictions"])
    warehouse.append(tables.get("model_registry_log"), [*events, event(LATER, "activated", 9)])
    here = CloudFolder(tmp_path_factory.mktemp("place"))
    with here.locked():
        here.write(state_of(mesh))
        yield here.folder


def tipoff(place: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["model", *words, "--folder", str(place)])
    return done.exit_code, done.output


def in_force(place: Path) -> list[str]:
    models = json.loads(tipoff(place, "ls", "--json")[1])
    return [m["artefact_digest"] for m in models if m["is_active"]]


def test_models_are_listed_with_the_one_in_force(place: Path) -> None:
    code, shown = tipoff(place, "ls")
    assert code == 0
    assert all(bundle.digest[:12] in shown for bundle in (EARLIER, LATER, FOREIGN))
    assert in_force(place) == [LATER.digest]


def test_a_rollback_is_one_command(place: Path) -> None:
    assert tipoff(place, "activate", EARLIER.digest[:12], "--dry-run")[0] == 0
    assert in_force(place) == [LATER.digest]
    code, answer = tipoff(place, "activate", EARLIER.digest[:12], "--reason", "worse since monday")
    assert code == 0, answer
    assert json.loads(answer)["digest"] == EARLIER.digest
    assert in_force(place) == [EARLIER.digest]


@pytest.mark.parametrize("digest", ["0" * 64, EARLIER.digest[:6]], ids=["unknown", "too short"])
def test_what_names_no_model_is_refused(place: Path, digest: str) -> None:
    code, said = tipoff(place, "activate", digest)
    assert code == 1
    assert "models are registered" in said


def test_a_model_of_another_library_is_refused_and_changes_nothing(place: Path) -> None:
    before = in_force(place)
    code, said = tipoff(place, "activate", FOREIGN.digest)
    assert code == 1
    assert "model_library_differs" in said
    assert in_force(place) == before
