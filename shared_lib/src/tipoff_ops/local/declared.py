"""Subscriptions and scheduled jobs of the mesh, with the settings that Terraform declares."""

from datetime import timedelta

import msgspec
from google.pubsub_v1 import types as pubsub_types

from tipoff_local.mesh import Names, ResolvedSchedule
from tipoff_local.scheduler.jobs import HttpTarget, Job, Retry, WorkflowTarget

# As terraform/modules/mesh/schedules.tf declares them.
SCHEDULE_RETRY = Retry(retry_count=3, min_backoff_s=10.0, max_backoff_s=120.0)
SCHEDULE_DEADLINE_S = 60.0


def declared_subscription(names: Names, key: str, backoff_scale: float) -> pubsub_types.Subscription:
    """The subscription of a key, as Terraform declares it; its back-off times are multiplied by `backoff_scale`."""
    resolved = names.subscriptions[key]
    declared = resolved.declared
    subscription = pubsub_types.Subscription(
        name=names.subscription_path(key),
        topic=f"projects/{names.project}/topics/{resolved.topic}",
        ack_deadline_seconds=declared.ack_deadline_s,
        expiration_policy=pubsub_types.ExpirationPolicy(),
    )
    if resolved.endpoint is not None:
        token = pubsub_types.PushConfig.OidcToken(service_account_email=resolved.push_email, audience=resolved.audience)
        subscription.push_config = pubsub_types.PushConfig(push_endpoint=resolved.endpoint, oidc_token=token)
        subscription.retry_policy = pubsub_types.RetryPolicy(
            minimum_backoff=timedelta(seconds=declared.min_backoff_s * backoff_scale),
            maximum_backoff=timedelta(seconds=declared.max_backoff_s * backoff_scale),
        )
    if resolved.dead_letter_topic is not None:
        subscription.dead_letter_policy = pubsub_types.DeadLetterPolicy(
            dead_letter_topic=f"projects/{names.project}/topics/{resolved.dead_letter_topic}",
            max_delivery_attempts=declared.attempts,
        )
    return subscription


def scheduled_jobs(names: Names) -> list[Job]:
    """The schedules of the mesh as jobs, as Terraform declares them: each starts a workflow or calls a function."""
    location = f"projects/{names.project}/locations/{names.region}"
    return [_job(location, schedule) for schedule in names.schedules.values()]


def _job(location: str, schedule: ResolvedSchedule) -> Job:
    argument = msgspec.json.encode(dict(schedule.argument)).decode()
    target: WorkflowTarget | HttpTarget = WorkflowTarget(f"{location}/workflows/{schedule.workflow}", argument)
    if schedule.endpoint is not None:
        headers = {"Content-Type": "application/json"}
        target = HttpTarget(
            schedule.endpoint, body=argument.encode(), headers=headers, audience=schedule.audience or ""
        )
    return Job(
        schedule.name,
        schedule.cron,
        schedule.time_zone,
        target,
        schedule.email,
        retry=SCHEDULE_RETRY,
        attempt_deadline_s=SCHEDULE_DEADLINE_S,
    )
