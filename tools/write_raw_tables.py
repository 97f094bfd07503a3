"""Writes the composed folders of nba_raw (see tipoff_ops.build.raw_tables.views)."""

from tipoff.tables.registry import ROOT
from tipoff_ops.build.raw_tables.folders import composed_folders
from tipoff_ops.build.raw_tables.views import RAW


def main() -> None:
    """Write every composed folder; a test fails while they differ from what is committed."""
    for folder in composed_folders():
        place = ROOT / RAW / folder.name
        place.mkdir(exist_ok=True)
        for file, text in folder.files.items():
            (place / file).write_text(text, encoding="utf-8")
        print(f"{RAW}.{folder.name}")


if __name__ == "__main__":
    main()
