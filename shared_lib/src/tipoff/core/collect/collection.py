"""How Tipoff collects a source that it fetches itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tipoff.core.collect.model import Answer, Host, Key, SourceRequest, Target
from tipoff.core.collect.windows import Window


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage of a workflow that collects the source. A stage collects its sources in parallel.

    Attributes:
        number: stages run in ascending order. No host may occur twice in one stage.
        max_age_minutes: the source is skipped if a run for the same date succeeded within this time.
    """

    number: int
    max_age_minutes: int = 0


def no_requests(target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
    """No request follows from an answer."""
    return ()


def no_credits(target: Target) -> int:
    """The following requests cost nothing."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """How a source is collected.

    Attributes:
        host: the server of the first requests.
        first_requests: the requests at the start of a run.
        following_requests: the requests that a good answer leads to.
        following_credits: the most that the following requests of a run may cost, in the vendor's credits.
        key: the API key it needs, or None.
        is_required: a workflow stops without it. If another source is missing, the workflow goes on and reports it.
        needs_games: it is collected only on dates with games.
        has_snapshots: it serves past snapshots.
        fallbacks: sources on other hosts to try, in order, after the last retry has failed.
        window: when it is due; None if only a workflow or a person starts it.
        stages: its stage in each workflow that collects it, by workflow.
        game_table: view of nba_raw with the rows of each game; None for a source without a document per game.
        compares_rows: a document lands only if its parsed rows differ from those of the newest one. For a source whose
            documents state when they were made, so that no two have the same bytes.
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
    compares_rows: bool = False

    def first(self, target: Target) -> tuple[SourceRequest, ...]:
        """The requests at the start of a run, each with the games that its answer is judged against."""
        return tuple(replace(request, games=target.games) for request in self.first_requests(target))

    def following(self, target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
        """The requests that a good answer leads to, each with the games that its answer is judged against."""
        found = self.following_requests(target, request, answer)
        return tuple(replace(one, games=target.games) for one in found)

    def most_credits(self, target: Target) -> int:
        """The most that a run may cost, in the vendor's credits."""
        return sum(request.credits for request in self.first_requests(target)) + self.following_credits(target)
