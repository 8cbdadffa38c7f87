"""The pages, and the blocks of code on them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(text, *kinds):
    """Return the blocks of these languages, of no language for an empty text."""
    return [block for kind, block in BLOCK.findall(text) if kind in kinds]


def typed(text):
    """Return the commands that a page says to type, each one line and without its comment."""
    lines = [line for block in blocks(text, "", "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [re.sub(r"\s+(# .*)?$", "", line.strip()) for line in lines if line.startswith("a4eval ")]
