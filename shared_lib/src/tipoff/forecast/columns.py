"""Feature rows as named columns, for a slate or a season at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats
from tipoff.forecast.types import FeatureRow


@dataclass(frozen=True, slots=True)
class Columns:
    """Feature values of shape (rows, len(names)), and the rows' `player_ids` (rows,)."""

    names: tuple[str, ...]
    values: Floats
    player_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def get(self, name: str) -> Floats:
        """Values of one feature, shape (rows,); ContractViolation for an unknown feature."""
        return np.asarray(self.values[:, self._index(name)], dtype=np.float64)

    def select(self, names: Sequence[str]) -> Floats:
        """These features in this order, shape (rows, len(names)); ContractViolation for an unknown feature."""
        return np.asarray(self.values[:, [self._index(name) for name in names]], dtype=np.float64)

    def take(self, index: "NDArray[np.int64] | NDArray[np.bool_]") -> "Columns":
        """The rows at these positions, or in this mask."""
        return Columns(self.names, self.values[index], self.player_ids[index])

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise ContractViolation("feature_missing", f"feature rows have no {name}", {"feature": name})
        return self.names.index(name)


def from_rows(rows: Sequence[FeatureRow]) -> Columns:
    """Columns of a slate. All rows must have the features of the first, in the same order."""
    names = tuple(rows[0].features) if rows else ()
    for row in rows:
        if tuple(row.features) != names:
            raise ContractViolation("feature_names_differ", f"player {row.player_id} has other features")
    values = np.array([[f.value for f in row.features.values()] for row in rows], dtype=np.float64)
    players = np.array([row.player_id for row in rows], dtype=np.int64)
    return Columns(names, values.reshape(len(rows), len(names)), players)
