"""Translations of the local warehouse survive its process, but never a change of its catalogue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff_local.bigquery import Warehouse
from tipoff_local.bigquery.translation_file import FILE_NAME, save_to_template

PROJECT = "tipoff-tests"
QUESTION = "SELECT n + @more AS n FROM kept.v"


@contextmanager
def running(folder: Path) -> Iterator[bigquery.Client]:
    warehouse = Warehouse(folder, PROJECT)
    warehouse.start()
    credentials = AnonymousCredentials()
    try:
        yield bigquery.Client(PROJECT, credentials, client_options={"api_endpoint": warehouse.rest_url})
    finally:
        warehouse.stop()


def answer(client: bigquery.Client) -> int:
    config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("more", "INT64", 1)])
    return int(next(iter(client.query_and_wait(QUESTION, job_config=config)))["n"])


def test_translations_are_kept_until_the_catalogue_changes(tmp_path: Path) -> None:
    file, template = tmp_path / "data" / FILE_NAME, tmp_path / "template"
    template.mkdir()
    with running(tmp_path) as client:
        client.query_and_wait("CREATE SCHEMA kept")
        client.query_and_wait("CREATE VIEW kept.v AS SELECT 1 AS n")
        assert answer(client) == 2
    first = json.loads(file.read_bytes())
    assert not first["unchanged"], "this process made the schema"
    assert [entry[0] for entry in first["entries"]] == [QUESTION]
    save_to_template(tmp_path / "data", template)
    assert not (template / FILE_NAME).exists(), "the template has no such view"

    with running(tmp_path) as client:
        assert answer(client) == 2
    assert json.loads(file.read_bytes()) == first | {"unchanged": True}
    save_to_template(tmp_path / "data", template)
    assert (template / FILE_NAME).read_bytes() == file.read_bytes()

    with running(tmp_path) as client:
        client.query_and_wait("CREATE OR REPLACE VIEW kept.v AS SELECT 10 AS n")
        assert not file.exists(), "a process that is killed now must not leave stale translations"
        assert answer(client) == 11


def test_a_file_of_other_versions_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "data" / FILE_NAME
    with running(tmp_path) as client:
        client.query_and_wait("CREATE SCHEMA kept")
        client.query_and_wait("CREATE VIEW kept.v AS SELECT 1 AS n")
        assert answer(client) == 2
    found = json.loads(file.read_bytes())
    found["entries"][0][5] = "SELECT 99 AS n"
    file.write_text(json.dumps(found | {"versions": {"sqlglot": "0"}}))
    with running(tmp_path) as client:
        assert answer(client) == 2
