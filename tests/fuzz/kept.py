"""What is kept of fuzzing: how often each target was executed, what was found, and a small corpus."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .target import ROOT, Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

CORPUS = Path(__file__).with_name("corpus")
BYTES = 3_000
"""Of the small corpus of a target."""
MOST_TRIED = 60
"""Inputs of which the small corpus is chosen, short and long ones: to trace one takes a second."""


class Kept:
    """The folder of ``--kept``: ``corpus/NAME``, ``found``, and a line of ``executions.jsonl`` a call.

    Args:
        folder: it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "executions.jsonl"
        self._corpus = folder / "corpus"
        self.found = folder / "found"
        self.found.mkdir(parents=True, exist_ok=True)

    def corpus(self, name: str) -> Path:
        """Return the folder of a target's corpus."""
        (self._corpus / name).mkdir(parents=True, exist_ok=True)
        return self._corpus / name

    def findings(self, name: str) -> list[Path]:
        """Return the inputs that a target came to a bad end with."""
        return sorted(one for one in self.found.glob(f"{name}-*") if one.suffix != ".txt")

    def note(self, name: str, executions: int, seconds: float) -> None:
        """Add what a call came to."""
        line = {"target": name, "executions": executions, "seconds": round(seconds, 1), "day": time.strftime("%F")}
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return executions, seconds and the last day of each target."""
        totals: dict[str, dict[str, Any]] = {}
        for line in self._file.read_text().splitlines() if self._file.exists() else ():
            one = json.loads(line)
            before = totals.setdefault(one["target"], {"executions": 0, "seconds": 0.0, "day": ""})
            before["executions"] += one["executions"]
            before["seconds"] += one["seconds"]
            before["day"] = max(before["day"], one["day"])
        return totals


def minimised(name: str, target: Target, inputs: Iterable[bytes]) -> int:
    """Write the small corpus of a target: the shortest inputs that together reach what all do; return how many.

    What is there already comes first.
    """
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    known = [one.read_bytes() for one in sorted(folder.iterdir())]
    reached: set[tuple[CodeType, int]] = set()
    with tempfile.TemporaryDirectory() as begin:
        for number, data in enumerate(target.seeds()):
            reached |= _reached(target, Path(begin, f"seed-{number}"), data)
        for number, data in enumerate(known):
            reached |= _reached(target, Path(begin, f"known-{number}"), data)
        left, n = BYTES - sum(map(len, known)), len(known)
        by_length = sorted(set(inputs), key=len)
        for number, data in enumerate(by_length[:: 1 + len(by_length) // MOST_TRIED]):
            more = _reached(target, Path(begin, str(number)), data) - reached
            if more and len(data) <= left:
                (folder / sha256(data).hexdigest()[:8]).write_bytes(data)
                reached |= more
                left, n = left - len(data), n + 1
    return n


def _reached(target: Target, folder: Path, data: bytes) -> set[tuple[CodeType, int]]:
    """Return the lines of a4eval and its plugins that an input reaches."""
    lines: set[tuple[CodeType, int]] = set()

    def of_line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            lines.add((frame.f_code, frame.f_lineno))
        return of_line

    @cache
    def ours(file: str) -> bool:
        return file.startswith(str(ROOT)) and "/tests/fuzz/" not in file

    def of_call(frame: FrameType, _event: str, _argument: object) -> Any:
        return of_line if ours(frame.f_code.co_filename) else None

    folder.mkdir()
    sys.settrace(of_call)
    try:
        target.read(folder, data)
    finally:
        sys.settrace(None)
    return lines
