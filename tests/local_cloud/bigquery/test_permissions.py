"""The warehouse answers 403 as BigQuery does, for each way of reading and writing, and obeys a changed policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import Forbidden, PermissionDenied
from google.auth.exceptions import RefreshError
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types
from google.oauth2.credentials import Credentials
from tests.local_cloud.bigquery.test_buffer import COUNTS, official_client

from tipoff.cloud.append import Appender
from tipoff.cloud.clients.bigquery_storage import bigquery_read_client, bigquery_write_client
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part
from tipoff.runtime.settings import Settings
from tipoff_local.bigquery import Warehouse
from tipoff_local.iam.access import PolicyFile, PolicyFolder
from tipoff_local.iam.grants import AUTHORISED_VIEWS, Grant
from tipoff_local.identity import Identity

PROJECT = "tipoff-tests"
TABLES = f"projects/{PROJECT}/datasets/shown/tables"
SCHEMA = """
CREATE SCHEMA log;
CREATE SCHEMA shown;
CREATE TABLE log.counts (n INT64, said STRING);
CREATE TABLE shown.plain (n INT64);
CREATE VIEW shown.seen AS SELECT n FROM log.counts;
CREATE VIEW shown.again AS SELECT n FROM shown.seen;
CREATE TABLE FUNCTION shown.through(high INT64) AS SELECT n FROM shown.again WHERE n <= high;
CREATE TABLE FUNCTION shown.past(high INT64) AS SELECT n FROM log.counts WHERE n <= high
"""
READER, WRITER, STRANGER = (f"{name}@{PROJECT}.iam.gserviceaccount.com" for name in ("reader", "writer", "stranger"))
JOBS = Grant(f"project:{PROJECT}", "roles/bigquery.jobUser", f"serviceAccount:{READER}")
SESSIONS = Grant(f"project:{PROJECT}", "roles/bigquery.readSessionUser", f"serviceAccount:{READER}")
AUTHORISED = Grant("dataset:log", AUTHORISED_VIEWS, "dataset:shown")
GRANTS = (
    JOBS,
    SESSIONS,
    AUTHORISED,
    Grant("dataset:shown", "roles/bigquery.dataViewer", f"serviceAccount:{READER}"),
    Grant("dataset:log", "roles/bigquery.dataEditor", f"serviceAccount:{WRITER}"),
)


@dataclass(frozen=True)
class Guarded:
    """A warehouse that enforces a policy."""

    warehouse: Warehouse
    identity: Identity

    def grant(self, *grants: Grant) -> None:
        PolicyFolder(self.identity.folder).write(PolicyFile(PROJECT, "1", "user:operator@example.com", grants))

    def client(self, email: str) -> bigquery.Client:
        options = {"api_endpoint": self.warehouse.rest_url}
        return bigquery.Client(PROJECT, Credentials(self.identity.access_token(email)), client_options=options)

    def rows(self, email: str, sql: str) -> list[int]:
        return [row[0] for row in self.client(email).query_and_wait(sql)]

    def endpoints(self, email: str) -> Settings:
        return Settings(
            project_id=PROJECT, project_number="1", region="US", environment="test", release="r",
            bigquery_emulator_host=self.warehouse.rest_url,
            bigquery_storage_emulator_host=self.warehouse.grpc_address,
            emulator_access_token=self.identity.access_token(email),
        )  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("guarded")
    identity = Identity(home / "identity")
    guarded = Guarded(Warehouse(home, PROJECT, identity=identity), identity)
    guarded.grant(*GRANTS)
    guarded.warehouse.start()
    for statement in SCHEMA.split(";"):
        official_client(guarded.warehouse).query_and_wait(statement)
    yield guarded
    guarded.warehouse.stop()


@pytest.fixture
def guarded(running: Guarded) -> Guarded:
    running.grant(*GRANTS)
    return running


@pytest.mark.parametrize("source", ["shown.plain", "shown.seen", "shown.again", "shown.through(1)"])
def test_views_of_an_authorised_dataset_read_what_their_caller_may_not(guarded: Guarded, source: str) -> None:
    assert guarded.rows(READER, f"SELECT n FROM {source}") == []


@pytest.mark.parametrize(
    ("sql", "missing"),
    [
        ("SELECT n FROM log.counts", "bigquery.tables.getData denied on dataset log"),
        ("SELECT 1 FROM shown.plain, `tipoff-tests.log.counts`", "getData denied on dataset log"),
        # An authorised dataset authorises views only, so a table function reads as its caller.
        ("SELECT n FROM shown.past(1)", "getData denied on dataset log"),
        ("INSERT INTO shown.plain (n) VALUES (1)", "bigquery.tables.updateData denied on dataset shown"),
        ("BEGIN TRANSACTION; DELETE FROM shown.plain WHERE TRUE; COMMIT TRANSACTION", "updateData denied on dataset"),
        ("CREATE TABLE shown.other (n INT64)", "not in the table of methods"),
    ],
)  # fmt: skip
def test_a_statement_needs_its_permission_on_each_dataset(guarded: Guarded, sql: str, missing: str) -> None:
    with pytest.raises(Forbidden, match=missing) as refused:
        guarded.rows(READER, sql)
    assert refused.value.errors[0]["reason"] in ("accessDenied", "forbidden")


def test_queries_need_the_right_to_create_jobs(guarded: Guarded) -> None:
    for account in (WRITER, STRANGER):
        with pytest.raises(Forbidden, match=r"User does not have bigquery\.jobs\.create permission in project"):
            guarded.rows(account, "SELECT 1")


def test_a_removed_grant_is_missed_at_once(guarded: Guarded) -> None:
    assert guarded.rows(READER, "SELECT n FROM shown.seen") == []
    guarded.grant(*(grant for grant in GRANTS if grant != AUTHORISED))
    with pytest.raises(Forbidden, match="getData denied on dataset log"):
        guarded.rows(READER, "SELECT n FROM shown.seen")


def test_read_sessions_need_their_own_role(guarded: Guarded) -> None:
    client = bigquery_read_client(guarded.endpoints(READER))
    wanted = {
        "parent": f"projects/{PROJECT}",
        "read_session": types.ReadSession(table=f"{TABLES}/plain", data_format=2),
    }
    assert client.create_read_session(**wanted).table == f"{TABLES}/plain"
    guarded.grant(*(grant for grant in GRANTS if grant != SESSIONS))
    with pytest.raises(PermissionDenied, match=r"bigquery\.readsessions\.create"):
        client.create_read_session(**wanted)


def test_appends_need_the_right_to_update_the_table(guarded: Guarded) -> None:
    part = Part(COUNTS, [SimpleNamespace(n=1, said="x")])
    assert Appender(guarded.endpoints(WRITER), QuotaLedger()).append([part]) == [None]
    # The library's stream hides the status, so the refusal is read from the method itself.
    request = types.AppendRowsRequest(write_stream=f"{TABLES}/plain/streams/_default")
    with pytest.raises(PermissionDenied, match=r"bigquery\.tables\.updateData denied on dataset shown"):
        list(bigquery_write_client(guarded.endpoints(READER)).append_rows(iter([request])))


def test_a_broken_token_is_no_anonymous_call(guarded: Guarded) -> None:
    options = {"api_endpoint": guarded.warehouse.rest_url}
    client = bigquery.Client(PROJECT, Credentials("local"), client_options=options)
    with pytest.raises(RefreshError):  # the client got 401, and tries to renew its token
        client.get_dataset("shown")
