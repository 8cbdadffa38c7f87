"""``a4eval plugins``: what is installed."""

from __future__ import annotations

import json
import sys

import click

from a4eval.cli.options import json_option, strict_option
from a4eval.cli.say import note
from a4eval.errors import ConfigError, did_you_mean
from a4eval.results.exit_status import BAD_CONFIG
from a4eval.terminal import put


@click.command()
@json_option
@strict_option
@click.option("--traceback", "of", metavar="NAME", help="Print all that a broken plugin raised, and stop.")
def plugins(as_json: bool, strict_plugins: bool, of: str | None) -> None:
    """List the installed plugins.

    Each is active, disabled (A4EVAL_DISABLE=a,b) or broken, with the reason and the line of its code.
    """
    from a4eval.registry import registry

    if of is not None:
        put(traceback_of(of))
        return
    rows = [
        {
            "plugin": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "state": plugin.state,
            "components": [f"{one.kind}/{one.name}" for one in plugin.components],
            "reason": plugin.reason,
            "where": plugin.where,
        }
        for plugin in registry().plugins
    ]
    if as_json:
        put(json.dumps(rows, indent=2))
    else:
        from a4eval.results.tables import print_table

        shown = [[*list(row.values())[:4], len(row["components"]) or ""] for row in rows]
        print_table("", ["plugin", "distribution", "version", "state", "components"], shown)
        for row in rows:
            if row["reason"]:
                put(f"{row['plugin']} is broken: {row['reason']}")
                where = f"in {row['where']}; " if row["where"] else ""
                put(f"  {where}`a4eval plugins --traceback {row['plugin']}` shows all")
    for doubt in registry().doubts:
        note(doubt)
    if strict_plugins and registry().broken:
        sys.exit(BAD_CONFIG)


def traceback_of(name: str) -> str:
    """Return the traceback of a broken plugin, or that it is not broken.

    Raises:
        ConfigError: there is no plugin of that name.
    """
    import traceback

    from a4eval.registry import registry

    known = registry().plugins
    found = [plugin for plugin in known if plugin.name == name]
    if not found:
        raise ConfigError(
            f"there is no plugin {name!r}{did_you_mean(name, [plugin.name for plugin in known])}", path="--traceback"
        )
    broken = [plugin.error for plugin in found if plugin.error is not None]
    if not broken:
        return f"plugin {name!r} is {found[0].state}: there is no traceback"
    return "\n".join("".join(traceback.format_exception(error)).rstrip() for error in broken)
