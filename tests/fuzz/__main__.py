"""Fuzz every target for some seconds each, with what coverage says:

    python -m tests.fuzz --seconds 600 --kept FOLDER

needs ``pip install atheris``. ``--kept FOLDER`` keeps the corpus of each target, and what was found, so that the next
call goes on from there. ``--only TEXT`` takes the targets whose name holds it. Exit status 1 if anything was found.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .targets import TARGETS


def main() -> int:
    """Fuzz, and print a line for each target."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--kept", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="TEXT")
    chosen = parser.parse_args()
    names = [name for name in TARGETS if chosen.only in name]
    each, bad, total = max(1, chosen.seconds // len(names)), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        for name in names:
            corpus = (chosen.kept or Path(temporary)) / name
            corpus.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "tests.fuzz.one", name, str(each), str(corpus.resolve())]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            stats = re.search(r"number_of_executed_units: (\d+)", done.stderr) or re.search(
                r"Done (\d+) runs", done.stderr
            )
            runs = int(stats[1]) if stats else 0
            total += runs
            sys.stdout.write(f"{name}: {runs:,} executions{'' if done.returncode == 0 else ', FOUND:'}\n")
            if done.returncode:
                bad += 1
                kept = [line for line in done.stderr.splitlines() if not line.startswith(("#", "INFO", "stat::"))]
                sys.stdout.write("\n".join(kept[-40:]) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{total:,} executions of {len(names)} targets, {bad} with findings\n")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
