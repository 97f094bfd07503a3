"""What an explanation says."""

import msgspec

GOOD_STATES = ("COMPLETE", "EMPTY_OK", "predicted", "skipped", "no_game")


class Explanation(msgspec.Struct, frozen=True):
    """Why a date, a game or a player is in its state.

    Attributes:
        cause: the first cause, in words.
        told: the evidence, a line for each output or fact.
        command: the command that repairs it; empty if no command helps.
    """

    subject: str
    state: str
    cause: str
    told: tuple[str, ...]
    command: str = ""
