"""What started a sweep, kept in its folder so that it can go on: ``sweep.json``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from hydra.core.override_parser.types import Quote, QuotedString

from a4eval.config.compose import user_folder
from a4eval.errors import ConfigError, DataError
from a4eval.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_NAME = "sweep.json"


class Command(msgspec.Struct):
    """The command, and where it was given."""

    overrides: list[str]
    config_dir: str | None
    directory: str


def command(overrides: Iterable[str]) -> Command:
    """Return the command that is being carried out."""
    chosen = user_folder()
    return Command(list(overrides), str(chosen) if chosen else None, str(Path.cwd()))


def keep(folder: Path, given: Command) -> None:
    """Write the command into the sweep's folder, in place of an earlier one.

    Raises:
        ConfigError: there is a file of that name that a4eval did not write.
        OSError: it cannot be written; an earlier one is still there.
    """
    check(folder)
    write_whole(folder / FILE_NAME, msgspec.json.encode(given))


def check(folder: Path) -> None:
    """Make sure that the command of a sweep may be kept in *folder*.

    Raises:
        ConfigError: there is a file of that name that a4eval did not write.
    """
    path = folder / FILE_NAME
    if path.exists() and _read(path) is None:
        raise ConfigError(
            f"{path} is no file of a4eval; choose another folder, or move it away", path="hydra.sweep.dir"
        )


def _read(path: Path) -> Command | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Command)
    except (OSError, msgspec.MsgspecError):
        return None


def kept(folder: Path) -> Command | None:
    """Return the last command of the sweep in *folder*, or None.

    Raises:
        ConfigError: it was given in another working directory, where relative paths mean other files.
    """
    found = _read(folder / FILE_NAME)
    if found is None:
        return None
    if Path(found.directory) != Path.cwd():
        raise ConfigError(f"the sweep was started in {found.directory}; go there, so that its paths mean the same")
    return found


def resumed(folder: Path) -> Command:
    """Return the command that goes on with the sweep in *folder*, its output folder included.

    Raises:
        DataError: *folder* is no sweep's.
        ConfigError: it was started in another working directory.
    """
    found = kept(folder)
    if found is None:
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    ours = ("hydra.sweep.dir=", "hydra.mode=", "resume=")  # what is done is not run again, whatever was asked first
    others = [one for one in found.overrides if not one.lstrip("+").startswith(ours)]
    return Command([*others, f"hydra.sweep.dir={quoted(str(folder))}"], found.config_dir, found.directory)


def quoted(text: str) -> str:
    r"""Return *text* as Hydra reads it as a string and OmegaConf leaves it alone.

    >>> print(quoted("it's ${x}"))
    'it\'s \${x}'
    """
    return QuotedString(text.replace("${", r"\${"), Quote.single).with_quotes()
