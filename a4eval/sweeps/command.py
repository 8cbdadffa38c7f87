"""What started a sweep, kept in its folder so that it can go on: ``sweep.json``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from hydra.core.override_parser.types import Quote, QuotedString

from a4eval.config.compose import user_folder
from a4eval.errors import ConfigError, DataError
from a4eval.experiment import LOCAL
from a4eval.permission import Permissions
from a4eval.regular import content
from a4eval.sweeps.ours import proof, proven
from a4eval.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FILE_NAME = "sweep.json"
LARGEST = 2**24
"""Bytes of it."""


CHANGEABLE = ("executor", "timeout", "retries", "fail_fast", "trackers")
"""The root keys that ``a4eval resume`` and ``a4eval retry`` may set: they say how points are run, not which."""


_OVERRIDE = re.compile(r"[^-][^=]*=|~")
_ABOUT_A_SWEEP = re.compile(r"\W*hydra[./](sweep|sweeper|mode|launcher)\b")


class Command(msgspec.Struct):
    """The command, where it was given, and the proof that it was this user who gave it.

    Of a sweep over a Hydra app of the user's also how it was started, the times that Hydra then knew, and its name.
    """

    overrides: list[str]
    config_dir: str | None
    directory: str
    allow: Permissions = Permissions()
    program: list[str] = []
    arguments: list[str] = []
    now: dict[str, str] = {}
    sweep_id: str = ""
    proof: str = ""

    @property
    def of_an_app(self) -> bool:
        """Was it a sweep over a Hydra app of the user's?"""
        return bool(self.sweep_id)

    @property
    def ours(self) -> bool:
        """Was it written by a command of this user?"""
        return proven(self._content(), self.proof)

    def single(self) -> list[str]:
        """Return the words that run one point, but for its overrides."""
        if self.program:
            options = [one for one in self.arguments if one not in ("-m", "--multirun") and not _OVERRIDE.match(one)]
            kept = [one for one in self.arguments if _key(one).startswith("hydra.") and not _ABOUT_A_SWEEP.match(one)]
            return [*self.program, *options, *kept]
        return ["a4eval", "run", *(["--config-dir", self.config_dir] if self.config_dir else [])]

    def proved(self) -> Command:
        """Return it with its proof."""
        return msgspec.structs.replace(self, proof=proof(self._content()))

    def _content(self) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(self, proof=""))


def command(overrides: Iterable[str]) -> Command:
    """Return the command that is being carried out.

    Raises:
        ConfigError: the name of the working directory cannot be kept.
    """
    chosen = user_folder()
    return Command(list(overrides), str(chosen) if chosen else None, here(), Permissions.now())


def here() -> str:
    """Return the working directory as text, which is the same in every locale.

    Raises:
        ConfigError: its name is no UTF-8.
    """
    try:
        return os.fsencode(Path.cwd()).decode()
    except UnicodeDecodeError:
        why = f"the name of the working directory is no UTF-8: {str(Path.cwd())!a}; begin the sweep in another"
        raise ConfigError(why) from None


def keep(folder: Path, given: Command) -> None:
    """Write the command into the sweep's folder, in place of an earlier one.

    Raises:
        ConfigError: there is a file of that name that a4eval did not write.
        OSError: it cannot be written; an earlier one is still there.
    """
    check(folder)
    write_whole(folder / FILE_NAME, msgspec.json.encode(given.proved()))


def check(folder: Path) -> None:
    """Make sure that the command of a sweep may be kept in *folder*.

    Raises:
        ConfigError: there is a file of that name that a4eval did not write.
    """
    path = folder / FILE_NAME
    if path.exists() and read(folder) is None:
        message = f"{path} is no file of a4eval; choose another folder, or move it away"
        raise ConfigError(message, path="hydra.sweep.dir")


def read(folder: Path) -> Command | None:
    """Return what started the sweep in *folder*, wherever that was; None if there is no such file."""
    try:
        return msgspec.json.decode(content(folder / FILE_NAME, LARGEST), type=Command)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None


def kept(folder: Path) -> Command | None:
    """Return the last command of the sweep in *folder*, or None.

    Raises:
        ConfigError: it was given in another working directory, where relative paths mean other files.
    """
    found = read(folder)
    if found is None:
        return None
    if found.directory != here():
        raise ConfigError(f"the sweep was started in {found.directory}; go there, so that its paths mean the same")
    return found


def resumed(folder: Path, changes: Sequence[str] = ()) -> Command:
    """Return the command that goes on with the sweep in *folder*, its output folder included.

    Args:
        folder: the sweep's folder.
        changes: overrides of ``executor``, ``timeout`` and the like that go before those of the sweep.

    Raises:
        DataError: *folder* is no sweep's.
        ConfigError: it was started in another working directory, or asks for what only this user may choose.
    """
    check_changes(changes)
    found = kept(folder)
    if found is None:
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    replaced = {_key(one) for one in changes}
    if chooses(changes):
        replaced |= {_key(one) for one in found.overrides if root_key(one) == "executor"}
    # what is done is not run again, whatever was asked first
    replaced |= {"hydra.sweep.dir", "hydra.mode", "resume"}
    others = [one for one in found.overrides if _key(one) not in replaced]
    if found.ours:
        found.allow.grant()
    else:
        _refuse_choices(folder, others)
    return Command([*others, *changes, f"hydra.sweep.dir={quoted(str(folder))}"], found.config_dir, found.directory)


def check_changes(changes: Iterable[str]) -> None:
    """Refuse to change which points a sweep has.

    Raises:
        ConfigError: an override is about something else than how they are run.
    """
    for one in changes:
        if root_key(one) not in CHANGEABLE:
            keys = ", ".join(CHANGEABLE)
            raise ConfigError(f"got {one!r}; a sweep that goes on can only be given other values of {keys}")


def chooses(overrides: Iterable[str]) -> bool:
    """Say whether some override chooses an executor."""
    return any(_key(one) in ("executor", "executor.name") for one in overrides)


def _refuse_choices(folder: Path, overrides: Iterable[str]) -> None:
    """Refuse what a folder must not choose, as it may come from anyone."""
    for one in overrides:
        key, value = _key(one), one.partition("=")[2]
        elsewhere = key in ("executor", "executor.name") and value not in LOCAL
        elsewhere = elsewhere or root_key(one) == "trackers"
        if elsewhere or key in ("hydra.sweeper.storage", "reuse"):
            by_hand = f"`a4eval resume {folder} {one}`" if elsewhere else "the whole command again"
            raise ConfigError(
                f"{folder / FILE_NAME} asks for {one!r}, and nothing proves that you gave that command; give {by_hand}"
            )


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def root_key(override: str) -> str:
    """Return the root key that an override is about.

    >>> root_key("++executor.workers=2")
    'executor'
    """
    return _key(override).partition(".")[0].partition("@")[0]


def quoted(text: str) -> str:
    r"""Return *text* as Hydra reads it as a string and OmegaConf leaves it alone.

    >>> print(quoted("it's ${x}"))
    'it\'s \${x}'
    """
    return QuotedString(text.replace("${", r"\${"), Quote.single).with_quotes()
