"""Try every row of the fault table, and print it:

    python -m tests.faults --kept FILE --write

``--kept FILE`` notes what each attempt found as it ends, and tries none of them twice, so that the command may be
broken off and given again. ``--only TEXT`` tries the rows whose name holds it; ``--write`` puts the table into
docs/faults.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.harness import environment, publish, table

from .row import UntriedError, attempted
from .rows import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def main() -> None:
    """Try what was not tried yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path("faults.jsonl"), metavar="FILE")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    for row in ROWS:
        if chosen.only not in row.name:
            continue
        while (left := row.trials - len(kept(chosen.kept).get(row.name, ()))) > 0:
            seed, start = row.trials - left, time.monotonic()
            try:
                broken = attempted(row, seed, min(row.at_once, left))
            except UntriedError as error:
                sys.stderr.write(f"{row.name}: not tried: {error}\n")
                break
            with chosen.kept.open("a") as file:
                file.write(json.dumps({"row": row.name, "seed": seed, "broken": broken}) + "\n")
            told = "; ".join(filter(None, broken)) or "held"
            sys.stderr.write(f"{row.name}: {seed} to {seed + len(broken)}: {told} ({time.monotonic() - start:.0f} s)\n")
    found = kept(chosen.kept)
    lines = []
    for row in ROWS:
        tried = found.get(row.name, [])
        lines.append((row.name, row.promise, f"{tried.count('')} of {len(tried)}" if tried else "not tried"))
    publish("faults", f"{table(['what is done', 'what is promised', 'held'], lines)}\n\n{environment()}", PAGE)


def kept(file: Path) -> dict[str, list[str]]:
    """Return how each trial so far was broken, by row."""
    found: dict[str, list[str]] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        one = json.loads(line)
        found.setdefault(one["row"], []).extend(one["broken"])
    return found


if __name__ == "__main__":
    main()
