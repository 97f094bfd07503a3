"""Keeps jobs in memory.

local-bigquery writes each job to disk three times (created, started, ended) and reads it twice, which is more than a
quarter of the processor time of a small query. A job is read by the client that waits for it, or by `bq ls -j`. Its
result is a table of its own and stays on disk. The newest jobs are kept until the process ends.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from local_bigquery.jobs import store
from local_bigquery.models import Job

KEPT_MAX = 5_000


@dataclass(frozen=True)
class _StoredJob:
    job_id: str
    parent_job_id: str | None
    state: str
    created_ms: int
    resource: str


class Jobs:
    """Replaces local-bigquery's store of jobs, with the same functions. A job is copied when it is saved and loaded.

    Args:
        kept_max: maximum number of jobs; the oldest is deleted first.
    """

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._jobs: OrderedDict[tuple[str, str], _StoredJob] = OrderedDict()
        self._lock = Lock()

    def save(self, job: Job) -> Job:
        """Save the present state of the job."""
        reference, statistics = job.jobReference, job.statistics
        resource = json.dumps(job.dump())
        created_ms = int(statistics.creationTime)
        kept = _StoredJob(reference.jobId, statistics.parentJobId, job.status.state, created_ms, resource)
        with self._lock:
            self._jobs[reference.projectId, reference.jobId] = kept
            while len(self._jobs) > self._kept_max:
                self._jobs.popitem(last=False)
        return job

    def load(self, project_id: str, job_id: str) -> Job | None:
        """The job as it was saved last; None if it is unknown or deleted."""
        kept = self._jobs.get((project_id, job_id))
        return Job.model_validate_json(kept.resource) if kept else None

    def list_(
        self,
        project_id: str,
        states: Sequence[str] | None = None,
        parent_job_id: str | None = None,
        min_creation_time: int | None = None,
        max_creation_time: int | None = None,
    ) -> list[Job]:
        """Jobs of a project with this parent (None: without one), newest first; times in milliseconds, inclusive."""
        with self._lock:
            every = [kept for (project, _), kept in self._jobs.items() if project == project_id]
        found = [
            kept
            for kept in every
            if kept.parent_job_id == parent_job_id
            and (states is None or kept.state in states)
            and (min_creation_time is None or kept.created_ms >= min_creation_time)
            and (max_creation_time is None or kept.created_ms <= max_creation_time)
        ]
        found.sort(key=lambda kept: (-kept.created_ms, kept.job_id))
        return [Job.model_validate_json(kept.resource) for kept in found]

    def delete(self, project_id: str, job_id: str) -> None:
        """Delete the job and its child jobs."""
        with self._lock:
            for key, kept in list(self._jobs.items()):
                if key[0] == project_id and job_id in (kept.job_id, kept.parent_job_id):
                    del self._jobs[key]


def keep_jobs_in_memory() -> None:
    """Replace local-bigquery's store of jobs in this process."""
    jobs = Jobs()
    store.save, store.load, store.list_, store.delete = jobs.save, jobs.load, jobs.list_, jobs.delete
