"""``a4eval experiments``: what there is to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from a4eval.cli import complete
from a4eval.cli.options import config_dir_option, json_option
from a4eval.terminal import put

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("which", metavar="[GROUP|NAME]", required=False, shell_complete=complete.experiments)
@click.option("--search", metavar="WORD", help="Only those that mention it.")
@config_dir_option
@json_option
def experiments(which: str | None, search: str | None, config_dir: Path | None, as_json: bool) -> None:
    """List the experiments: what experiment=… takes; or describe one."""
    from a4eval.config.presets import experiments as listed
    from a4eval.results.listed import chosen, print_experiment, print_left_out, print_lines

    found = chosen(listed(config_dir), which, search)
    if as_json:
        keys = ("provider", "description", "needs")
        put(
            json.dumps([{"experiment": one.name} | {key: getattr(one, key) for key in keys} for one in found], indent=2)
        )
    elif len(found) == 1 and found[0].name == which:
        print_experiment(found[0])
    else:
        missing = {one.name: f"needs: pip install {' '.join(one.needs)}" for one in found if one.needs}
        print_lines([(one.name, missing.get(one.name, one.description)) for one in found])
        print_left_out()
