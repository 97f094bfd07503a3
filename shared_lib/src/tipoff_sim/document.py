"""What the simulator hands out: source documents, each with the instant at which the world could see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Which source a document imitates; the values are the folders of its object name."""

    SCHEDULE = "nba-com/schedule"
    BOXSCORE = "nba-com/boxscores"
    PLAY_BY_PLAY = "nba-com/play-by-play"
    INJURY_REPORT = "nba-com/injury-report"
    EVENTS = "odds-api/events"
    GAME_LINES = "odds-api/game-lines"
    PLAYER_PROPS = "odds-api/player-props"


@dataclass(frozen=True, slots=True)
class Document:
    """One object as a collector would land it.

    Attributes:
        object_name: the name it has in the landing bucket.
        observed_at: UTC instant at which its content was known; equal to the instant in the name.
        body: UTF-8 JSON, not compressed.
        kind: the source imitated.
    """

    object_name: str
    observed_at: datetime
    body: bytes
    kind: Kind
