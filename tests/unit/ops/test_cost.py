"""`tipoff cost`: usage by cause, from the logs of a local cloud and from the metrics of a project."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tipoff.cloud.metrics import Metrics
from tipoff.core.errors import BackendUnavailable
from tipoff.prices import Standing, Usage, list_prices
from tipoff_local import mesh as meshes
from tipoff_local.usage import Used
from tipoff_ops.cost.command import as_table, cause_costs
from tipoff_ops.cost.counted import by_cause
from tipoff_ops.cost.days import played_days, playing
from tipoff_ops.cost.project import metrics_usage

MESH = meshes.load(Path(__file__).parents[3] / "terraform" / "mesh.yaml")
NAMES = meshes.resolve(MESH, "shop", "1", "dev")
START, END = datetime(2026, 12, 1, 5, tzinfo=UTC), datetime(2026, 12, 2, 5, tzinfo=UTC)
TIB = 2**40


@dataclass
class Answer:
    status_code: int
    content: bytes


@dataclass
class Monitoring:
    """Answers as `projects.timeSeries.list` does: two pages of series, numbers as the API writes them."""

    series: Mapping[str, list[tuple[dict[str, str], dict[str, str], dict[str, object]]]]
    asked: list[dict[str, str]] = field(default_factory=list)

    def get(self, url: str, *, params: dict[str, str], timeout: float) -> Answer:
        assert url.endswith("/v3/projects/shop/timeSeries")
        self.asked.append(params)
        metric = params["filter"].split('"')[1]
        found = self.series.get(metric, [])
        page = int(params["pageToken"] or 0)
        body: dict[str, object] = {"timeSeries": [_series(*one) for one in found[page : page + 1]]}
        if page + 1 < len(found):
            body["nextPageToken"] = str(page + 1)
        return Answer(200, json.dumps(body).encode())


def _series(resource: dict[str, str], metric: dict[str, str], value: dict[str, object]) -> dict[str, object]:
    return {"resource": {"labels": resource}, "metric": {"labels": metric}, "points": [{"value": value}]}


def test_the_metrics_of_a_project_become_usage_by_cause() -> None:
    service, bucket = NAMES.functions["train"].service, NAMES.buckets["landing"]
    session = Monitoring({
        "workflows.googleapis.com/internal_step_count": [
            ({"workflow_id": "daily-dev"}, {}, {"int64Value": "700"}),
            ({"workflow_id": "reconcile-dev"}, {}, {"int64Value": "960"}),
        ],
        "run.googleapis.com/container/billable_instance_time": [({"service_name": service}, {}, {"doubleValue": 90.5})],
        "storage.googleapis.com/api/request_count": [
            ({"bucket_name": bucket}, {"method": "WriteObject"}, {"int64Value": "3"}),
            ({"bucket_name": bucket}, {"method": "ReadObject"}, {"int64Value": "5"}),
            ({"bucket_name": bucket}, {"method": "DeleteObject"}, {"int64Value": "7"}),
        ],
    })  # fmt: skip
    usage = metrics_usage(Metrics("shop", session), NAMES, START, END)
    assert usage["daily"] == Usage(workflow_steps=700)
    assert usage["reconcile"] == Usage(workflow_steps=960)
    assert usage["function train"] == Usage(vcpu_seconds=181.0, gib_seconds=362.0)  # two CPUs, 4 GiB
    assert usage["bucket landing"] == Usage(storage_class_a=3, storage_class_b=5)
    assert {asked["interval.startTime"] for asked in session.asked} == {"2026-12-01T05:00:00Z"}
    assert {asked["aggregation.alignmentPeriod"] for asked in session.asked} == {"86400s"}


def test_a_refusal_of_the_metrics_is_an_error() -> None:
    class Refusing:
        def get(self, url: str, *, params: dict[str, str], timeout: float) -> Answer:
            return Answer(403, b'{"error": {"message": "no permission"}}')

    with pytest.raises(BackendUnavailable, match="no permission"):
        Metrics("shop", Refusing()).sums("m", ("resource.labels.x",), START, END)


def test_counted_lines_are_summed_by_cause_and_a_function_waits_for_its_statements() -> None:
    lines = [
        Used(1.0, "daily-dev", {"bigquery_statements": 3, "bigquery_billed_bytes": TIB}, "train"),
        Used(2.0, "daily-dev", {"requests": 1, "vcpu_seconds": 0.2}, NAMES.functions["train"].service),
        Used(3.0, "landing-objects-dev", {"pubsub_bytes": 1000}),
        Used(4.0, "nba_ops.run_history_log", {"bigquery_appended_bytes": 10}),
        Used(5.0, "", {"storage_class_a": 1}),
    ]
    usage = by_cause(NAMES, lines)
    assert usage["daily"].vcpu_seconds == pytest.approx(3 * 2 + 0.2)
    assert usage["daily"].gib_seconds == pytest.approx(3 * 4)
    assert set(usage) == {"daily", "topic landing-objects", "table nba_ops.run_history_log", "other"}
    assert cause_costs(usage)[0].cause == "daily"
    assert cause_costs(usage)[0].components["BigQuery queries"] == pytest.approx(6.25)
    assert as_table(cause_costs(usage)).row_count == len(usage) + 1


def test_the_span_in_which_a_date_was_played_is_found(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir()
    day = date(2025, 11, 18)
    for _ in range(2):
        with playing(tmp_path, day):
            pass
    spans = played_days(tmp_path)
    assert list(spans) == [day] and len(spans[day]) == 2
    assert all(start <= end for start, end in spans[day])


def test_the_standing_cost_is_at_most_a_dollar_a_month() -> None:
    """The size of images and tables is assumed; the documents of the real season 2024-25 have 0.17 GiB."""
    standing = Standing(
        scheduler_jobs=len(MESH.schedules), secret_versions=len(MESH.secrets), image_gib=2.0, object_gib=0.2,
        bigquery_gib=0.6,
    )  # fmt: skip
    assert 0.1 < standing.dollars <= 1.0


def test_every_unit_with_a_price_is_a_field_and_every_price_has_a_page() -> None:
    units = set(Usage.__dataclass_fields__) | set(Standing.__dataclass_fields__)
    assert set(list_prices()) <= units
    informative = {"bigquery_jobs", "bigquery_statements", "bigquery_references", "pubsub_messages"}
    assert units - set(list_prices()) == informative
    assert all(price.page.startswith("https://cloud.google.com/") for price in list_prices().values())
