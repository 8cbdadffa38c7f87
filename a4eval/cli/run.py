"""``a4eval run``: one experiment, or a sweep of it."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from a4eval import errors
from a4eval.cli import complete
from a4eval.cli.options import (
    allow_options,
    check_plugins,
    config_dir_option,
    json_option,
    show_option,
    strict_option,
)
from a4eval.cli.say import note, say
from a4eval.errors import ConfigError
from a4eval.results.exit_status import OK, of_run
from a4eval.runs.interrupts import polite_kills_interrupt
from a4eval.terminal import put, remark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from a4eval.runs.record import Record
    from a4eval.trackers.feeds import Trackers

RUN_HELP = """Run an experiment, or with -m a sweep of it.

OVERRIDES choose the experiment and set its values, in Hydra's syntax:

\b
  a4eval run experiment=assignment4/q3_interpolated_ap
  a4eval run experiment=assignment4/q5_l2_vs_iou task.W=12 seed=1
  a4eval run -m experiment=assignment4/q6_output_size task.stride=1,2,3

Any parameter of the task and its parts may be set as task.KEY=VALUE; `a4eval components NAME` lists them.
The record goes to hydra.run.dir=FOLDER, those of a sweep to hydra.sweep.dir=FOLDER.
With dry_run=true the config is checked, or the sweep planned, and nothing is run.

\b
Exit status: 0 ok
             1 the run failed (its record says why)
             2 the config is wrong (nothing is written)
             3 it ran, and its verdict is: failed
             4 it ran, and its verdict is: undecided
             130 interrupted
"""


@click.command(help=RUN_HELP, context_settings={"ignore_unknown_options": True})
@click.argument("overrides", nargs=-1, shell_complete=complete.overrides)
@click.option("--multirun", "-m", is_flag=True, help="Sweep: values may be a,b,c or range(0,9).")
@click.option("--cfg", metavar="job|resolved", help="Print the composed config and stop.")
@show_option
@click.option("--quiet", "-q", is_flag=True, help="Print the path of the record alone.")
@json_option
@config_dir_option
@allow_options
@strict_option
def run(
    overrides: tuple[str, ...],
    multirun: bool,
    cfg: str | None,
    show: str,
    quiet: bool,
    as_json: bool,
    config_dir: Path | None,
    strict_plugins: bool,
) -> None:
    """See RUN_HELP."""
    for override in overrides:
        if override.startswith("-"):
            raise ConfigError(f"there is no option {override!r}; `a4eval run --help` lists them")
    polite_kills_interrupt()
    check_plugins(strict=strict_plugins)
    if cfg is not None:
        if multirun:
            raise ConfigError("prints the config of a single run; leave -m out, and what is swept over", path="--cfg")
        print_config(overrides, config_dir, cfg)
    elif multirun:
        from a4eval.results.summary import finish
        from a4eval.sweeps.multirun import sweep

        if as_json:
            raise ConfigError("prints the record of one run; of a sweep `a4eval ls --json FOLDER` does", path="--json")
        sys.exit(finish(sweep(overrides, config_dir), "path" if quiet else show))
    else:
        run_one(overrides, config_dir, "json" if as_json else "path" if quiet else show)


def print_config(overrides: Sequence[str], config_dir: Path | None, part: str) -> None:
    """Print the composed config, as given (job) or with every default (resolved)."""
    from omegaconf import OmegaConf

    from a4eval.config.compose import compose
    from a4eval.runs.asked import asked
    from a4eval.runs.record import plain
    from a4eval.runs.runner import whole

    if part not in ("job", "resolved"):
        raise ConfigError(f"got {part!r}, expected job or resolved", path="--cfg")
    if part == "resolved":
        put(
            OmegaConf.to_yaml(
                OmegaConf.create(whole(plain(asked(overrides, config_dir, runs=False).experiment.config)))
            ),
            end="",
        )
        return
    composed = compose(overrides, config_dir)
    keys = [str(key) for key in composed if key != "hydra"]
    put(OmegaConf.to_yaml(OmegaConf.masked_copy(composed, keys)), end="")


def run_one(overrides: Sequence[str], config_dir: Path | None, show: str) -> NoReturn:
    """Run one experiment, show its numbers and exit.

    Args:
        overrides: as typed.
        config_dir: the user's own configs.
        show: ``summary``, ``all``, ``json`` or ``path``.
    """
    from a4eval.results.show import print_record
    from a4eval.results.tables import print_text
    from a4eval.runs.asked import asked
    from a4eval.runs.provenance import one_thread
    from a4eval.runs.record import FILE_NAME, encode
    from a4eval.runs.runner import run_single

    gc.disable()  # a start makes many objects and no garbage: looking for some takes a tenth of its time
    one_thread()
    prepared = asked(overrides, config_dir)
    trackers = _trackers(prepared.experiment.root.trackers)
    if prepared.experiment.root.dry_run:
        print_text(f"the config is right; run {prepared.run_id} would go to {prepared.experiment.directory}")
        sys.exit(OK)
    gc.freeze()
    gc.enable()

    def printed(done: Record) -> None:
        if show == "json":
            put(encode(done).decode())
        elif show != "path":
            folder = prepared.experiment.directory
            kept = (folder / FILE_NAME).exists()
            print_record(done, folder, everything=show == "all" or not kept)  # else the numbers would be lost

    record, path = run_single(prepared, show=printed, on_warning=note)
    if record.error is not None and record.status == "failed":
        ours = hasattr(errors, record.error.type)
        text = record.error.message if ours else f"{record.error.type}: {record.error.message}"
        say("error", text if ours else f"{text} (the record holds the traceback)")
    elif record.status == "interrupted":
        remark("a4eval: interrupted")
    _track(trackers, path, hurry=record.status == "interrupted")
    if show != "json":
        put(path)
    sys.exit(of_run(record.status, record.verdict.outcome if record.verdict else None))


def _trackers(config: Any) -> Trackers:
    if not config:
        return []  # as it mostly is: nothing is imported for it
    from a4eval.trackers.feeds import trackers_of

    return trackers_of(config)


def _track(trackers: Trackers, path: Path, *, hurry: bool) -> None:
    if trackers:
        from a4eval.trackers.feeds import track

        for doubt in track(trackers, path, hurry=hurry):
            note(doubt)
