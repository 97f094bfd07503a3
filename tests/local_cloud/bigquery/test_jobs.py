"""Jobs are kept in memory: the official clients get the same answers as before, and the oldest jobs are deleted."""

from collections.abc import Iterator

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from local_bigquery.models import Job

from tipoff_local.bigquery import Warehouse
from tipoff_local.bigquery.patches.jobs import Jobs


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bigquery.Client]:
    server = Warehouse(tmp_path_factory.mktemp("jobs") / "data", "local")
    server.start()
    options = {"api_endpoint": server.rest_url}
    yield bigquery.Client("local", credentials=AnonymousCredentials(), client_options=options)
    server.stop()


def test_a_job_is_found_by_its_name_with_its_result_and_its_error(client: bigquery.Client) -> None:
    client.query("SELECT 7 AS n", job_id="seven", job_retry=None).result()
    found = client.get_job("seven")
    assert found.state == "DONE" and [row.n for row in found.result()] == [7]
    with pytest.raises(Conflict):
        client.query("SELECT 8 AS n", job_id="seven", job_retry=None).result()
    with pytest.raises(BadRequest):
        client.query("SELECT no_such_column", job_id="wrong", job_retry=None).result()
    assert client.get_job("wrong").error_result["reason"] == "invalidQuery"
    with pytest.raises(NotFound):
        client.get_job("none")


def test_jobs_are_listed_newest_first_and_those_of_a_script_under_it(client: bigquery.Client) -> None:
    client.query("SELECT 1; SELECT 2;", job_id="script", job_retry=None).result()
    client.query("SELECT 3", job_id="last", job_retry=None).result()
    assert next(iter(client.list_jobs())).job_id == "last"
    assert {job.state for job in client.list_jobs(state_filter="done")} == {"DONE"}
    assert not list(client.list_jobs(state_filter="running"))
    assert len(list(client.list_jobs(parent_job="script"))) == 2
    client.delete_job_metadata("script")
    assert not list(client.list_jobs(parent_job="script"))


def test_the_oldest_are_deleted() -> None:
    jobs = Jobs(kept_max=2)
    for name in ("a", "b", "c"):
        jobs.save(_job(name))
    assert jobs.load("p", "a") is None
    assert [job.jobReference.jobId for job in jobs.list_("p")] == ["b", "c"]
    assert not jobs.list_("another")


def _job(name: str) -> Job:
    told = {
        "jobReference": {"projectId": "p", "jobId": name},
        "statistics": {"creationTime": "5"},
        "status": {"state": "DONE"},
    }
    return Job.model_validate(told)
