"""Jobs of the local warehouse, kept in memory: as much of them as anybody asks for.

local-bigquery writes each job to disk three times, as it is asked, begun and ended, and reads it twice: more than a
quarter of a small query's processor time. A job is looked for by who waits for it, seconds later, or by `bq ls -j`; its
result stays a table of its own. The newest jobs are kept until the process ends.
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
class _Kept:
    job_id: str
    parent_job_id: str | None
    state: str
    created_ms: int
    resource: str


class Jobs:
    """What local-bigquery's store of jobs does, by the same names; a job is copied on its way in and out.

    Args:
        kept_max: how many jobs are kept; the oldest is forgotten first.
    """

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._jobs: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = Lock()

    def save(self, job: Job) -> Job:
        """Keep the job as it is now."""
        reference, statistics = job.jobReference, job.statistics
        resource = json.dumps(job.dump())
        created_ms = int(statistics.creationTime)
        kept = _Kept(reference.jobId, statistics.parentJobId, job.status.state, created_ms, resource)
        with self._lock:
            self._jobs[reference.projectId, reference.jobId] = kept
            while len(self._jobs) > self._kept_max:
                self._jobs.popitem(last=False)
        return job

    def load(self, project_id: str, job_id: str) -> Job | None:
        """The job as it was kept last; None if it is unknown or forgotten."""
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
        """Jobs of a project under a parent (None: of none), newest first; times in milliseconds, both included."""
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
        """Forget the job and those of its script."""
        with self._lock:
            for key, kept in list(self._jobs.items()):
                if key[0] == project_id and job_id in (kept.job_id, kept.parent_job_id):
                    del self._jobs[key]


def remember_jobs() -> None:
    """Change local-bigquery's store of jobs in this process."""
    kept = Jobs()
    store.save, store.load, store.list_, store.delete = kept.save, kept.load, kept.list_, kept.delete
