"""What a4eval has made, it marks; only that is ever overwritten or removed.

The mark is the file ``.a4eval`` in a folder: the names of what a4eval makes there, a JSON string a line, each noted
before it exists.
"""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import DataError, OutputError
from a4eval.regular import content, to_write

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".a4eval"
RECORD = "result.json"
"""The record of a single run, in its folder."""
JOURNAL = "results.jsonl"
"""The records of a sweep, in its folder."""
RUNS = "runs"
"""The folder, in a sweep's, in which its runs have theirs."""
LOG = "log.txt"
"""What a run printed, in its folder."""
UNFINISHED = "unfinished"
"""The folder, in a run's own, of what only an unfinished run needs."""
LONGEST = 2**24
"""Bytes of a mark."""


def folder_of(file: Path, run_id: str) -> Path:
    """Return where a run's artifacts are; an id that is none, from whoever sent it, leads nowhere else.

    Args:
        file: its record, or the journal of its sweep.
        run_id: its identity.

    >>> from pathlib import Path
    >>> str(folder_of(Path("multirun/results.jsonl"), "4f0a")), str(folder_of(Path("outputs/result.json"), "4f0a"))
    ('multirun/runs/4f0a', 'outputs')
    """
    return file.parent / RUNS / (run_id if run_id.isalnum() else "_") if file.suffix == ".jsonl" else file.parent


def claim(directory: Path, name: str) -> None:
    """Note that a4eval makes the file *name* in *directory*.

    Raises:
        DataError: it is there already, and a4eval did not make it.
    """
    path = directory / name
    noted = _printable(name) in _noted(directory)
    if os.path.lexists(path) and not (noted and _plain(path)):
        raise _foreign(path)
    if not noted:
        _note(directory, [name])


def make(folder: Path, names: list[str]) -> None:
    """Make *folder* for *names* alone, unless an earlier run did.

    Raises:
        DataError: there is something of that name that a4eval did not make.
    """
    if _own(folder):
        return
    if os.path.lexists(folder):
        raise _foreign(folder)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    beside.mkdir(exist_ok=True)
    _note(beside, names)
    beside.rename(folder)  # so that it is never there without its mark


def is_of_parts(journal: Path) -> bool:
    """Say whether *journal* holds the parts of a run that is not finished, in what :func:`make` made for them."""
    folder = journal.parent
    return (folder.name, journal.name) == (UNFINISHED, JOURNAL) and _own(folder)


def remove(folder: Path) -> None:
    """Remove what :func:`make` made *folder* for, and the folder if nothing else is in it.

    Raises:
        OSError: something cannot be removed.
    """
    if not _own(folder):
        return
    for name in _noted(folder):
        path = folder / name
        if path.parent != folder or name == "..":
            continue  # a mark from elsewhere
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if [path.name for path in folder.iterdir()] == [MARK]:
        (folder / MARK).unlink()
        folder.rmdir()


def _plain(path: Path) -> bool:
    """Say whether *path* is a file or a folder: a4eval makes no links, pipes or devices."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _own(folder: Path) -> bool:
    return (folder / MARK).is_file() and not folder.is_symlink()


def _noted(folder: Path) -> list[str]:
    names = []
    try:
        lines = content(folder / MARK, LONGEST).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{folder / MARK}: cannot be read: {error.strerror}") from error
    for line in lines:
        try:
            names.append(msgspec.json.decode(line, type=str))
        except (msgspec.MsgspecError, RecursionError):
            continue  # torn by a crash, before the file was made
    return names


def _note(folder: Path, names: list[str]) -> None:
    try:
        handle = to_write(folder / MARK, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        raise OutputError(f"{folder / MARK}: cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "ab") as file:
        file.write(b"\n" if file.tell() else b"")  # closes a torn line
        file.write(b"\n".join(msgspec.json.encode(_printable(name)) for name in names))


def _printable(name: str) -> str:
    """Return a file's name that is no UTF-8 as text that JSON can hold."""
    return name.encode("utf-8", "backslashreplace").decode()


def _foreign(path: Path) -> DataError:
    return DataError(f"{path}: is there already and was not made by a4eval; choose another folder, or move it away")
