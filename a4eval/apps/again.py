"""The same command goes on where it stopped: in which folder, and what stands there already."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from a4eval.apps.start import typed
from a4eval.errors import ConfigError
from a4eval.journal.journal import Journal
from a4eval.runs.provenance import git
from a4eval.sweeps.command import Command, check_changes, quoted, read
from a4eval.terminal import remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from omegaconf import DictConfig

    from a4eval.apps.plan import AppPlan
    from a4eval.executors.contract import Jobs

_ABOUT = re.compile(r"\+{0,2}hydra\.sweeper\.(?!params)|hydra\.(sweep\.dir|mode)=")
"""Overrides that say how a sweep runs and where it goes, not what it is."""


def command_of(config: DictConfig, overrides: Iterable[str]) -> Command:
    """Return what started the sweep that *config* is of.

    Args:
        config: composed for the sweep; its folder is resolved, and with it the time.
        overrides: those of its points.
    """
    program, target, arguments = typed()
    _, now = _folder_now(config)
    every: Any = OmegaConf.to_container(config.hydra.overrides.hydra, resolve=False)  # of points nothing is known yet
    about_hydra = [one for one in every if not _ABOUT.match(one)]
    name = str(config.hydra.job.name)
    what = [name, str(config.hydra.job.config_name), target or "", *overrides, *about_hydra]
    return Command(
        overrides=list(overrides),
        config_dir=None,
        directory=str(Path.cwd()),
        program=[sys.executable, *program[1:]] if target else [],
        arguments=list(arguments),
        now=now,
        sweep_id=f"{name}-{hashlib.sha256(chr(10).join(what).encode(errors='surrogateescape')).hexdigest()[:8]}",
    )


def version_of(said: str | float | None) -> str | None:
    """Return what names the version of the user's code: the text itself, or for ``git`` the commit it stands at.

    Raises:
        ConfigError: there is no commit.
    """
    if said != "git":
        return None if said is None else str(said)
    found = git()
    if found is None:
        raise ConfigError("got 'git', but this is no working tree of git with a commit", path="hydra.sweeper.version")
    if found.dirty:
        remark("a4eval: warning: hydra.sweeper.version=git: there are changes that are in no commit")
    return found.commit + ("-dirty" if found.dirty else "")


def earlier(
    config: DictConfig, command: Command, unfinished: Callable[[Path], bool]
) -> tuple[Path, dict[str, str]] | None:
    """Return the folder where the same command was left unfinished, and the time it began at; None if there is none.

    Hydra names the folder of a sweep by the time, so the same command would never find it.

    Args:
        config: composed for the sweep.
        command: that started it.
        unfinished: says of a folder whether the sweep was left there before its end.
    """
    for folder in _candidates(config):
        kept = read(folder)
        if kept is None or kept.sweep_id != command.sweep_id or kept.directory != command.directory or not kept.ours:
            continue
        return (folder, kept.now) if unfinished(folder) else None
    return None


def later(config: DictConfig) -> tuple[Path, dict[str, str]] | None:
    """Return a folder of the next second and its time where another sweep has that of this second; else None.

    Args:
        config: composed for the sweep; its time becomes that of the folder.
    """
    if "*" not in _pattern(config) or not _holds_sweep(Path(str(config.hydra.sweep.dir))):
        return None
    for _ in range(20):
        time.sleep(0.1)
        OmegaConf.get_cache(config).pop("now", None)
        folder, now = _folder_now(config)
        if not _holds_sweep(folder):
            break
    return folder, now


def left_early(points: Jobs, folder: Path) -> bool:
    """Say whether some of *points* are done in *folder* and some are not, or nothing is there: of no sweep a record."""
    standing = Journal(folder).catch_up()
    done = sum(standing.current(run_id) is not None for run_id in points.run_ids)
    return 0 < done < len(points) or not standing


def _candidates(config: DictConfig) -> list[Path]:
    """Return the folders that this command may have made at other times, the newest first."""
    pattern = _pattern(config)
    if "*" not in pattern:
        return [Path(str(config.hydra.sweep.dir))]
    found = (Path(one) for one in glob.glob(pattern))  # noqa: PTH207  (a Path's own refuses absolute patterns)
    return sorted((one for one in found if _holds_sweep(one)), key=os.path.getmtime, reverse=True)


def _pattern(config: DictConfig) -> str:
    """Return what the sweep's folder is named like, at any time."""
    OmegaConf.register_new_resolver("now", lambda _pattern: "\0", replace=True)
    try:
        return glob.escape(str(config.hydra.sweep.dir)).replace("\0", "*")
    finally:
        setup_globals()


def _folder_now(config: DictConfig) -> tuple[Path, dict[str, str]]:
    """Return the sweep's folder, and the time that *config* keeps from now on, by the patterns asked for."""
    folder = Path(str(config.hydra.sweep.dir))  # asks for the time, if it is to be known
    times = OmegaConf.get_cache(config).get("now", {})
    return folder, {pattern[0]: text for pattern, text in times.items() if len(pattern) == 1}


def _holds_sweep(folder: Path) -> bool:
    return (folder / "sweep.json").is_file()


def go_on(folder: Path, command: Command, changes: Sequence[str], *, failed: bool) -> NoReturn:
    """Give the command of an app's sweep again, in place of this one, so that it goes on in *folder*.

    Args:
        folder: the sweep's folder.
        command: what started it.
        changes: overrides of ``executor``, ``timeout`` and the like.
        failed: run what failed again, too.

    Raises:
        ConfigError: it changes which points there are, came from someone else, or was given in a notebook.
    """
    check_changes(changes)
    if not command.program:
        raise ConfigError(f"the sweep of {folder} was started from within Python; call its function again there")
    added = [
        f"hydra.sweep.dir={quoted(str(folder.resolve()))}",
        f"hydra.sweeper.resume={'failed' if failed else 'true'}",
        *(f"hydra.sweeper.{one}" for one in changes),
    ]
    told_anew = {one.partition("=")[0] for one in added}
    given = [one for one in command.arguments if one.partition("=")[0] not in told_anew]
    words = [*command.program, *given, *added]
    if not command.ours:
        raise ConfigError(
            f"{folder / 'sweep.json'} names a program, and nothing proves that you started it; "
            f"give the command yourself: {shlex.join(words)}"
        )
    remark(shlex.join(words))
    os.execv(words[0], words)  # noqa: S606  (the user's own command, proven)


class _App(msgspec.Struct):
    directory: str = ""


class _Where(msgspec.Struct):
    """Which folder a record is of."""

    run_id: str
    overrides: list[str] = []
    app: _App | None = None


def refuse_taken(points: Jobs, plan: AppPlan, folder: Path) -> None:
    """Refuse to run a point in the folder of another.

    Raises:
        ConfigError: *folder* holds other points, and one of this sweep would be written over one of them.
    """
    journal = Journal(folder)
    standing = journal.catch_up()
    there = [entry for run_id in standing if (entry := standing.last(run_id))]
    taken = {os.path.abspath(one.app.directory): one for one in journal.read(there, _Where) if one.app}  # noqa: PTH100
    if not taken:
        return
    for run_id, number in points.run_ids.items():
        if run_id in standing:
            continue
        point = plan.point(number)
        if point.directory in taken:
            other = " ".join(taken[point.directory].overrides)
            raise ConfigError(
                f"{point.directory} holds the point {other!r}, and {' '.join(point.overrides)!r} "
                "would be written over it; give hydra.sweep.subdir='${hydra.job.override_dirname}' or another "
                "hydra.sweep.dir",
                path="hydra.sweep.subdir",
            )
