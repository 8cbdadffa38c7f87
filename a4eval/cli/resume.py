"""``a4eval resume``: go on with a sweep."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from a4eval.cli.options import Folder, allow_options, show_option


@click.command()
@click.argument("folder", type=Folder())
@click.argument("overrides", nargs=-1)
@show_option
@allow_options
def resume(folder: Path, overrides: tuple[str, ...], show: str) -> None:
    """Go on with the sweep of FOLDER: run what is missing there, as its command would.

    OVERRIDES may set executor, timeout, retries, fail_fast and trackers anew.
    """
    from a4eval.results.summary import finish
    from a4eval.sweeps.command import kept, resumed
    from a4eval.sweeps.multirun import sweep

    if (started := kept(folder)) is not None and started.of_an_app:
        from a4eval.apps.again import go_on

        go_on(folder, started, overrides, failed=False)
    command = resumed(folder, overrides)
    sys.exit(finish(sweep(command.overrides, Path(command.config_dir) if command.config_dir else None), show))
