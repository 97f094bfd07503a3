"""A release with broken parsers holds documents and rows; after the fix a replay takes in exactly what was held."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.pubsub_v1 import types
from tests.integration.played_league import subscriber
from tests.support.table_digest import digest_query, digest_rows

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff_local.host import FunctionHost
from tipoff_ops.intake.quarantine import QuarantineEntry, read_entries, replay_entries
from tipoff_ops.intake.send import Intake, IntakeReport
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.state import state_of
from tipoff_ops.local.upload import Upload
from tipoff_ops.operate.target import local_target
from tipoff_sim import SMALL, Kind, League

# A season of its own: other tests share the warehouse.
FIRST, DAYS = date(2007, 11, 1), 2
WINDOW = {"start_date": date(2007, 10, 1), "end_date": date(2007, 12, 1)}
RAW = ("nbac_player_boxscores", "nbac_team_boxscore", "nbac_injury_report", "nbac_schedule")
BREAKS = {
    "tipoff/sources/nbac_boxscore.py": """

def _refuse(route, body):
    raise DocumentRefused(Reason.SUM_MISMATCH, "no box score is good enough for this release")


from dataclasses import replace

SOURCE = replace(SOURCE, parse=_refuse)
""",
    "tipoff/core/contracts/injury_rows.py": """

_listing = listing


def listing(report, record, position):
    if record.status == "Out":
        raise RowRefused(Reason.SCHEMA, "status", record.status, "this release does not know who is out")
    return _listing(report, record, position)
""",
}


@contextmanager
def broken_release(mesh: LocalMesh, folder: Path) -> Iterator[None]:
    """While this holds, notifications are pushed to an `ingest` whose parsers of box scores and listings are broken."""
    good = mesh._hosted(mesh.names, "ingest")
    zipped = folder / "ingest.zip"
    with zipfile.ZipFile(good.zip) as old, zipfile.ZipFile(zipped, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + BREAKS.get(name, "").encode())
    host = FunctionHost([msgspec.structs.replace(good, zip=str(zipped))], mesh.identity, folder=folder / "host")
    host.start()
    path = mesh.names.subscription_path("ingest")
    client = subscriber(mesh)
    standing = client.get_subscription(subscription=path).push_config
    url = f"{host.url}/{good.service}"
    token = types.PushConfig.OidcToken(service_account_email=standing.oidc_token.service_account_email, audience=url)
    client.modify_push_config(
        subscription=path, push_config=types.PushConfig(push_endpoint=f"{url}/", oidc_token=token)
    )
    try:
        yield
    finally:
        client.modify_push_config(subscription=path, push_config=standing)
        host.stop()


def send(mesh: LocalMesh, uploads: list[Upload]) -> IntakeReport:
    intake = Intake(mesh)
    return intake.report(intake.send(uploads, lambda _: None), datetime.now(UTC).date())


def digests(mesh: LocalMesh) -> dict[str, str]:
    """Content of the raw views over the season's dates; the object's generation and parser are not content here."""
    found = {}
    for name in RAW:
        table = tables.get(name)
        rows = Warehouse(mesh.settings, []).rows(
            digest_query(table), WINDOW if table.spec.partition else {}, dict[str, Any]
        )
        found[name] = digest_rows(table, [{**row, "source_generation": 0} for row in rows]).sha256
    return found


def mine(mesh: LocalMesh, uploads: list[Upload], replayed: bool = False) -> list[QuarantineEntry]:
    names = {one.object_name for one in uploads}
    return [
        entry for entry in read_entries(Warehouse(mesh.settings, []), replayed=replayed) if entry.source_object in names
    ]


@pytest.mark.slow  # 8 processor seconds; test_intake.py replays in every run
def test_a_replay_after_the_fix_ingests_exactly_what_was_held_and_a_second_one_nothing(
    mesh: LocalMesh, tmp_path: Path
) -> None:
    kinds = (Kind.SCHEDULE, Kind.BOXSCORE, Kind.INJURY_REPORT)
    season = [found for found in League(29).season(FIRST, DAYS, SMALL) if found.kind in kinds]
    uploads = [Upload(found.object_name, found.body) for found in season]
    boxes = {found.object_name for found in season if found.kind is Kind.BOXSCORE}
    with broken_release(mesh, tmp_path):
        report = send(mesh, uploads)
    entries = mine(mesh, uploads)
    rows = [entry for entry in entries if entry.level == "row"]

    assert report.unaccounted == 0
    assert {entry.source_object for entry in entries if entry.level == "document"} == boxes
    assert {fate.object_name for fate in report.objects if fate.outcome == "quarantined"} == boxes
    assert rows and {entry.value for entry in rows} == {"Out"}
    assert all(entry.copy_object for entry in entries if entry.level == "document")

    account = replay_entries(local_target(state_of(mesh)), entries, dry_run=False)
    replayed = digests(mesh)

    objects = {entry.source_object for entry in entries}
    assert (account.listed, account.loaded, account.quarantined) == (len(objects), len(objects), 0)
    assert mine(mesh, uploads) == []
    assert len(mine(mesh, uploads, replayed=True)) == len(entries), "what was held is still told, as replayed"
    assert replay_entries(local_target(state_of(mesh)), mine(mesh, uploads), dry_run=False).status == "nothing_held"

    clean = send(mesh, uploads)

    assert clean.outcomes() == {"accepted": len(uploads)}
    assert digests(mesh) == replayed
