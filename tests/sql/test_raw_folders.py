"""The composed folders of nba_raw are what is committed, and landing tables alone are composed from."""

from tipoff.tables.registry import ROOT
from tipoff_ops.build.raw_tables.folders import composed_folders
from tipoff_ops.build.raw_tables.views import RAW


def test_committed_raw_folders_are_the_composed_ones() -> None:
    stale = [
        f"{folder.name}/{file}"
        for folder in composed_folders()
        for file, text in folder.files.items()
        if (ROOT / RAW / folder.name / file).read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run: python tools/write_raw_tables.py"
