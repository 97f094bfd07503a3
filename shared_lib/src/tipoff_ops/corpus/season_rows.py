"""The landing rows of a season in Parquet files, by the contracts of ingest; parsed once and cached by digest."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
import pyarrow
import pyarrow.parquet

from tipoff import sources
from tipoff.core import contracts
from tipoff.core.contracts.results import Parsed
from tipoff.core.errors import NotReady
from tipoff.tables import Table, landing
from tipoff_ops.corpus.landing_zip import LandingZip

ROWS_PER_FILE = 100_000
INGESTED_AT = datetime(2000, 1, 1, tzinfo=UTC)  # fixed, so that the same documents give the same files
_ARROW: Mapping[str, pyarrow.DataType] = {
    "STRING": pyarrow.string(),
    "INT64": pyarrow.int64(),
    "FLOAT64": pyarrow.float64(),
    "NUMERIC": pyarrow.decimal128(38, 9),
    "BOOL": pyarrow.bool_(),
    "DATE": pyarrow.date32(),
    "TIMESTAMP": pyarrow.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class LandingFile:
    """A file with rows of one landing table."""

    table: Table
    path: Path


def zip_name(season_year: int) -> str:
    """File name of the landing zip of the season that starts in this year."""
    return f"landing-{season_year}-{(season_year + 1) % 100:02}.zip"


def season_zip(corpus: Path, season_year: int) -> Path:
    """The landing zip of the season that starts in this year.

    Raises:
        NotReady: the corpus has none.
    """
    path = corpus / zip_name(season_year)
    if not path.is_file():
        raise NotReady("season_missing", f"the corpus has no {path.name}", {"season": season_year})
    return path


def parse_season(zip_path: Path, cache: Path) -> list[LandingFile]:
    """The accepted rows of all documents of a zip; `cache` has a folder for each zip and version of the contracts."""
    key = hashlib.sha256(zip_path.read_bytes() + _parsers_digest()).hexdigest()[:16]
    folder = cache / f"{zip_path.stem}-{key}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(prefix="parsing-", dir=cache))
        _write_season(zip_path, scratch)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    return [LandingFile(landing(path.name.split(".")[0]), path) for path in sorted(folder.glob("*.parquet"))]


def _parsers_digest() -> bytes:
    """Digest of everything that parses a document."""
    return b"".join(source_digest(Path(package.__path__[0])) for package in (sources, contracts))


def source_digest(folder: Path, suffixes: tuple[str, ...] = (".py", ".sql", ".json", ".yaml")) -> bytes:
    """sha256 over the names and contents of the source files under a folder."""
    found = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.suffix in suffixes):
        found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.digest()


def _write_season(zip_path: Path, folder: Path) -> None:
    pending: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    parts: defaultdict[str, int] = defaultdict(int)
    for document in LandingZip(zip_path).documents():
        parsed = sources.read(document.object_name, document.body, None)
        constants = _bookkeeping(document.object_name, parsed)
        for found in parsed.tables:
            pending[found.table].extend(constants | msgspec.structs.asdict(row) for row in found.rows)
            if len(pending[found.table]) >= ROWS_PER_FILE:
                parts[found.table] += 1
                _write(landing(found.table), pending.pop(found.table), folder, parts[found.table])
    for name, rows in pending.items():
        _write(landing(name), rows, folder, parts[name] + 1)


def _bookkeeping(object_name: str, parsed: Parsed) -> dict[str, Any]:
    return {
        "source_object": object_name,
        "source_generation": 1,
        "parse_seq": parsed.parse_seq,
        "observed_at": parsed.observed_at,
        "ingested_at": INGESTED_AT,
    }


def _write(table: Table, rows: Sequence[Mapping[str, Any]], folder: Path, part: int) -> None:
    schema = pyarrow.schema([pyarrow.field(c.name, _type(c.type, c.mode)) for c in table.columns])
    columns = [_column(rows, field) for field in schema]
    pyarrow.parquet.write_table(
        pyarrow.Table.from_arrays(columns, schema=schema), folder / f"{table.name}.{part:03}.parquet"
    )


def _type(name: str, mode: str) -> pyarrow.DataType:
    return pyarrow.list_(_ARROW[name]) if mode == "REPEATED" else _ARROW[name]


def _column(rows: Iterable[Mapping[str, Any]], field: pyarrow.Field) -> pyarrow.Array:
    values = [row[field.name] for row in rows]
    if pyarrow.types.is_floating(field.type):
        values = [float(value) if isinstance(value, Decimal) else value for value in values]
    return pyarrow.array(values, type=field.type)
