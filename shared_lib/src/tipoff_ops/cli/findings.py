"""The result of one check of `tipoff doctor`."""

import msgspec

NOTHING = "nothing to do"


class Finding(msgspec.Struct, frozen=True):
    """The result of one check, and what to do about it. Only `needed` checks decide the exit code."""

    what: str
    good: bool
    detail: str
    todo: str = NOTHING
    needed: bool = True
