"""Puts the helpers beside these tests on the path (pytest imports by file here)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
