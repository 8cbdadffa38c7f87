"""``a4eval cancel``: end a sweep from elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.terminal import put


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def cancel(folder: Path) -> None:
    """End the sweep running in FOLDER, as Ctrl-C does, or the jobs that it left to Slurm; what is done stays done."""
    from a4eval.sweeps.status import cancel as end

    put(end(folder))
