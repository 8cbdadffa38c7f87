"""Fuzz every target, led by what code each input reaches; needs ``pip install atheris``:

    python -m tests.fuzz --executions 1000000 --kept FOLDER --write

``--kept FOLDER`` keeps the corpus of each target, what was found, and how often each was executed: the next call goes
on from there, so that it may be broken off. ``--executions N`` ends when each target has had so many, those of earlier
calls included; ``--seconds N`` after that time, dealt out evenly. ``--at-once N`` targets are fuzzed side by side.
``--only TEXT`` takes the targets whose name holds it. ``--minimise`` adds to the small corpus of ``tests/fuzz/corpus``
instead, out of the one in FOLDER; ``--write`` puts the table into docs/security.md. Exit status 1: there are findings.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness import environment, publish, table

from .kept import CORPUS, Kept, minimised
from .target import ROOT
from .targets import TARGETS

LONGEST = 120
"""Seconds that a target is fuzzed before another comes next."""
MEMORY = Path("/dev/shm")
PAGE = ROOT / "docs" / "security.md"


def main() -> int:
    """Fuzz, print a line for each target, and a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10**9, help="for all targets together")
    parser.add_argument("--executions", type=int, default=10**12, help="for each target")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--kept", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--minimise", action="store_true")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    names = [name for name in TARGETS if chosen.only in name]
    with tempfile.TemporaryDirectory() as temporary:
        kept = Kept((chosen.kept or Path(temporary)).resolve())
        if chosen.minimise:
            for name in names:
                inputs = (one.read_bytes() for one in kept.corpus(name).iterdir())
                _say(f"{name}: {minimised(name, TARGETS[name], inputs)} inputs")
            return 0
        fuzzing = _Fuzzing(kept, names, chosen.executions, chosen.seconds, chosen.at_once)
        with ThreadPoolExecutor(chosen.at_once) as pool:
            list(pool.map(lambda _: fuzzing.work(), range(chosen.at_once)))
        bad = _tell(kept, names, write=chosen.write)
    return bad > 0


class _Fuzzing:
    """Gives the next turn to the target that had the least time."""

    def __init__(self, kept: Kept, names: list[str], executions: int, seconds: int, at_once: int) -> None:
        self._kept = kept
        self._left = {name: executions - kept.totals().get(name, {"executions": 0})["executions"] for name in names}
        self._end = time.monotonic() + seconds
        self._turn = max(1, min(LONGEST, seconds * at_once // len(names)))
        self._free, self._spent = set(names), dict.fromkeys(names, 0.0)
        self._lock = threading.Lock()

    def work(self) -> None:
        while (name := self._next()) is not None:
            start = time.monotonic()
            runs = _fuzz(self._kept, name, min(self._turn, max(1, int(self._end - start))), self._left[name])
            spent = time.monotonic() - start
            with self._lock:
                self._kept.note(name, runs, spent)
                self._spent[name] += spent
                self._left[name] -= max(runs, 1)
                self._free.add(name)

    def _next(self) -> str | None:
        with self._lock:
            waiting = [name for name in self._free if self._left[name] > 0]
            if time.monotonic() >= self._end:
                waiting = [name for name in waiting if not self._spent[name]]  # each has a turn
            if not waiting:
                return None
            name = min(waiting, key=self._spent.__getitem__)
            self._free.remove(name)
            return name


def _fuzz(kept: Kept, name: str, seconds: int, runs: int) -> int:
    """Fuzz one target in a process of its own, and return how often it was executed."""
    command = [sys.executable, "-m", "tests.fuzz.one", name]
    flags = [f"-max_total_time={seconds}", f"-runs={runs}", "-print_final_stats=1"]
    folders = [str(kept.corpus(name)), *(str(CORPUS / name) for _ in range((CORPUS / name).is_dir()))]
    with tempfile.TemporaryDirectory(prefix="a4eval-fuzz-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as work:
        words = [*command, work, str(kept.found), *flags, *folders]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)
    stats = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    _say(f"{name}: {int(stats[1]) if stats else 0:,} executions")
    if done.returncode or not stats:
        _say("\n".join([f"ended with {done.returncode}:", *done.stderr.splitlines()[-40:]]))
        (kept.found / f"{name}-ended").write_text(done.stderr[-4000:])
    return int(stats[1]) if stats else 0


def _tell(kept: Kept, names: list[str], *, write: bool) -> int:
    """Print what was found and the table; return how many targets found something."""
    totals, lines, bad = kept.totals(), [], 0
    for name in names:
        found = kept.findings(name)
        bad += bool(found)
        for one in found:
            report = one.with_suffix(".txt")
            _say(f"FOUND by {name}, {one}:\n{report.read_text() if report.exists() else ''}")
        of = totals.get(name, {"executions": 0, "seconds": 0.0, "day": ""})
        rate = of["executions"] / max(of["seconds"], 1)
        lines.append((name, f"{of['executions']:,}", f"{rate:,.0f}", str(len(found)), of["day"]))
    told = f"{table(['what is fuzzed', 'executions', 'a second', 'findings', 'last'], lines)}\n\n{environment()}"
    if write:
        publish("fuzzing", told, PAGE)
    else:
        _say(told)
    return bad


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
