"""Fuzz one target in this process: ``python -m tests.fuzz.one NAME SECONDS CORPUS [INPUT]``; ``__main__`` starts it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

SECONDS_FOR_ONE = 5
MOST = 1 << 14


def main() -> None:
    """Fuzz, until libFuzzer ends the process: well, or with what it found."""
    name, seconds, corpus, *inputs = sys.argv[1:]
    import atheris

    folder = Path(tempfile.mkdtemp(prefix="a4eval-fuzz-"))
    work = folder / "work"
    work.mkdir()
    (folder / "begin").mkdir()
    os.chdir(work)
    with atheris.instrument_imports(include=["a4eval", "a4eval_ap_metric"]):
        from .targets import TARGETS, FoundError, beginnings

        target, begin = TARGETS[name], [*beginnings(name, folder / "begin")]
        for one in begin:  # imports what it needs
            target(folder / "begin", one)
    for number, one in enumerate(begin):
        Path(corpus, f"begin-{number}").write_bytes(one)

    def late(*_: object) -> NoReturn:
        raise FoundError(f"it takes more than {SECONDS_FOR_ONE} s of the processor")

    def once(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as here:
            signal.setitimer(signal.ITIMER_PROF, SECONDS_FOR_ONE)
            target(Path(here), data)
            signal.setitimer(signal.ITIMER_PROF, 0)
        if there := sorted(one.name for one in work.iterdir()):
            raise FoundError(f"{there[0]!r} was written outside of the folder")

    signal.signal(signal.SIGPROF, late)
    limits = [f"-max_total_time={seconds}", "-timeout=120", "-rss_limit_mb=2500", f"-max_len={MOST}"]
    where = [f"-artifact_prefix={corpus}/found-", *(inputs or [corpus])]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", *where], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
