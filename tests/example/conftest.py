"""In the house's own test run the example is imported in place; a distribution would be installed instead."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
