"""The part of the mesh that collects, and what tests ask of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import Recorded
from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.storage import storage_client
from tipoff.core.contracts import decoding
from tipoff_local.mesh import Mesh
from tipoff_ops.local.cloud import LocalMesh, Manifest
from tipoff_ops.local.function_call import call_function

FUNCTIONS = ("collect", "ingest", "dead_letter")


@dataclass
class CollectMesh(LocalMesh):
    """The part of the mesh that fetches documents and takes them in."""

    def _start_host(self, mesh: Mesh) -> None:
        kept = {name: zipped for name, zipped in self.manifest.functions.items() if name in FUNCTIONS}
        self.manifest = Manifest(self.manifest.release, kept)
        super()._start_host(mesh)


type Landed = dict[str, bytes]


@dataclass
class Bench:
    """The mesh with a simulated league outside."""

    mesh: LocalMesh
    recorded: Recorded
    sources: FakeSources
    documents: Landed

    def collect(self, source: str, day: date, as_of: datetime, **more: Any) -> dict[str, Any]:
        self.sources.now = as_of
        body = {"source": source, "game_date": str(day), "as_of": as_of.isoformat(), **more}
        return call_function(self.mesh, "collect", "/collect", body)

    def landed(self, prefix: str = "") -> Landed:
        """Names and decoded bytes of the bucket."""
        client = storage_client(self.mesh.settings)
        found = {}
        for blob in client.list_blobs(self.mesh.names.buckets["landing"], prefix=prefix):
            data = blob.download_as_bytes(raw_download=True)
            found[blob.name] = decoding.document_bytes(data, blob.content_encoding)
        return found

    def metadata(self, name: str) -> dict[str, str]:
        blob = storage_client(self.mesh.settings).bucket(self.mesh.names.buckets["landing"]).get_blob(name)
        assert blob is not None
        return dict(blob.metadata)

    def rows(self, table: str) -> list[dict[str, Any]]:
        sql = f"SELECT * FROM {tables.get(table).full_name}"
        return Warehouse(self.mesh.settings, []).rows(sql, {}, dict[str, Any])
