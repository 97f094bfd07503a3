"""Reads the feature store and the outcomes of its rows through Arrow, as arrays for training."""

from datetime import date, datetime

import numpy as np
import pyarrow
from numpy.typing import NDArray

from tipoff.cloud.arrow import ArrowReader
from tipoff.core.errors import ContractViolation, NotReady
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.training_rows import RowColumns, pack
from tipoff.steps.queries import load
from tipoff.tables.features import features

_EPOCH = date(1970, 1, 1).toordinal()


def read_rows(reader: ArrowReader, first: date, last: date, as_of: datetime) -> pyarrow.Table:
    """The slate rows of the dates `first..last`, with the outcomes that were known at `as_of`."""
    return reader.table(load("models/training_rows"), {"start_date": first, "end_date": last, "as_of": as_of})


def training_table(rows: pyarrow.Table) -> TrainingTable:
    """The rows as training arrays.

    Raises:
        NotReady: there are no rows.
        ContractViolation: a row has another number of features than the store defines, or two rows have the same key.
    """
    if not len(rows):
        raise NotReady("store_empty", "the feature store has no rows for these dates")
    return pack(_columns(rows.combine_chunks()), tuple(feature.name for feature in features()))


def _columns(rows: pyarrow.Table) -> RowColumns:
    return RowColumns(
        dates=rows["game_date"].cast("int32").to_numpy().astype(np.int64) + _EPOCH,
        seasons=_numbers(rows, "season_year").astype(np.int64),
        game_ids=np.array(rows["nba_game_id"].to_pylist(), dtype=np.str_),
        player_ids=rows["player_id"].to_numpy().astype(np.int64),
        features=_features(rows),
        quality=_numbers(rows, "feature_quality_score"),
        playoffs=rows["is_playoffs"].to_numpy().astype(bool),
        points=_numbers(rows, "points"),
        minutes=_numbers(rows, "minutes"),
        line_pts=_numbers(rows, "line_pts"),
        over_american=_numbers(rows, "over_american"),
        under_american=_numbers(rows, "under_american"),
        bookmakers=np.array(rows["bookmaker"].to_pylist(), dtype=np.object_),
        last_10_pts=_numbers(rows, "last_10_pts"),
    )


def _numbers(rows: pyarrow.Table, name: str) -> NDArray[np.float64]:
    """A numeric column, NULL as NaN."""
    return np.asarray(rows[name].cast("float64").to_numpy(), dtype=np.float64)


def _features(rows: pyarrow.Table) -> NDArray[np.float32]:
    lists = pyarrow.concat_arrays(rows["feature_values"].chunks)
    values = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    if len(values) % len(rows) or not np.isfinite(values).all():
        raise ContractViolation(
            "feature_names_differ",
            "the rows of the feature store have different numbers of features, or a value is not finite",
        )
    return np.asarray(values.reshape(len(rows), -1))
