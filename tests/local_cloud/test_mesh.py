"""mesh.yaml is read strictly and resolved to names."""

from pathlib import Path

import pytest

from tipoff_local import mesh

PROJECT, NUMBER = "tipoff-tests", "123456789012"


@pytest.fixture
def page(repository: Path) -> Path:
    return repository / "terraform" / "mesh.yaml"


def test_names_follow_the_rules_of_mesh_yaml(page: Path) -> None:
    names = mesh.resolve(mesh.load(page), PROJECT, NUMBER, "dev")
    assert names.topics["raw-ready"] == "raw-ready-dev"
    assert names.buckets["landing"] == "tipoff-tests-landing"
    assert names.datasets["nba_raw"] == "nba_raw"
    assert names.topic_path("alerts") == "projects/tipoff-tests/topics/alerts-dev"
    predict = names.functions["predict_start"]
    assert predict.url == "https://prediction-coordinator-123456789012.us-west2.run.app"
    assert predict.email == "fn-predict-start@tipoff-tests.iam.gserviceaccount.com"


def test_a_function_gets_variables_for_its_grants_only(page: Path) -> None:
    ingest = mesh.resolve(mesh.load(page), PROJECT, NUMBER, "prod").functions["ingest"]
    assert ingest.env == {
        "PROJECT_ID": PROJECT, "PROJECT_NUMBER": NUMBER, "REGION": "us-west2", "ENVIRONMENT": "prod",
        "RELEASE": "local", "THREADS": "250", "BUCKET_LANDING": "tipoff-tests-landing",
        "BUCKET_QUARANTINE": "tipoff-tests-quarantine", "DATASET_NBA_LANDING": "nba_landing",
        "DATASET_NBA_OPS": "nba_ops", "TOPIC_RAW_READY": "raw-ready-prod", "TOPIC_ALERTS": "alerts-prod",
    }  # fmt: skip
    assert ingest.invokers == {"push-ingest@tipoff-tests.iam.gserviceaccount.com"}


def test_locally_urls_and_audiences_are_those_of_the_function_host(page: Path) -> None:
    names = mesh.resolve(mesh.load(page), PROJECT, NUMBER, "dev", host_url="http://127.0.0.1:9")
    pushed = names.subscriptions["analyze"]
    assert pushed.audience == pushed.endpoint == "http://127.0.0.1:9/nba-phase3-analytics-processors"
    assert names.workflows["daily"].env["URL_ANALYZE"] == pushed.audience
    assert names.subscriptions["alerts-hold"].endpoint is None


def test_people_may_call_only_functions_open_to_all(page: Path) -> None:
    people = frozenset({"coach@example.com"})
    names = mesh.resolve(mesh.load(page), PROJECT, NUMBER, "dev", people=people)
    open_to_people = {key for key, function in names.functions.items() if people <= function.invokers}
    assert open_to_people == {"analyze", "collect", "precompute", "predict_start", "reprocess"}


@pytest.mark.parametrize(("old", "new", "message"), [
    ("topic: raw-ready,", "topic: raw-redy,", "subscription analyze refers to 'raw-redy'"),
    ("calls: [train]", "calls: [trian]", "workflow train refers to 'trian'"),
    ("notify: landing-objects", "notfy: landing-objects", "unknown field `notfy`"),
    ("lost-letters-hold: {topic: lost-letters, hold: true}", "", "'lost-letters' has no subscription"),
    ("alerts-hold: {topic: alerts, hold: true}", "alerts-hold: {topic: alerts}", "must have either a function or hold"),
])  # fmt: skip
def test_an_inconsistent_mesh_is_refused(page: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = page.read_text()
    assert old in text
    broken = tmp_path / "mesh.yaml"
    broken.write_text(text.replace(old, new))
    with pytest.raises(mesh.MeshError, match=message):
        mesh.load(broken)
