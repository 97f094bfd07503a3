"""A step killed between its effect and its receipt: the next call ends with the same bytes and one receipt each."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import urllib3
from tests.support.table_digest import digest_query, digest_rows

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.steps.rebuild.process import owned
from tipoff_local.host import FunctionHost
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.function_call import call_function
from tipoff_ops.local.project import OPERATOR
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, League

DAY = date(2022, 12, 26)
AS_OF = "2023-01-10T12:00:00Z"
BODY = {"start_date": str(DAY), "end_date": str(DAY), "as_of": AS_OF}

pytestmark = pytest.mark.timeout(600)


def built(mesh: LocalMesh) -> dict[str, str]:
    """Content of the date in every table that analyze builds."""
    warehouse = Warehouse(mesh.settings, [])
    found = {}
    for table in owned("analyze"):
        parameters = {"start_date": DAY, "end_date": DAY} if table.spec.partition else {}
        rows = warehouse.rows(digest_query(table), parameters, dict[str, object])
        found[table.name] = digest_rows(table, rows).sha256
    return found


def receipts(mesh: LocalMesh) -> list[tuple[str, int]]:
    """Steps with a receipt under the as-of, and how many."""
    sql = (
        f"SELECT r.step, COUNT(*) AS n FROM {tables.get('run_history').full_name} AS r "
        f"WHERE r.run_date = @day AND r.as_of = TIMESTAMP '{AS_OF}' AND r.outcome = 'ok' GROUP BY 1 ORDER BY 1"
    )
    return [(row["step"], row["n"]) for row in Warehouse(mesh.settings, []).rows(sql, {"day": DAY}, dict[str, Any])]


def test_what_was_built_without_a_receipt_is_found_and_receipted(mesh: LocalMesh, tmp_path: Path) -> None:
    season = League(90).season(date(2022, 12, 25), 2, SMALL)
    uploader = Uploader(mesh)
    uploader.upload([Upload(found.object_name, found.body) for found in season], lambda _: None)
    uploader.wait()
    hosted = mesh._hosted(mesh.names, "analyze")
    armed = msgspec.structs.replace(hosted, env=hosted.env | {"TIPOFF_FAILPOINT": "bigquery.append:before"})
    host = FunctionHost([armed], mesh.identity, folder=tmp_path)
    host.start()
    try:
        url = f"{host.url}/{armed.service}"
        headers = {"Content-Type": "application/json"} | mesh.identity.authorization(url, OPERATOR)
        answer = urllib3.PoolManager(retries=False).request(
            "POST", f"{url}/process-date-range", body=msgspec.json.encode(BODY), headers=headers
        )
    finally:
        host.stop()
    assert answer.status >= 500
    effect = built(mesh)
    assert receipts(mesh) == [], "it died before it could leave any"
    again = call_function(mesh, "analyze", "/process-date-range", BODY)
    assert again["status"] == "completed"
    assert built(mesh) == effect
    assert receipts(mesh) == sorted((table.name, 1) for table in owned("analyze"))
    third = call_function(mesh, "analyze", "/process-date-range", BODY)
    assert {result["status"] for result in third["results"]} == {"unchanged"}
