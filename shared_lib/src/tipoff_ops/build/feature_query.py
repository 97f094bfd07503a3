"""Composes the query of the feature store from its features.yaml and inputs.sql.

Per feature, `own` is its value expression, `n` the observations behind it, `full` the observations of a full window:

    value   = own                                   when n >= full
            = (n * own + (full - n) * prior) / full when 0 < n < full
            = prior                                 when n = 0 or own is NULL
    quality = min(n / full, 1), or 0 when own is NULL
    source  = own | shrunk | prior
"""

from collections.abc import Iterable, Mapping, Sequence

from tipoff.tables.features import FEATURE_VERSION, Feature

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


def compose_query(inputs_sql: str, features: Sequence[Feature]) -> str:
    """The feature store's query.sql. `inputs_sql` is the WITH clause that defines `inputs`."""
    shares = _named("s", (_share(f) for f in features if f.n != "1"))
    priors = _named("p", (f.prior for f in features))
    return "\n".join(
        [inputs_sql.rstrip(), _measured(features, shares, priors), _scored(features, shares, priors), _final(features)]
    )


def _named(letter: str, expressions: Iterable[str]) -> dict[str, str]:
    """A column name for each distinct expression: what several features share is computed once."""
    return {sql: f"{letter}{place}" for place, sql in enumerate(dict.fromkeys(expressions))}


def _share(feature: Feature) -> str:
    return f"LEAST({feature.n}, {feature.full}) / {feature.full}"


def _measured(features: Sequence[Feature], shares: Mapping[str, str], priors: Mapping[str, str]) -> str:
    values = {f"v{f.index}": f.value for f in features}
    named = [*values.items(), *((name, sql) for sql, name in (*shares.items(), *priors.items()))]
    columns = ",\n".join(f"    CAST({sql} AS FLOAT64) AS {name}" for name, sql in named)
    return f"measured AS (\n  SELECT\n    {_KEYS},\n{columns}\n  FROM inputs\n),"


def _scored(features: Sequence[Feature], shares: Mapping[str, str], priors: Mapping[str, str]) -> str:
    columns = ",\n".join(_score(f, shares.get(_share(f), ""), priors[f.prior]) for f in features)
    return f"scored AS (\n  SELECT\n    {_KEYS},\n{columns}\n  FROM measured\n)"


def _score(feature: Feature, share: str, prior: str) -> str:
    own = f"v{feature.index}"
    if feature.n == "1":
        value, quality = f"COALESCE({own}, {prior})", f"IF({own} IS NULL, 0.0, 1.0)"
    else:
        value = f"COALESCE({own} * {share} + {prior} * (1 - {share}), {prior})"
        quality = f"IF({own} IS NULL, 0.0, {share})"
    return f"    {value} AS x{feature.index}, {quality} AS q{feature.index}"


def _final(features: Sequence[Feature]) -> str:
    structs = ",\n".join(
        f"    STRUCT('{f.name}' AS name, x{f.index} AS value, q{f.index} AS quality, "
        f"CASE WHEN q{f.index} = 0 THEN 'prior' WHEN q{f.index} < 1 THEN 'shrunk' ELSE 'own' END AS source)"
        for f in features
    )
    total = _sum_in_tens([f"q{f.index}" for f in features])
    return _FINAL.format(version=FEATURE_VERSION, count=len(features), total=total, structs=structs)


def _sum_in_tens(terms: list[str]) -> str:
    """A sum in one fixed order, in groups of ten because analyzers limit the depth of an expression."""
    groups = [terms[start : start + 10] for start in range(0, len(terms), 10)]
    return " + ".join(f"({' + '.join(group)})" for group in groups)
