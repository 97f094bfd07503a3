"""LightGBM models as text. The same inputs give the same text.

LightGBM is imported at its first use, because most functions never use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats

if TYPE_CHECKING:
    import lightgbm

type Matrix = NDArray[np.float32]

DETERMINISTIC: Mapping[str, object] = {
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "num_threads": 1,
    "verbosity": -1,
}
BINNING: Mapping[str, object] = {**DETERMINISTIC, "max_bin": 63, "feature_pre_filter": False}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is boosted. The output never falls when a feature in `increasing` rises."""

    objective: str
    rounds: int
    num_leaves: int
    min_rows_per_leaf: int
    learning_rate: float = 0.04
    feature_share: float = 0.5
    row_share: float = 0.7
    tweedie_power: float = 1.5
    increasing: tuple[str, ...] = ("opponent_def_rating",)

    def parameters(self, names: tuple[str, ...]) -> dict[str, object]:
        """The parameters of LightGBM, with all sources of randomness fixed."""
        return {
            **BINNING,
            "objective": self.objective,
            "tweedie_variance_power": self.tweedie_power,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_rows_per_leaf,
            "learning_rate": self.learning_rate,
            "feature_fraction": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "monotone_constraints": [int(name in self.increasing) for name in names],
        }


def libraries() -> dict[str, str]:
    """Versions of the libraries that a trained model depends on."""
    return {name: version(name) for name in ("lightgbm", "numpy")}


def binned(names: tuple[str, ...], features: Matrix) -> "lightgbm.Dataset":
    """Features (rows, len(names)) in bins, to train several models on."""
    import lightgbm

    return lightgbm.Dataset(features, feature_name=list(names), params=dict(BINNING), free_raw_data=False)


def train(recipe: Recipe, data: "lightgbm.Dataset", target: Floats, weight: Floats | None = None) -> str:
    """Model text from binned features and a target (rows,), optionally weighted. `data` is not changed."""
    import lightgbm

    parameters = recipe.parameters(tuple(data.feature_name))
    data.set_label(target)
    data.set_weight(np.ones(len(target)) if weight is None else weight)
    return str(lightgbm.train(parameters, data, num_boost_round=recipe.rounds).model_to_string())


def predict(text: str, features: Matrix) -> Floats:
    """Predictions (rows,) of a model text, for features in the order of its training."""
    return np.asarray(_checked(text, features).predict(features, num_threads=1), dtype=np.float64)


def contributions(text: str, features: Matrix) -> Floats:
    """Shapley contributions to the raw score, shape (rows, features + 1); the last column is the base."""
    booster = _checked(text, features)
    return np.asarray(booster.predict(features, pred_contrib=True, num_threads=1), dtype=np.float64)


def _checked(text: str, features: Matrix) -> "lightgbm.Booster":
    booster = _booster(text)
    if booster.num_feature() != features.shape[1]:
        raise ContractViolation(
            "model_features_differ", f"model has {booster.num_feature()} features, rows {features.shape[1]}"
        )
    return booster


@lru_cache(maxsize=16)
def _booster(text: str) -> "lightgbm.Booster":
    """The parsed model, cached because parsing takes tens of milliseconds."""
    import lightgbm

    return lightgbm.Booster(model_str=text)
