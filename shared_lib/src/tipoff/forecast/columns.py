"""Feature rows as named columns: the shape in which systems compute, a slate or a season at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats
from tipoff.forecast.types import FeatureRow


@dataclass(frozen=True, slots=True)
class Columns:
    """Feature values and qualities, both of shape (rows, len(names)), in the unit each feature has.

    `player_ids` (rows,) tells whose they are.
    """

    names: tuple[str, ...]
    values: Floats
    quality: Floats
    player_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def get(self, name: str) -> Floats:
        """Values of one feature, shape (rows,); ContractViolation when the rows do not carry it."""
        return np.asarray(self.values[:, self._index(name)], dtype=np.float64)

    def quality_of(self, name: str) -> Floats:
        """Share of data (0-1) behind one feature, shape (rows,)."""
        return np.asarray(self.quality[:, self._index(name)], dtype=np.float64)

    def select(self, names: Sequence[str]) -> Floats:
        """These features in this order, shape (rows, len(names)); ContractViolation if one lacks."""
        return np.asarray(self.values[:, [self._index(name) for name in names]], dtype=np.float64)

    def take(self, index: "NDArray[np.int64] | NDArray[np.bool_]") -> "Columns":
        """The rows at these positions (or where the mask holds), all features."""
        return Columns(self.names, self.values[index], self.quality[index], self.player_ids[index])

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise ContractViolation("feature_missing", f"feature rows carry no {name}", {"feature": name})
        return self.names.index(name)


def from_rows(rows: Sequence[FeatureRow]) -> Columns:
    """Columns of a slate. The first row's features name the columns; every row must carry exactly those."""
    names = tuple(rows[0].features) if rows else ()
    for row in rows:
        if tuple(row.features) != names:
            raise ContractViolation("feature_names_differ", f"player {row.player_id} carries other features")
    values = np.array([[f.value for f in row.features.values()] for row in rows], dtype=np.float64)
    quality = np.array([[f.quality for f in row.features.values()] for row in rows], dtype=np.float64)
    shape = (len(rows), len(names))
    players = np.array([row.player_id for row in rows], dtype=np.int64)
    return Columns(names, values.reshape(shape), quality.reshape(shape), players)
