"""Every error that Google documents, and every exception of its clients, becomes one type (docs/pitfalls.md#42).

The column `checked_against` of google_errors.csv says what a row was compared with: `page` (the text of the page in
the column before it), a file of Google's client libraries (its path below site-packages), or `unverified` (neither
states it). The pages were read as stored copies, not live. BigQuery now keeps its table of reasons on
https://docs.cloud.google.com/bigquery/docs/errors; only the beginning of that page could be read.
"""

import csv
from pathlib import Path

import google.api_core
import grpc
import pytest
from google.api_core import exceptions as api

from tipoff.cloud.errors import translate, translated
from tipoff.core import errors
from tipoff.core.errors import (
    BackendUnavailable,
    Conflict,
    ContractViolation,
    Misconfigured,
    NotReady,
    Permanent,
    Retryable,
    TipoffError,
)

DOCUMENTED = list(csv.DictReader((Path(__file__).parent / "google_errors.csv").open(encoding="utf-8")))


def raised(row: dict[str, str]) -> api.GoogleAPICallError:
    """The exception that the client library makes of a documented error."""
    message = row["message"] or "as documented"
    if row["grpc_code"]:
        return api.from_grpc_status(grpc.StatusCode[row["grpc_code"]], message)
    given = [{"reason": row["reason"], "message": message}] if row["reason"] else []
    return api.from_http_status(int(row["http_status"]), message, errors=given)


def named(row: dict[str, str]) -> str:
    return "-".join(filter(None, (row["service"], row["reason"], row["http_status"], row["grpc_code"])))


@pytest.mark.parametrize("row", DOCUMENTED, ids=named)
def test_a_documented_error_has_the_type_of_its_row(row: dict[str, str]) -> None:
    """A transient error of BigQuery raised the tripwire, and a missing table acknowledged its messages."""
    found = translate(raised(row), "a call")
    assert type(found) is getattr(errors, row["type"])
    assert not isinstance(found, (ContractViolation, NotReady))
    assert row["page"].startswith("https://")


def test_the_table_of_documented_errors_covers_every_service_and_grpc_code() -> None:
    assert {row["service"] for row in DOCUMENTED} == {"bigquery", "bigquery_storage", "pubsub", "storage", "workflows"}
    for service in ("bigquery_storage", "pubsub", "workflows"):
        codes = {row["grpc_code"] for row in DOCUMENTED if row["service"] == service} - {""}
        assert codes == {code.name for code in grpc.StatusCode} - {"OK"}


def test_an_absent_object_is_not_ready_and_an_absent_bucket_is_misconfigured() -> None:
    found = [
        type(translate(api.NotFound(text), "read b/o", of_object=True))
        for text in ("No such object: b/o", "The specified bucket does not exist.")
    ]
    assert found == [NotReady, Misconfigured]


def test_each_row_says_what_it_was_compared_with() -> None:
    installed = Path(google.api_core.__file__).parents[2]
    unmarked = [
        named(row)
        for row in DOCUMENTED
        if row["checked_against"] not in ("page", "unverified")
        and not (row["checked_against"].startswith("google/") and (installed / row["checked_against"]).is_file())
    ]
    assert unmarked == []


def test_a_row_is_listed_once() -> None:
    keys = [
        (*(row[name] for name in ("service", "reason", "http_status", "grpc_code", "message")),) for row in DOCUMENTED
    ]
    assert sorted(set(keys)) == sorted(keys)


def google_classes() -> list[type[api.GoogleAPICallError]]:
    found = [kind for kind in vars(api).values() if isinstance(kind, type) and issubclass(kind, api.GoogleAPICallError)]
    return sorted(set(found), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", google_classes(), ids=lambda k: k.__name__)
def test_each_google_error_has_exactly_one_policy(kind: type[api.GoogleAPICallError]) -> None:
    ours = translate(kind("said so"), "a call")
    assert isinstance(ours, (Permanent, Retryable, NotReady, Conflict))
    assert type(ours) is not TipoffError


def test_a_connection_that_broke_is_retried() -> None:
    assert type(translate(ConnectionResetError("no"), "a call")) is BackendUnavailable


def test_other_exceptions_are_not_translated() -> None:
    with pytest.raises(KeyError), translated("a call"):
        raise KeyError("a bug")
