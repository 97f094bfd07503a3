"""A deterministic basketball league that writes the source documents of a real one; see `league`."""

from tipoff_sim.document import Document, Kind
from tipoff_sim.league import FULL, SMALL, League, Season, Volume
from tipoff_sim.world import PlayerTruth

__all__ = ["FULL", "SMALL", "Document", "Kind", "League", "PlayerTruth", "Season", "Volume"]
