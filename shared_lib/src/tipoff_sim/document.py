"""A source document, with the instant at which it could be observed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Which source a document imitates; the values are the names in `tipoff.sources`."""

    SCHEDULE = "nbac_schedule"
    BOXSCORE = "nbac_boxscore"
    PLAY_BY_PLAY = "nbac_play_by_play"
    INJURY_REPORT = "nbac_injury_report"
    EVENTS = "odds_api_events"
    GAME_LINES = "odds_api_game_lines"
    PLAYER_PROPS = "odds_api_player_props"


@dataclass(frozen=True, slots=True)
class Document:
    """One object, as a collector would upload it.

    Attributes:
        object_name: its name in the landing bucket.
        observed_at: UTC instant at which its content was known; equal to the instant in the name.
        body: UTF-8 JSON, not compressed.
        kind: the source that it imitates.
    """

    object_name: str
    observed_at: datetime
    body: bytes
    kind: Kind
