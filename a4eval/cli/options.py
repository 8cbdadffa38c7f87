"""Options that several commands take, and the check of the plugins that goes with one."""

from __future__ import annotations

import math
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from a4eval.cli.say import note
from a4eval.errors import ConfigError
from a4eval.permission import ENVIRONMENT, IMPORTS, Permissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

config_dir_option = click.option(
    "--config-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Your own configs; they go first."
)


def allow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which the command line allows what no config may do by itself; the command gets ``allow``."""

    @click.option(
        ENVIRONMENT.option,
        metavar="NAME",
        multiple=True,
        help="Let configs use the environment variable NAME as ${oc.env:NAME}; its value is written nowhere.",
    )
    @click.option(
        IMPORTS.option,
        metavar="PACKAGE",
        multiple=True,
        help="Let configs name code of PACKAGE, as package.module:name; it is imported and run.",
    )
    @wraps(command)
    def with_permissions(*, allow_env: tuple[str, ...], allow_import: tuple[str, ...], **options: Any) -> None:
        Permissions(allow_env, allow_import).grant()
        command(**options)

    return with_permissions


class Folder(click.Path):
    """A folder that is there."""

    def __init__(self) -> None:
        super().__init__(file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return it.

        Raises:
            DataError: there is nothing of that name; the text holds the nearest.
            ConfigError: it is a file.
        """
        del param, ctx
        from a4eval.journal.pointed import pointed

        path = Path(value)
        if not path.is_dir():
            pointed(path)
            raise ConfigError("is no folder", path=str(path))
        return path


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
show_option = click.option(
    "--show",
    type=click.Choice(["summary", "all"]),
    default="summary",
    show_default=True,
    help="What to print: what fits a screen, or every number, table and point.",
)
strict_option = click.option("--strict-plugins", is_flag=True, help="Stop if any plugin is broken.")


alpha_option = click.option(
    "--alpha", type=float, default=0.05, show_default=True, help="Chance of a wrong better or worse."
)
by_option = click.option(
    "--by",
    metavar="KEY,…",
    help="Sweeps: the keys whose values make a problem; by default what varies and both sweeps share.",
)
independent_option = click.option(
    "--independent",
    is_flag=True,
    help="Sweeps: problems share nothing that a seed decides, so each draws its own seeds.",
)

target_option = click.option(
    "--target",
    "targets",
    metavar="METRIC=NUMBER",
    multiple=True,
    help="Sweeps: a score that is good enough; gives METRIC/optimality_gap.",
)


def check_plugins(*, strict: bool) -> None:
    """Warn of broken plugins, and of what is odd about the others.

    Raises:
        PluginError: *strict*, and there is one.
    """
    from a4eval.errors import PluginError
    from a4eval.registry import registry

    for doubt in registry().doubts:
        note(doubt)
    for plugin in registry().broken:
        text = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version} is broken: {plugin.reason}"
        if strict:
            raise PluginError(text)
        note(text)


def check_alpha(alpha: float) -> None:
    """Refuse an alpha that is no chance.

    Raises:
        ConfigError: it is none.
    """
    if not 0 < alpha < 1:
        raise ConfigError(f"got {alpha}, expected a number between 0 and 1", path="--alpha")


def keys_of(text: str | None) -> tuple[str, ...]:
    """Read keys with commas between.

    >>> keys_of("task.length, task.cell"), keys_of(None)
    (('task.length', 'task.cell'), ())
    """
    return tuple(filter(None, (one.strip().removeprefix("config.") for one in (text or "").split(","))))


def margins_of(texts: Iterable[str], option: str = "--margin") -> dict[str, float]:
    """Read margins such as ``AP=0.005``.

    Raises:
        ConfigError: one cannot be read, or is negative.
    """
    found = numbers_of(texts, option, "that is not negative, as in AP=0.005")
    for name, number in found.items():
        if number < 0:
            wanted = "METRIC=NUMBER that is not negative, as in AP=0.005"
            raise ConfigError(f"got '{name}={number:g}', expected {wanted}", path=option)
    return found


def numbers_of(texts: Iterable[str], option: str, such: str = "as in AP=0.4") -> dict[str, float]:
    """Read numbers by metric, such as ``AP=0.4``.

    Raises:
        ConfigError: one cannot be read.
    """
    found = {}
    for text in texts:
        name, sign, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = math.nan
        if not (sign and name and math.isfinite(found[name])):
            raise ConfigError(f"got {text!r}, expected METRIC=NUMBER {such}", path=option)
    return found
