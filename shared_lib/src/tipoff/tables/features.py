"""The features of ml_feature_store_v2, read from its features.yaml, and the query composed from them.

One entry of the file says all there is to know of a feature: what it means, in which unit, from which SQL expression
it comes (over the columns of `inputs.sql`), how many observations `n` stand behind it, how many make it `full`, and
the prior that fills the places of those that are missing:

    value   = own value                             when n >= full
            = (n * own + (full - n) * prior) / full when 0 < n < full
            = prior                                 when n = 0 or the own value is NULL
    quality = n / (n + k) with k = max(full - n, 0) the observations still missing (that is n / full, at most 1)
    source  = own | shrunk | prior
"""

from functools import cache
from typing import Literal

import msgspec
import yaml

from tipoff.tables.registry import get

FEATURE_TABLE = "ml_feature_store_v2"
FEATURE_VERSION = "v2"

_KEYS = """\
game_date, player_id, player_lookup, player_full_name, game_id, nba_game_id, season_year,
    team_abbr, opponent_team_abbr, home_game, days_rest, cutoff_at"""

_FINAL = """\
SELECT
  game_date, player_id, player_lookup, CONCAT(player_lookup, '_', CAST(player_id AS STRING)) AS universal_player_id,
  player_full_name, game_id, nba_game_id, season_year, team_abbr, opponent_team_abbr, home_game AS is_home, days_rest,
  cutoff_at, '{version}' AS feature_version, {count} AS feature_count,
  ROUND(100 * ({total}) / {count}, 6) AS feature_quality_score,
  [
{structs}
  ] AS features
FROM scored
"""


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature.

    index: its place in the array, for ever; new ones go to the end.
    unit, direction: `up` = more of it never means fewer expected points by itself, `down` the reverse, `none` unsaid.
    value, n, prior: GoogleSQL over the columns of inputs.sql; n is INT64, the others numeric.
    full: how many observations make the window full.
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


@cache
def features() -> tuple[Feature, ...]:
    """All features in the order of the array."""
    text = (get(FEATURE_TABLE).folder / "features.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), tuple[Feature, ...])


def feature_names() -> tuple[str, ...]:
    """Names in the order of the array."""
    return tuple(feature.name for feature in features())


def compose_query() -> str:
    """The text that query.sql of the feature store must hold."""
    head = get(FEATURE_TABLE).sql("inputs.sql").rstrip()
    return "\n".join([head, _measured(), _scored(), _final()])


def _measured() -> str:
    # one column per own value, one per distinct share of a full window, one per distinct prior
    values = [f"CAST({f.value} AS FLOAT64) AS v{f.index}" for f in features()]
    shares = [f"CAST({sql} AS FLOAT64) AS {name}" for sql, name in _shares().items()]
    priors = [f"CAST({sql} AS FLOAT64) AS {name}" for sql, name in _priors().items()]
    columns = ",\n".join(f"    {column}" for column in values + shares + priors)
    return f"measured AS (\n  SELECT\n    {_KEYS},\n{columns}\n  FROM inputs\n),"


def _share(feature: Feature) -> str:
    return f"LEAST({feature.n}, {feature.full}) / {feature.full}"


def _shares() -> dict[str, str]:
    found = dict.fromkeys(_share(f) for f in features() if f.n != "1")
    return {sql: f"s{place}" for place, sql in enumerate(found)}


def _priors() -> dict[str, str]:
    found = dict.fromkeys(f.prior for f in features())
    return {sql: f"p{place}" for place, sql in enumerate(found)}


def _scored() -> str:
    columns = ",\n".join(_score(f) for f in features())
    return f"scored AS (\n  SELECT\n    {_KEYS},\n{columns}\n  FROM measured\n)"


def _score(feature: Feature) -> str:
    v, p = f"v{feature.index}", _priors()[feature.prior]
    if feature.n == "1":
        value, quality = f"COALESCE({v}, {p})", f"IF({v} IS NULL, 0.0, 1.0)"
    else:
        s = _shares()[_share(feature)]
        value, quality = f"COALESCE({v} * {s} + {p} * (1 - {s}), {p})", f"IF({v} IS NULL, 0.0, {s})"
    return f"    {value} AS x{feature.index}, {quality} AS q{feature.index}"


def _final() -> str:
    structs = ",\n".join(
        f"    STRUCT('{f.name}' AS name, x{f.index} AS value, q{f.index} AS quality, "
        f"CASE WHEN q{f.index} = 0 THEN 'prior' WHEN q{f.index} < 1 THEN 'shrunk' ELSE 'own' END AS source)"
        for f in features()
    )
    total = _sum_in_tens([f"q{f.index}" for f in features()])
    return _FINAL.format(version=FEATURE_VERSION, count=len(features()), total=total, structs=structs)


def _sum_in_tens(terms: list[str]) -> str:
    # one fixed order; in groups, because analyzers bound the depth of an expression
    groups = [terms[start : start + 10] for start in range(0, len(terms), 10)]
    return " + ".join(f"({' + '.join(group)})" for group in groups)
