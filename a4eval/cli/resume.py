"""``a4eval resume``: go on with a sweep."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def resume(folder: Path) -> None:
    """Go on with the sweep of FOLDER: run what is missing there, as its command would."""
    from a4eval.results.summary import finish
    from a4eval.sweeps.command import resumed
    from a4eval.sweeps.multirun import sweep

    command = resumed(folder)
    sys.exit(finish(sweep(command.overrides, Path(command.config_dir) if command.config_dir else None)))
