"""``a4eval retry``: the failed points again."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from a4eval.cli.options import Folder, allow_options, show_option
from a4eval.cli.say import note
from a4eval.plurals import counted
from a4eval.terminal import put

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=Folder())
@click.argument("overrides", nargs=-1)
@show_option
@allow_options
def retry(folder: Path, overrides: tuple[str, ...], show: str) -> None:
    """Run the failed points of a sweep's FOLDER again.

    OVERRIDES may set executor, timeout, retries, fail_fast and trackers anew.
    """
    from a4eval.results.exit_status import OK
    from a4eval.results.summary import finish
    from a4eval.sweeps.command import kept
    from a4eval.sweeps.retry import retry as run_again
    from a4eval.sweeps.status import never_run

    if (started := kept(folder)) is not None and started.of_an_app:
        from a4eval.apps.again import go_on

        go_on(folder, started, overrides, failed=True)
    outcome = run_again(folder, overrides)
    if outcome is None:
        put("no run failed here")
    code = OK if outcome is None else finish(outcome, show)
    if never := never_run(folder):
        were = "was" if never == 1 else "were"
        note(f"{counted(never, 'point')} {were} never run; `a4eval resume {shlex.quote(str(folder))}` goes on")
    sys.exit(code)
