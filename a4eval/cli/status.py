"""``a4eval status``: how far a sweep is."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.terminal import put


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(folder: Path) -> None:
    """Say how far the sweep in FOLDER is, and whether it is running."""
    from a4eval.sweeps.status import status as said

    put(said(folder))
