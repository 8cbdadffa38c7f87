"""``reuse=PATH``: of the points of a sweep, the records of runs that are finished elsewhere already.

The same run is the one of the same ``run_id``, whose data files are what it read: what ``resume`` goes by.
What lies there may come from anyone: it is data, and its files are copied only if they are those its record lists.
"""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from a4eval.context import Run
from a4eval.conversion import at_home
from a4eval.errors import ConfigError, DataError
from a4eval.executors.jobs import new_folder
from a4eval.journal.pointed import pointed
from a4eval.journal.query import decoded, files
from a4eval.journal.standing import Standing
from a4eval.journal.texts import text_at
from a4eval.journal.views import Entry
from a4eval.ownership import LOG, claim, folder_of
from a4eval.regular import opened, to_write
from a4eval.runs.record import FileRecord, Record, encode, plain
from a4eval.sweeps.command import root_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from a4eval.executors.contract import Job, Jobs
    from a4eval.journal.journal import Journal

BLOCK = 2**20


class _Elsewhere(Entry):
    """A record, and the file it stands in."""

    path: str = msgspec.field(default="", name="#path")  # no key of a record


def paths(reuse: str | list[str] | None) -> list[Path]:
    """Return what a config's ``reuse`` names."""
    return [at_home(one) for one in ([reuse] if isinstance(reuse, str) else reuse or [])]


def check(reuse: str | list[str] | None, overrides: Iterable[str], *, resume: bool) -> None:
    """Refuse what cannot be meant.

    Raises:
        ConfigError: a config says whose numbers are taken, all is to run anew, or it is a point of a sweep.
        DataError: there is nothing of that name.
    """
    if reuse is None:
        return
    if not any(root_key(one) == "reuse" for one in overrides):
        raise ConfigError("only the command says whose runs are taken for one's own: give reuse=PATH", path="reuse")
    if not resume:
        raise ConfigError("resume=false runs all anew, so nothing is taken from elsewhere; leave one out", path="reuse")
    for path in paths(reuse):
        if pointed(path).point is not None:
            raise ConfigError(f"{path} is one point; give its sweep", path="reuse")


def finished(wanted: Collection[str], reuse: str | list[str] | None, own: Path) -> dict[str, _Elsewhere]:
    """Return the record of each run that is finished elsewhere: it is ok, and its data files are the same.

    Args:
        wanted: the ids of the runs.
        reuse: files and folders.
        own: the sweep's own folder, which is no other.
    """
    found = Standing[_Elsewhere]()
    for path in paths(reuse):
        for file in files(path):
            if file.resolve().is_relative_to(own.resolve()):
                continue
            for offset, entry in decoded(file, file.parent, _Elsewhere):  # one bad file hides nothing else
                if entry is not None and entry.run_id in wanted:
                    entry.path, entry.offset = str(file), offset
                    found.add(entry)
    current = {run_id: found.current(run_id) for run_id in found}
    return {run_id: one for run_id, one in current.items() if one is not None and one.status == "ok"}


def take(
    points: Jobs, todo: list[int], reuse: str | list[str], folder: Path, sweep_id: str, journal: Journal
) -> list[int]:
    """Take what is finished elsewhere of *todo* into the journal, and return what is still to be run."""
    ids = list(points.run_ids)
    there = finished({ids[number] for number in todo}, reuse, folder)
    left = []
    for number in todo:
        elsewhere = there.get(ids[number])
        record = elsewhere and _taken(elsewhere, points[number], folder, sweep_id)
        if record:
            journal.append(encode(record) + b"\n")
        else:
            left.append(number)
    journal.sync()
    return left


def _taken(elsewhere: _Elsewhere, job: Job, folder: Path, sweep_id: str) -> Record | None:
    """Return the record as that of *job*, its files copied; None if it, or one of them, is not what it says."""
    file = Path(elsewhere.path)
    try:
        record = msgspec.json.decode(text_at(file, elsewhere.offset), type=Record)
        source, target = folder_of(file, record.run_id), new_folder(folder, job.run_id)
        run = Run(target, record.seed)
        for one in record.artifacts:
            _copy(source, one, partial(run.artifact, one.path))
        if record.log is not None:
            _copy(source, record.log, partial(_log, target))
    except (msgspec.MsgspecError, RecursionError, OSError, ValueError, DataError):
        return None
    record.sweep_id, record.experiment = sweep_id, job.point.experiment
    record.config, record.overrides = plain(job.point.config), list(job.point.overrides)
    record.reused = str(file.absolute())
    record.environment.installed = None  # of the other sweep's folder
    return record


def _log(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    claim(folder, LOG)
    return folder / LOG


def _copy(folder: Path, listed: FileRecord, target: Callable[[], Path]) -> None:
    """Copy a file that a record lists, if it is what that says.

    Raises:
        OSError, ValueError: it is not.
    """
    source = folder / PurePosixPath(listed.path)
    if not source.resolve().is_relative_to(folder.resolve()):
        raise ValueError(listed.path)
    digest = hashlib.sha256()
    with opened(source) as file:
        if os.fstat(file.fileno()).st_size != listed.bytes:
            raise ValueError(listed.path)
        while block := file.read(BLOCK):
            digest.update(block)
        if digest.hexdigest() != listed.sha256:
            raise ValueError(listed.path)
        file.seek(0)
        with os.fdopen(to_write(target(), os.O_WRONLY | os.O_TRUNC), "wb") as copy:
            while block := file.read(BLOCK):
                copy.write(block)
