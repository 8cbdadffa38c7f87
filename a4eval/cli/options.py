"""Options that several commands take, and the check of the plugins that goes with one."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.say import note

config_dir_option = click.option(
    "--config-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Your own configs; they go first."
)
allow_env_option = click.option(
    "--allow-env",
    metavar="NAME",
    multiple=True,
    help="Let configs use the environment variable NAME as ${oc.env:NAME}; its value is written nowhere.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
