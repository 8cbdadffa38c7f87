"""``a4eval view``: the results below a folder in a browser, kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from a4eval.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("path", type=Folder())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where to listen; 0 takes any that is free.  [default: 8321, or any that is free]",
)
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where to listen; others need --token."
)
@click.option("--token", "with_token", is_flag=True, help="Show nothing without the token in the address it prints.")
def view(path: Path, port: int | None, host: str, with_token: bool) -> None:
    """Show the sweeps and runs below PATH in a browser, and keep the page up to date while they go on.

    It prints the address to open, and goes on until Ctrl-C.  It reads, and writes nothing; only this machine is
    answered.  Pages are whole without scripts.

    From a laptop, of a folder on a server: ssh -L 8321:localhost:8321 SERVER a4eval view FOLDER --port 8321
    """
    from a4eval.results.view.serve import serve

    serve(path, host, port, with_token=with_token)
