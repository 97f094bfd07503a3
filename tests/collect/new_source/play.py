"""Ingests and collects a document of the new source on a local cloud: `python -m tests.collect.new_source.play DIR`.

Runs in the copy of the repository. Prints the rows of the new table as JSON.
"""

import json
import sys
from datetime import date
from pathlib import Path

import msgspec

from tests.collect.bench import CollectMesh
from tests.collect.recorded import Recorded
from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.build import find_project
from tipoff_ops.local.function_call import call_function
from tipoff_ops.local.upload import Upload, Uploader


class Found(msgspec.Struct):
    """A row of the new table."""

    nba_game_id: str
    game_date: date
    attendance: int
    source_object: str


def document(game_id: str, attendance: int) -> bytes:
    """A document with one game."""
    return json.dumps({"games": [{"gameId": game_id, "attendance": attendance}]}).encode()


def play(folder: Path) -> list[Found]:
    """Upload one document, collect another, and read the table."""
    recorded = Recorded()
    recorded.serve("api.arenas.example/attendance", document("0022400142", 17_500))
    mesh = CollectMesh(find_project(), folder, sources_url=recorded.url)
    try:
        mesh.start()
        uploader = Uploader(mesh)
        name = "arenas/attendance/2024-11-01/20241102T060000Z.json"
        list(uploader.upload_each([Upload(name, document("0022400141", 18_000))]))
        uploader.wait()
        body = {"source": "arena_attendance", "game_date": "2024-11-02", "as_of": "2024-11-03T06:00:00Z"}
        result = call_function(mesh, "collect", "/collect", body)
        assert (result["outcome"], result["pending"]) == ("ok", 0), result
        assert recorded.requests[0].headers["x-key"], "the request carries the key"
        sql = "SELECT * FROM nba_raw.arena_attendance WHERE game_date >= '2024-01-01' ORDER BY game_date"
        return Warehouse(mesh.settings, []).rows(sql, {}, Found)
    finally:
        mesh.stop()
        recorded.stop()


if __name__ == "__main__":
    print(msgspec.json.encode(play(Path(sys.argv[1]))).decode())
