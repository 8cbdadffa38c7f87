"""``a4eval status``: how far a sweep is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from a4eval.cli.options import Folder
from a4eval.terminal import put

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=Folder())
def status(folder: Path) -> None:
    """Say how far the sweep in FOLDER is, and whether it is running."""
    from a4eval.sweeps.status import status as said

    put(said(folder))
