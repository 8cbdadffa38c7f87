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


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
show_option = click.option(
    "--show",
    type=click.Choice(["summary", "all"]),
    default="summary",
    show_default=True,
    help="What to print: what fits a screen, or every number, table and point.",
)
strict_option = click.option("--strict-plugins", is_flag=True, help="Stop if any plugin is broken.")


def check_plugins(*, strict: bool) -> None:
    """Warn of broken plugins.

    Raises:
        PluginError: *strict*, and there is one.
    """
    from a4eval.errors import PluginError
    from a4eval.registry import registry

    for plugin in registry().broken:
        text = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version} is broken: {plugin.reason}"
        if strict:
            raise PluginError(text)
        note(text)


def margins_of(texts: Iterable[str], option: str = "--margin") -> dict[str, float]:
    """Read margins such as ``AP=0.005``.

    Raises:
        ConfigError: one cannot be read, or is negative.
    """
    found = {}
    for text in texts:
        name, sign, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = math.nan
        if not (sign and name and math.isfinite(found[name]) and found[name] >= 0):
            raise ConfigError(f"got {text!r}, expected METRIC=NUMBER that is not negative, as in AP=0.005", path=option)
    return found
