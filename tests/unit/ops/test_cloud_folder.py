"""The folder of a local cloud: where its data are, what a new run keeps, and what a deletion leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tipoff_ops.local.folder import AlreadyRunning, CloudFolder, NotRunning


def played(folder: Path, name: str = "data") -> CloudFolder:
    """A folder with the parts of a cloud that was played."""
    for part in ("bigquery", "identity", "storage"):
        (folder / name / part).mkdir(parents=True)
        (folder / name / part / "rows").write_text("rows")
    (folder / "report.html").write_text("page")
    return CloudFolder(folder)


def test_a_new_run_keeps_the_former_cloud_beside_it(tmp_path: Path) -> None:
    cloud = played(tmp_path / "local")
    with cloud.locked():
        kept = cloud.set_aside()
    assert kept is not None and kept.name.startswith("local-")
    assert CloudFolder(kept).has_data
    assert (kept / "report.html").read_text() == "page"
    assert not cloud.has_data
    assert not cloud.is_locked


def test_two_clouds_of_one_second_are_both_kept(tmp_path: Path) -> None:
    kept = set()
    for _ in range(2):
        cloud = played(tmp_path / "local")
        os.utime(cloud.data / "bigquery", (0, 0))
        with cloud.locked():
            kept.add(cloud.set_aside())
    assert len(kept) == 2


def test_data_of_an_earlier_release_lie_in_the_folder_itself(tmp_path: Path) -> None:
    cloud = played(tmp_path, ".")
    assert cloud.has_data
    assert cloud.data == tmp_path
    (tmp_path / "a photograph").write_text("not ours")
    with cloud.locked():
        cloud.delete_data()
    assert {path.name for path in tmp_path.iterdir()} == {"a photograph", "lock"}


def test_a_folder_without_a_cloud_is_not_set_aside(tmp_path: Path) -> None:
    cloud = CloudFolder(tmp_path / "local")
    with cloud.locked():
        assert cloud.set_aside() is None
    assert cloud.running_state() is None


HOLDS = """
import sys, time
from pathlib import Path
from tipoff_ops.local.folder import CloudFolder
with CloudFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_in_use_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipoff_ops.local.folder.OTHER_COMMAND_TIMEOUT_S", 0.3)
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        cloud = CloudFolder(tmp_path)
        with pytest.raises(AlreadyRunning, match=f"process {other.pid} runs in"), cloud.locked():
            pytest.fail("two processes hold one folder")
        with pytest.raises(NotRunning, match="still starting"):
            cloud.running_state()
        other.kill()
