"""``a4eval plugins``: what is installed."""

from __future__ import annotations

import json
import sys

import click

from a4eval.cli.options import json_option, strict_option
from a4eval.results.exit_status import BAD_CONFIG
from a4eval.terminal import put


@click.command()
@json_option
@strict_option
def plugins(as_json: bool, strict_plugins: bool) -> None:
    """List the installed plugins.

    Each is active, disabled (A4EVAL_DISABLE=a,b) or broken, with the reason.
    """
    from a4eval.registry import registry

    rows = [
        {
            "plugin": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "state": plugin.state,
            "components": [f"{one.kind}/{one.name}" for one in plugin.components],
            "reason": plugin.reason,
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
    if strict_plugins and registry().broken:
        sys.exit(BAD_CONFIG)
