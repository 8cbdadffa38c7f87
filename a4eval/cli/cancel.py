"""``a4eval cancel``: end a sweep from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from a4eval.cli.options import Folder
from a4eval.terminal import put

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=Folder())
def cancel(folder: Path) -> None:
    """End the sweep running in FOLDER, as Ctrl-C does, or the jobs that it left to Slurm; what is done stays done."""
    from a4eval.sweeps.status import cancel as end

    put(end(folder))
