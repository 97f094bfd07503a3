"""`tipoff local ls`: the local clouds of this checkout."""

from datetime import UTC, datetime

import msgspec

from tipoff_ops.cli.options import AsJson
from tipoff_ops.cli.output import print_rows
from tipoff_ops.local.folder import CloudFolder, known_clouds
from tipoff_ops.local.project import WAREHOUSE

MEGABYTE = 1_000_000


class LocalCloud(msgspec.Struct, frozen=True):
    """One local cloud: its folder, whether it runs, the size of its data, and when they were last written."""

    folder: str
    state: str
    megabytes: int
    written_at: datetime | None


def ls(as_json: AsJson = False) -> None:
    """List the local clouds of this checkout.

    `--folder` of the other commands chooses one of them. Without it, they use .tipoff/local.

    Example: tipoff local ls
    """
    found = [_describe(cloud) for cloud in known_clouds()]
    print_rows(found, as_json, empty="there is no local cloud; `tipoff run` plays one")


def _describe(cloud: CloudFolder) -> LocalCloud:
    files = [path for path in cloud.data.rglob("*") if path.is_file()]
    written_s = max((path.stat().st_mtime for path in (cloud.data / WAREHOUSE).rglob("*")), default=None)
    return LocalCloud(
        str(cloud.folder),
        "running" if cloud.is_locked else "stopped",
        round(sum(path.stat().st_size for path in files) / MEGABYTE),
        datetime.fromtimestamp(round(written_s), UTC) if written_s else None,
    )
