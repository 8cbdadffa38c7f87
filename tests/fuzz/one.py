"""Fuzz one target: ``python -m tests.fuzz.one NAME FOLDER FOUND [FLAG … CORPUS …]``; ``__main__`` starts it.

FOLDER is an empty one to work in; FOUND is a folder for what it finds, one input of each kind, beside what it brought
about; with that it goes on.
What follows is libFuzzer's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import NoReturn

SECONDS_FOR_ONE = 5
MOST = 1 << 13
"""Bytes of an input."""


def main() -> None:
    """Fuzz, until libFuzzer ends the process."""
    name, folder, found, *given = sys.argv[1:]
    import atheris

    tempfile.tempdir = folder
    work, here, seeds = (Path(folder, one) for one in ("work", "here", "seeds"))
    for one in (work, here, seeds):
        one.mkdir()
    os.chdir(work)
    plugins = {one.module.partition(".")[0] for one in entry_points(group="a4eval")}
    with atheris.instrument_imports(include=sorted({"a4eval", *plugins})):
        from .target import FoundError
        from .targets import TARGETS

        target = TARGETS[name]
        for number, data in enumerate(target.seeds()):  # imports what it needs
            (seeds / str(number)).write_bytes(data)
            target.read(here, data)
            _empty(here)

    def late(*_: object) -> NoReturn:
        raise FoundError(f"it takes more than {SECONDS_FOR_ONE} s of the processor")

    def once(data: bytes) -> None:
        try:
            signal.setitimer(signal.ITIMER_PROF, SECONDS_FOR_ONE)
            target.read(here, data)
            if there := os.listdir(work):  # noqa: PTH208  (this is asked a million times)
                raise FoundError(f"{there[0]!r} was written outside of the folder")
        except Exception as error:  # noqa: BLE001  (a finding)
            signal.setitimer(signal.ITIMER_PROF, 0)
            note(error, data, Path(found), name)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            _empty(here)
            _empty(work)

    signal.signal(signal.SIGPROF, late)
    limits = ["-timeout=120", "-rss_limit_mb=3000", f"-max_len={MOST}", f"-artifact_prefix={found}/{name}-"]
    atheris.Setup([sys.argv[0], *limits, *given, str(seeds)], once)
    atheris.Fuzz()


def note(error: Exception, data: bytes, found: Path, name: str) -> None:
    """Keep the first input that brings about such an error, told by its type and the places it came through."""
    steps = traceback.extract_tb(error.__traceback__)
    text = "".join(traceback.format_exception(error))
    places = " ".join(f"{one.filename}:{one.lineno}" for one in steps if "/tests/fuzz/" not in one.filename)
    kind = hashlib.sha256(f"{type(error).__name__} {places or text}".encode(errors="replace")).hexdigest()[:8]
    if not (file := found / f"{name}-{kind}").exists():
        file.write_bytes(data)
        file.with_suffix(".txt").write_text(text, errors="backslashreplace")


def _empty(folder: Path) -> None:
    with os.scandir(folder) as there:
        for one in there:
            if one.is_dir(follow_symlinks=False):
                shutil.rmtree(one.path)
            else:
                os.unlink(one.path)  # noqa: PTH108


if __name__ == "__main__":
    main()
