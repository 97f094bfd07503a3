"""Simulates a basketball league and writes the documents of its sources. Equal seeds give equal bytes; see `league`."""

from tipoff_sim.document import Document, Kind
from tipoff_sim.league import FULL, SMALL, League, Season, Volume
from tipoff_sim.world import PlayerTruth

__all__ = ["FULL", "SMALL", "Document", "Kind", "League", "PlayerTruth", "Season", "Volume"]
