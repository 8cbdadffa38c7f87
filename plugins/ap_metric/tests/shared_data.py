"""Where the real data lies that some tests need: beside the project."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
