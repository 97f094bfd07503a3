"""What a feature group says of a player's game, in words: the values behind a contribution."""

from collections.abc import Mapping

from tipoff.forecast.types import FeatureValue

# Per group of `tipoff.forecast.features.GROUPS`: the features that a reader knows, and how each is told.
PHRASES: Mapping[str, Mapping[str, str]] = {
    "recent scoring": {
        "points_avg_last_5": "{:.1f} points over the last 5 games",
        "points_avg_last_10": "{:.1f} over the last 10",
    },
    "season and career level": {
        "points_avg_season": "{:.1f} points this season",
        "points_avg_prior_season": "{:.1f} last season",
    },
    "minutes": {
        "minutes_avg_last_5": "{:.0f} minutes over the last 5 games",
        "minutes_avg_season": "{:.0f} this season",
    },
    "shooting and usage": {
        "usage_rate_last_10": "{:.0f} % of the team's plays over the last 10 games",
        "fga_avg_last_10": "{:.1f} shots a game",
    },
    "teammates' availability": {
        "team_out_minutes": "{:.0f} usual minutes of team-mates are missing",
        "team_returning_minutes": "{:.0f} return",
    },
    "own availability": {
        "likely_play": "{:.0%} likely to play",
        "days_since_last_appearance": "{:.0f} days since the last appearance",
    },
    "rest and load": {
        "games_in_last_7_days": "{:.0f} games in the last 7 days",
        "fatigue_score": "{:.0f} of 100 fresh",
    },
    "opponent": {
        "opponent_def_rating": "the opponent allows {:.1f} points per 100 possessions",
        "opponent_pace": "and plays {:.1f} possessions",
    },
    "game line": {"team_spread": "spread {:+.1f}", "game_total_line": "total {:.1f}"},
    "team and season": {
        "team_off_rating": "the team scores {:.1f} points per 100 possessions",
        "team_win_pct": "and wins {:.0%} of its games",
    },
}


def words(group: str, features: Mapping[str, FeatureValue]) -> str:
    """The group's values, such as "21.3 points over the last 5 games, 19.8 over the last 10"; "" for other groups.

    A value that is all prior says so, because it is no fact about the player.
    """
    told = [
        phrase.format(features[name].value) + ("" if features[name].quality > 0 else " (prior)")
        for name, phrase in PHRASES.get(group, {}).items()
        if name in features
    ]
    return ", ".join(told)
