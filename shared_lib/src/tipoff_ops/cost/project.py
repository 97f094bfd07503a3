"""The usage of a Google Cloud project: billed bytes of its jobs, and the metrics of its services.

The names of the metrics are those of https://cloud.google.com/monitoring/api/metrics_gcp. Cloud Run does not say what
sent a request, so the time of functions is shown under the functions.
"""

from collections import defaultdict
from datetime import datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.metrics import Metrics
from tipoff.prices import Usage
from tipoff_local.mesh import Names
from tipoff_ops.cost.counted import Causes, function_sizes
from tipoff_ops.operate.target import Target
from tipoff_ops.queries import load

# Metric, the label that names the cause, and the unit that it counts.
SUMMED = (
    ("workflows.googleapis.com/internal_step_count", "resource.labels.workflow_id", "workflow_steps"),
    ("workflows.googleapis.com/external_step_count", "resource.labels.workflow_id", "workflow_external_steps"),
    ("pubsub.googleapis.com/topic/byte_cost", "resource.labels.topic_id", "pubsub_bytes"),
    ("pubsub.googleapis.com/subscription/byte_cost", "resource.labels.subscription_id", "pubsub_bytes"),
    ("logging.googleapis.com/billing/bytes_ingested", "metric.labels.resource_type", "log_bytes"),
    ("bigquerystorage.googleapis.com/write/uploaded_bytes_count", "metric.labels.table_id", "bigquery_appended_bytes"),
)
INSTANCE_SECONDS = "run.googleapis.com/container/billable_instance_time"
REQUESTS = "run.googleapis.com/request_count"
STORAGE_REQUESTS = "storage.googleapis.com/api/request_count"
SERVICE, BUCKET, METHOD = "resource.labels.service_name", "resource.labels.bucket_name", "metric.labels.method"
# https://cloud.google.com/storage/pricing#operations-by-class
CLASS_B, FREE = ("Read", "Get"), ("Delete", "Cancel")


class _Jobs(msgspec.Struct, frozen=True):
    cause: str
    jobs: int
    named_tables: int
    billed_bytes: int


def project_usage(
    target: Target, start_at: datetime, end_at: datetime, metrics: Metrics | None = None
) -> dict[str, Usage]:
    """Usage by cause from `start_at` until before `end_at`. Names come from the project's environment.

    Raises:
        TipoffError: BigQuery or Cloud Monitoring refused.
    """
    total: dict[str, Usage] = defaultdict(Usage)
    for cause, used in jobs_usage(target.warehouse, target.names, start_at, end_at).items():
        total[cause] += used
    read = metrics or Metrics(target.settings.project_id)
    for cause, used in metrics_usage(read, target.names, start_at, end_at).items():
        total[cause] += used
    return dict(total)


def jobs_usage(warehouse: Warehouse, names: Names, start_at: datetime, end_at: datetime) -> dict[str, Usage]:
    """What the jobs were billed, by their label `cause`."""
    sql = load(__file__, "jobs_of_day").replace("{region}", names.region)
    rows = warehouse.rows(sql, {"start_at": start_at, "end_at": end_at}, _Jobs)
    causes = Causes(names)
    return {
        causes.of(row.cause): Usage(
            bigquery_jobs=row.jobs, bigquery_references=row.named_tables, bigquery_billed_bytes=row.billed_bytes
        )
        for row in rows
    }


def metrics_usage(metrics: Metrics, names: Names, start_at: datetime, end_at: datetime) -> dict[str, Usage]:
    """What the services counted."""
    causes, total = Causes(names), defaultdict[str, Usage](Usage)
    for metric, label, unit in SUMMED:
        for (name,), amount in metrics.sums(metric, (label,), start_at, end_at).items():
            total[causes.of(name)] += Usage(**{unit: amount})
    keys = {found.service: key for key, found in names.functions.items()}
    sizes = function_sizes(names)
    for (service,), seconds in metrics.sums(INSTANCE_SECONDS, (SERVICE,), start_at, end_at).items():
        key = keys.get(service, service)
        vcpu, gib = sizes.get(key, (1.0, 0.0))
        total[f"function {key}"] += Usage(vcpu_seconds=seconds * vcpu, gib_seconds=seconds * gib)
    for (service,), count in metrics.sums(REQUESTS, (SERVICE,), start_at, end_at).items():
        total[f"function {keys.get(service, service)}"] += Usage(requests=count)
    for (bucket, method), count in metrics.sums(STORAGE_REQUESTS, (BUCKET, METHOD), start_at, end_at).items():
        total[causes.of(bucket)] += _storage(method, count)
    return dict(total)


def _storage(method: str, count: float) -> Usage:
    if method.startswith(FREE):
        return Usage()
    return Usage(storage_class_b=count) if method.startswith(CLASS_B) else Usage(storage_class_a=count)
