"""Each row of the fault table, tried; ``A4EVAL_KILLS`` says how many kills there are on this machine.

All trials of the table: ``python -m tests.faults``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from .row import UntriedError, attempted
from .rows import ROWS

KILLS = int(os.environ.get("A4EVAL_KILLS", "12"))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def trials(row):
    """Return how many trials of a row are enough here."""
    if "local" in row.name:
        return KILLS // 6 if "app" in row.name else KILLS // 3
    return row.at_once if "hostile" in row.name else 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_is_promised_holds(row):
    left = trials(row)
    while left > 0:
        now = min(left, row.at_once)
        try:
            assert attempted(row, left, now) == [""] * now
        except UntriedError as error:
            pytest.skip(str(error))
        left -= now


def test_the_table_has_every_row_and_no_broken_promise():
    lines = re.findall(r"^\| (.+?) \| (.+?) \| (?:([\d,]+) of ([\d,]+)|not tried) \|$", PAGE.read_text(), re.MULTILINE)
    assert [(name, promise) for name, promise, _, _ in lines] == [(row.name, row.promise) for row in ROWS]
    assert [name for name, _, held, tried in lines if held != tried] == []
