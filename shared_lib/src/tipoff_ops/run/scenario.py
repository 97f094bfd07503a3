"""What a run plays: documents, and the dates to predict. The league is simulated or comes from a corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from tipoff_ops.corpus.landing_zip import LandingZip
from tipoff_sim import League, Volume
from tipoff_sim.market import BOOKS

SIMULATED_START = date(2025, 10, 21)
SIMULATED_DAYS = 30
SIMULATED_SEED = 7
# Lines and reports in the morning, props once more before tip-off, no ladders: a demonstration must be short.
SIMULATED_VOLUME = Volume(
    lines_before_tipoff=(),
    props_before_tipoff=(90,),
    report_every=8,
    books=tuple(book for book in BOOKS if not book.has_ladder),
)
PREDICTED_DAYS = 3


class Document(Protocol):
    """A source document with the instant from which it could be seen."""

    @property
    def object_name(self) -> str:
        """Its name in the landing bucket."""
        ...

    @property
    def observed_at(self) -> datetime:
        """UTC."""
        ...

    @property
    def body(self) -> bytes:
        """Its bytes."""
        ...


@dataclass(frozen=True)
class Scenario:
    """What a run plays.

    Attributes:
        documents: in the order of their instants.
        dates: Eastern game dates to predict and grade.
        trains_from: the date from which on the tables are rebuilt and a model is trained before anything is predicted;
            None to predict without a trained model.
        before_first_tipoff: whether the games of a date are predicted before the first tip-off of the date; otherwise
            before the last one, each game as known before its own tip-off.
    """

    title: str
    documents: Sequence[Document]
    dates: tuple[date, ...]
    before_first_tipoff: bool
    trains_from: date | None = None


def simulated_scenario() -> Scenario:
    """The first weeks of a simulated league; its last days are predicted, strictly before their first tip-off."""
    season = League(SIMULATED_SEED).season(SIMULATED_START, SIMULATED_DAYS, SIMULATED_VOLUME)
    return Scenario("a simulated league", tuple(season), season.game_dates[-PREDICTED_DAYS:], True)


def corpus_scenario(
    path: Path, first: date, last: date, earlier: Sequence[Path] = (), *, trains: bool = False
) -> Scenario:
    """The season of a landing zip up to `last`; each game of `first..last` is predicted before its own tip-off.

    Args:
        earlier: landing zips of earlier seasons, which are uploaded too.
        trains: whether a model is trained on all dates of the documents before `first`.
    """
    zips = [LandingZip(each) for each in (*earlier, path)]
    found = (document for each in zips for document in each.documents(None, last))
    documents = tuple(sorted(found, key=lambda document: (document.observed_at, document.object_name)))
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    played = (entry.game_date for each in zips for entry in each.entries if entry.source == "nbac_boxscore")
    return Scenario(path.name, documents, days, False, min(played) if trains else None)
