"""The features of ml_feature_store_v2, read from its features.yaml.

An entry defines a feature: its meaning, its unit, the SQL expression of its value (over the columns of `inputs.sql`),
its number of observations `n`, the number that fills its window (`full`), and the prior that replaces missing
observations. tipoff_ops.build.feature_query composes the store's query from these entries.
"""

from functools import cache
from typing import Literal

import msgspec
import yaml

from tipoff.tables.registry import get

FEATURE_TABLE = "ml_feature_store_v2"
FEATURE_VERSION = "v2"
FEATURES_FILE = "features.yaml"


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature.

    Attributes:
        index: its position in the array. It never changes; new features are added at the end.
        direction: `up` if a larger value alone never means fewer expected points, `down` for the reverse, else `none`.
        value, n, prior: GoogleSQL over the columns of inputs.sql; `n` is INT64, the others are numeric.
        full: number of observations that fill the window.
    """

    index: int
    name: str
    definition: str
    unit: str
    direction: Literal["up", "down", "none"]
    value: str
    n: str
    full: int
    prior: str


def read_features(text: bytes) -> tuple[Feature, ...]:
    """The entries of a features.yaml, in the order of the array."""
    return msgspec.convert(yaml.safe_load(text), tuple[Feature, ...])


@cache
def features() -> tuple[Feature, ...]:
    """All features in the order of the array."""
    return read_features((get(FEATURE_TABLE).folder / FEATURES_FILE).read_bytes())


def feature_names() -> tuple[str, ...]:
    """Names in the order of the array."""
    return tuple(feature.name for feature in features())
