"""A run's folder: made, kept to one run at a time, and never written over once a run has finished in it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import ConfigError
from a4eval.regular import content
from a4eval.runs.record import FILE_NAME, SCHEMA_VERSION, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Make the folder, keep other runs out, and make sure that a record can be written before any work is done.

    Raises:
        ConfigError: it cannot be written to, another run is at work there, or it holds the record of a finished run.
    """
    key = "hydra.run.dir"
    make_folder(directory, key)
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another run is at work in {str(directory)!r}; choose another", path=key) from error
        _refuse_finished(directory / FILE_NAME, key)
        yield
    finally:
        os.close(handle)


def make_folder(directory: Path, key: str) -> None:
    """Make a folder that can be written to.

    Args:
        directory: the folder.
        key: the config key that names it, for the error.

    Raises:
        ConfigError: that cannot be.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {str(directory)!r}: {error.strerror}", path=key) from error
    if not os.access(directory, os.W_OK | os.R_OK):
        raise ConfigError(f"cannot write to the folder {str(directory)!r}", path=key)


def _refuse_finished(earlier: Path, key: str) -> None:
    remedy = "choose another folder, or remove it"
    if not earlier.exists():
        return
    try:
        found = msgspec.json.decode(content(earlier), type=_Earlier)
    except OSError as error:
        raise ConfigError(f"cannot read {earlier}: {error.strerror}; {remedy}", path=key) from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigError(f"{earlier} is no record of a4eval; {remedy}", path=key) from error
    if found.schema_version != SCHEMA_VERSION:
        raise ConfigError(f"{earlier} is of {schema(found.schema_version)}; {remedy}", path=key)
    if found.status == "ok":
        raise ConfigError(f"{earlier} holds a finished run; {remedy}", path=key)


class _Earlier(msgspec.Struct):
    """What decides whether a record may be written over."""

    schema_version: int
    run_id: str
    status: str
