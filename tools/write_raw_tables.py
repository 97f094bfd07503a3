"""Writes the composed folders of nba_raw (see tipoff.tables.raw_views): `python tools/write_raw_tables.py`."""

from tipoff.tables.raw_folders import composed_folders
from tipoff.tables.raw_views import RAW
from tipoff.tables.registry import ROOT


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
