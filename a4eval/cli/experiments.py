"""``a4eval experiments``: what there is to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from a4eval.cli.options import config_dir_option, json_option
from a4eval.terminal import put

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@config_dir_option
@json_option
def experiments(config_dir: Path | None, as_json: bool) -> None:
    """List the experiments: what experiment=… takes."""
    from a4eval.config.presets import experiments as listed

    rows = [
        {"experiment": one.name, "provider": one.provider, "description": one.description} for one in listed(config_dir)
    ]
    if as_json:
        put(json.dumps(rows, indent=2))
        return
    from a4eval.results.tables import print_table

    print_table("", ["experiment", "description"], [[row["experiment"], row["description"]] for row in rows])
