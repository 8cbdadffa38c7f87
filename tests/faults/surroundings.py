"""Disk, permissions, descriptors, clock, locale, another user, another sweep."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ..conftest import Finished
from .row import SWEEP, Row, UntriedError, check, whole

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..conftest import Place

POINTS = 120
COMMAND = ["run", "-m", "experiment=probe", f"task.x=range(0,{POINTS})", f"hydra.sweep.dir={SWEEP}", "task.say=hi"]
NOBODY = 65534


def limited(place: Place, limits: dict[int, int], *command: str, before: Sequence[str] = ()) -> Finished:
    """Run a command with limits of the system, by way of the command *before*."""

    def limit() -> None:
        for one, most in limits.items():
            resource.setrlimit(one, (most, most))

    words = [*before, sys.executable, "-m", "a4eval", *command]
    where: dict[str, Any] = {"cwd": place.folder, "env": place.environment, "preexec_fn": limit}
    done = subprocess.run(words, **where, capture_output=True, text=True, errors="replace", check=False, timeout=200)
    return Finished(done.returncode, done.stdout, done.stderr, place.folder)


def said(done: Finished) -> None:
    """Check that a command that could not do its work says so, without a traceback of ours."""
    check(done.code in (0, 1, 2), f"exit status {done.code}: {done.err}")
    check("Traceback" not in done.err, f"a traceback: {done.err}")
    check(done.code == 0 or done.err.strip() or done.out.strip(), "nothing is said")


def lines_are_whole(place: Place) -> None:
    """Check that no line of the journal is torn, and keep what it holds."""
    journal = place.folder / SWEEP / "results.jsonl"
    text = journal.read_bytes() if journal.exists() else b""
    check(not text or text.endswith(b"\n"), "a line is torn")


def full_disk(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """A small file system fills."""
    disk = place.folder / SWEEP
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={rng.randrange(24, 480)}k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        raise UntriedError("needs the right to mount a small file system")
    try:
        done = place.run(*COMMAND)
        said(done)
        check(done.code == 0 or "No space left on device" in done.err, f"why is not said: {done.err}")
        lines_are_whole(place)
        known = place.ok() if (disk / "results.jsonl").exists() else []
        subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
        whole(place, POINTS, *COMMAND)
        check(set(known) <= set(place.ok()), "records are gone")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    yield


def short_files(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """No file may become longer than so many bytes."""
    done = limited(place, {resource.RLIMIT_FSIZE: rng.randrange(1_000, 200_000)}, *COMMAND)
    said(done)
    lines_are_whole(place)
    whole(place, POINTS, *COMMAND)
    yield


def few_descriptors(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """No process may have more than so many files open."""
    done = limited(place, {resource.RLIMIT_NOFILE: rng.randrange(16, 48)}, *COMMAND, "executor.workers=2")
    said(done)
    lines_are_whole(place)
    whole(place, POINTS, *COMMAND)
    yield


def without(*options: str) -> list[str]:
    """Return what starts a command with other rights.

    Raises:
        UntriedError: only root may.
    """
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise UntriedError("needs to be root, and setpriv, to have other rights than root")
    return ["setpriv", *options]


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder's files."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def no_permission(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """Another user's sweep: its folder, or a file in it, cannot be written or read."""
    rights = "-dac_override,-dac_read_search"
    bound = without(f"--inh-caps={rights}", f"--bounding-set={rights}")
    first = place.run(*COMMAND[:3], "task.x=range(0,40)", *COMMAND[4:])
    check(first.code == 0, first.err)
    sweep = place.folder / SWEEP
    os.chmod(sweep, 0o777)  # noqa: PTH101
    closed = rng.choice([sweep, *(one for one in sweep.iterdir() if one.is_file())])
    modes = {one: one.stat().st_mode for one in sweep.iterdir()}
    for one in modes:
        one.chmod(0o777)
    closed.chmod(rng.choice([0o000, 0o444, 0o555] if closed != sweep else [0o000, 0o555]))
    before = contents(sweep)
    for words in (COMMAND, ["status", SWEEP], ["ls", SWEEP], ["resume", SWEEP], ["retry", SWEEP]):
        done = limited(place, {}, *words, before=bound)
        said(done)
    after = contents(sweep)
    lost = [name for name in before if not after.get(name, b"").startswith(before[name][:200])]
    check(set(lost) <= {".lock", "sweep.json"}, f"lost: {lost}")  # these tell of the last command
    sweep.chmod(0o777)
    closed.chmod(0o666 if closed != sweep else 0o777)
    whole(place, POINTS, *COMMAND)
    yield


def another_user(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """A user without a home, who owns the working directory alone."""
    reads = "+dac_read_search"  # Python may lie in root's own home
    other = without(f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps={reads}",
                    f"--ambient-caps={reads}")  # fmt: skip
    place.environment["HOME"] = "/nonexistent"
    os.chown(place.folder, NOBODY, NOBODY)
    place.environment["XDG_STATE_HOME"] = rng.choice(["/nonexistent/state", str(place.folder / "state"), ""])
    for words in (COMMAND, ["resume", SWEEP], ["retry", SWEEP], ["ls", SWEEP, "--limit", "3"]):
        done = limited(place, {}, *words, before=other)
        check(done.code == 0, f"exit status {done.code}: {done.err}")
    check(sorted(place.ok()) == list(range(POINTS)), "not every point once")
    yield


LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "tr_TR.UTF-8"},
    {"LANG": "nowhere", "LC_NUMERIC": "de_DE"},
    {"PYTHONUTF8": "1", "LC_ALL": "C"},
    {"TZ": "Pacific/Chatham"},
    {"PYTHONHASHSEED": "7"},
]


def locales(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """Another language, encoding or zone, in a folder whose name is no ASCII; then the usual one goes on."""
    named = place.folder / rng.choice(["ordner ä", "文件夹", "a'b", "tab\tin", "plain"])
    named.mkdir()
    inside = type(place)(named, dict(place.environment))
    odd = type(place)(named, place.environment | rng.choice(LOCALES))
    done = odd.run(*COMMAND[:3], "task.x=range(0,40)", *COMMAND[4:])
    check(done.code == 0, f"exit status {done.code}: {done.err}")
    for words in (["ls", SWEEP], ["status", SWEEP]):
        check(odd.run(*words).code == 0, f"{words[0]} fails")
    whole(inside, POINTS, *COMMAND)
    yield


CLOCK = """
import os, random, time
_rng, _time = random.Random(os.getpid()), time.time
time.time = lambda: _time() + _rng.choice([0, -86400, 86400, -1e9, 3e9])
time.time_ns = lambda: int(time.time() * 1e9)
"""


def clock(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """What Python tells as the time jumps by days and decades, and so do the times of files."""
    site = place.folder.parent / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(CLOCK)
    odd = type(place)(place.folder, place.environment | {"PYTHONPATH": f"{site}:{place.environment['PYTHONPATH']}"})
    done = odd.run(*COMMAND[:3], "task.x=range(0,40)", *COMMAND[4:])
    check(done.code == 0, f"exit status {done.code}: {done.err}")
    for one in (place.folder / SWEEP).iterdir():
        at = rng.choice([0, 1, 4_000_000_000])
        os.utime(one, (at, at))
    for words in (["status", SWEEP], ["ls", SWEEP], ["resume", SWEEP]):
        done = odd.run(*words)
        check(done.code == 0, f"{words[0]}: {done.err}")
    whole(place, POINTS, *COMMAND)
    yield


def two_sweeps(place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """Several commands begin in one folder at about the same time."""
    ranges = [(0, POINTS), (0, POINTS), (rng.randrange(POINTS), POINTS)]
    words = [[*COMMAND[:3], f"task.x=range({a},{b})", *COMMAND[4:], "executor.workers=1"] for a, b in ranges]
    running = [place.start(*one) for one in words]
    for process in running:
        _, err = process.communicate(timeout=200)
        refused = process.returncode == 2 and "another sweep is running" in err
        check(process.returncode == 0 or refused, f"exit status {process.returncode}: {err}")
    whole(place, POINTS, *COMMAND)
    yield


HALF = "said in a line, no traceback, no line torn, nothing lost; once there is room the same command goes on"
ROWS = [
    Row("the disk fills, at a random size", HALF, 12, full_disk),
    Row("files may not grow beyond a random size", HALF, 12, short_files),
    Row("few file descriptors, 16 to 47", HALF, 10, few_descriptors),
    Row(
        "a folder, or a file in it, that may not be read or written",
        "said in a line, no traceback, nothing lost; once it may, the same command goes on",
        10,
        no_permission,
    ),
    Row("a user without a home", "each point once, and all commands work", 3, another_user),
    Row("locale, encoding, time zone, odd names of folders", "each point once, and all commands work", 10, locales),
    Row("the clock and the times of files jump", "each point once, and all commands work", 5, clock),
    Row(
        "three commands in one folder at once", "one works, the others refuse or wait; each point once", 10, two_sweeps
    ),
]
