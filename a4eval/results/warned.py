"""What the points of a sweep warned of."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from a4eval.journal.pointed import spelt
from a4eval.plurals import counted

if TYPE_CHECKING:
    from a4eval.sweeps.carry_out import Outcome

SHOWN = 3
LONGEST = 200
"""Characters of a warning; its record has all of them."""


class _Warned(msgspec.Struct):
    """What a record warns of."""

    run_id: str
    warnings: list[str] = []


def warned(outcome: Outcome) -> list[str]:
    """Return a line for each of the first distinct warnings of a sweep's points, and one for the others."""
    found: dict[str, list[str]] = {}
    points = 0
    for record in outcome.journal.read(outcome.entries(), _Warned):
        points += bool(record.warnings)
        for text in record.warnings:
            found.setdefault(text, []).append(record.run_id)
    lines = [_line(text, run_ids, outcome) for text, run_ids in list(found.items())[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"{counted(points, 'point')} warned; {counted(len(found) - SHOWN, 'other warning')} not shown")
    return lines


def _line(text: str, run_ids: list[str], outcome: Outcome) -> str:
    words = " ".join(text.split())
    cut = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
    first = shlex.quote(str(spelt(outcome.journal.path, run_ids[0])))
    return f"in {counted(len(run_ids), 'point')}: {cut}; `a4eval show {first}`"
