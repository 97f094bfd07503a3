"""How a source is collected: its part of `Source`, for sources that Tipoff fetches itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tipoff.core.collect.model import Answer, Host, Key, SourceRequest, Target
from tipoff.core.collect.windows import Window


@dataclass(frozen=True, slots=True)
class Stage:
    """When a workflow collects the source: stage after stage, the sources of one stage at once.

    Attributes:
        number: stages of one workflow run in the order of their numbers. No host may occur twice in one stage.
        max_age_minutes: the source is not asked again if a run for the same date ended well so recently.
    """

    number: int
    max_age_minutes: int = 0


def no_requests(target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
    """Nothing follows from an answer."""
    return ()


def no_credits(target: Target) -> int:
    """What follows costs nothing."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """How a source is collected.

    Attributes:
        host: the server that is asked first.
        first_requests: the requests that a run begins with.
        following_requests: the requests that a good answer leads to.
        following_credits: the most that the following requests of a run may cost, in the vendor's credits.
        key: the API key it needs, or None.
        is_required: a workflow stops without it. Without any other source it goes on and reports the lack.
        needs_games: it is asked only on dates that have games.
        has_snapshots: it serves past snapshots.
        fallbacks: sources on other hosts that are asked, in order, when this one has failed for good.
        window: when it is due; None if only a workflow or a person asks for it.
        stages: the workflows that collect it before they work, by name.
        game_table: view of nba_raw with rows of a game once its document is in; None without a document per game.
    """

    host: Host
    first_requests: Callable[[Target], tuple[SourceRequest, ...]]
    following_requests: Callable[[Target, SourceRequest, Answer], tuple[SourceRequest, ...]] = no_requests
    following_credits: Callable[[Target], int] = no_credits
    key: Key | None = None
    is_required: bool = False
    needs_games: bool = True
    has_snapshots: bool = False
    fallbacks: tuple[str, ...] = ()
    window: Window | None = None
    stages: Mapping[str, Stage] = field(default_factory=dict)
    game_table: str | None = None

    def first(self, target: Target) -> tuple[SourceRequest, ...]:
        """The requests that a run begins with, each with the games it is judged against."""
        return tuple(replace(request, games=target.games) for request in self.first_requests(target))

    def following(self, target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
        """The requests that a good answer leads to, each with the games it is judged against."""
        found = self.following_requests(target, request, answer)
        return tuple(replace(one, games=target.games) for one in found)

    def most_credits(self, target: Target) -> int:
        """The most that a run may cost, in the vendor's credits."""
        return sum(request.credits for request in self.first_requests(target)) + self.following_credits(target)
