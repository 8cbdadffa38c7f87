"""The command line.  What a command needs is imported when it runs, so that listing is quick."""

from __future__ import annotations

import gc
import json
import signal
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from a4eval import __version__, errors
from a4eval.errors import A4evalError, ConfigError, DataError, came_of_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FAILED, BAD_CONFIG, INTERRUPTED = 0, 1, 2, 130

config_dir_option = click.option(
    "--config-dir", metavar="FOLDER", type=click.Path(path_type=Path), help="Your own configs; they go first."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
strict_option = click.option("--strict-plugins", is_flag=True, help="Stop if any plugin is broken.")


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
             130 interrupted
"""


def main() -> None:
    """Run the command line; an error of ours, or of the system, is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a table is worth more with a few question marks than not at all
            stream.reconfigure(errors="replace")
    try:
        app()
    except A4evalError as error:
        fail(error)
    except OSError as error:
        fail(DataError(f"{error.filename}: {error.strerror}" if error.filename else str(error)))


def fail(error: A4evalError) -> NoReturn:
    """Print the one line and exit: 1 for bad data, 2 for whatever the user can mend in the command or config."""
    say("error", str(error))
    sys.exit(FAILED if isinstance(error, DataError) else BAD_CONFIG)


def say(what: str, text: str) -> None:
    """Print an error or a warning as one line that a terminal shows as it is."""
    line = " ".join(text.split())
    print(f"a4eval: {what}:", "".join(one if one.isprintable() else "?" for one in line), file=sys.stderr)


def note(text: str) -> None:
    """Print a warning."""
    say("warning", text)


class Interruptible(click.Group):
    """Ends by Ctrl-C, at any time and in any command, with one line and its own exit status."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            # a library's clean-up, interrupted half-way, fails in its own way
            if not came_of_interrupt(error):
                raise
            print("a4eval: interrupted", file=sys.stderr)
            sys.exit(INTERRUPTED)


@click.group(cls=Interruptible, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def app() -> None:
    """A measuring bench for metrics and layers: plugins, experiments in YAML, records in JSON."""


@app.command(help=RUN_HELP, context_settings={"ignore_unknown_options": True})
@click.argument("overrides", nargs=-1)
@click.option("--multirun", "-m", is_flag=True, help="Sweep: values may be a,b,c or range(0,9).")
@click.option("--cfg", metavar="job|hydra|all", help="Print the composed config and stop.")
@config_dir_option
@strict_option
def run(
    overrides: tuple[str, ...], multirun: bool, cfg: str | None, config_dir: Path | None, strict_plugins: bool
) -> None:
    """See RUN_HELP."""
    for override in overrides:
        if override.startswith("-"):
            raise ConfigError(f"there is no option {override!r}; `a4eval run --help` lists them")
    # a polite kill, as batch systems and closing terminals send it, is an interrupt: the record is still written
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, signal.default_int_handler)
    check_plugins(strict=strict_plugins)
    if cfg is not None:
        print_config(overrides, config_dir, cfg)
    elif multirun:
        from a4eval.sweeps.multirun import sweep

        sys.exit(sweep(overrides, config_dir))
    else:
        run_one(overrides, config_dir)


def check_plugins(*, strict: bool) -> None:
    """Warn of broken plugins.

    Raises:
        PluginError: *strict*, and there is one.
    """
    from a4eval.errors import PluginError
    from a4eval.registry import registry

    for plugin in registry().broken:
        text = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version} is broken: {plugin.reason}"
        if strict:
            raise PluginError(text)
        note(text)


def print_config(overrides: Sequence[str], config_dir: Path | None, part: str) -> None:
    """Print the composed config: ours (job), Hydra's, or all of it."""
    from omegaconf import OmegaConf

    from a4eval.config.compose import compose

    if part not in ("job", "hydra", "all"):
        raise ConfigError(f"got {part!r}, expected job, hydra or all", path="--cfg")
    config = compose(overrides, config_dir)
    keys = [str(key) for key in config if part == "all" or (key == "hydra") == (part == "hydra")]
    print(OmegaConf.to_yaml(OmegaConf.masked_copy(config, keys)), end="")


def run_one(overrides: Sequence[str], config_dir: Path | None) -> NoReturn:
    """Run one experiment, show its numbers and exit."""
    from a4eval.config.compose import compose, resolve
    from a4eval.results.show import print_record
    from a4eval.runs.runner import prepare, run_single

    gc.disable()  # a start makes many objects and no garbage: looking for some takes a tenth of its time
    prepared = prepare(resolve(compose(overrides, config_dir), overrides))
    if prepared.experiment.root.dry_run:
        print(f"the config is right; run {prepared.run_id} would go to {prepared.experiment.directory}")
        sys.exit(OK)
    gc.freeze()
    gc.enable()
    record, path = run_single(prepared, show=print_record, on_warning=note)
    if record.error is not None and record.status == "failed":
        ours = hasattr(errors, record.error.type)
        text = record.error.message if ours else f"{record.error.type}: {record.error.message}"
        say("error", text if ours else f"{text} (the record holds the traceback)")
    elif record.status == "interrupted":
        print("a4eval: interrupted", file=sys.stderr)
    print(path)
    sys.exit({"ok": OK, "failed": FAILED, "interrupted": INTERRUPTED}[record.status])


@app.command()
@json_option
@strict_option
def plugins(as_json: bool, strict_plugins: bool) -> None:
    """List the installed plugins.

    Each is active, disabled (A4EVAL_DISABLE=a,b) or broken, with the reason.
    """
    from a4eval.registry import registry

    rows = [
        {
            "plugin": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "state": plugin.state,
            "components": [f"{one.kind}/{one.name}" for one in plugin.components],
            "reason": plugin.reason,
        }
        for plugin in registry().plugins
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        from a4eval.results.show import print_table

        shown = [[*list(row.values())[:4], len(row["components"]) or "", row["reason"]] for row in rows]
        print_table("", ["plugin", "distribution", "version", "state", "components", "reason"], shown)
    if strict_plugins and registry().broken:
        sys.exit(BAD_CONFIG)


@app.command()
@click.argument("name", required=False)
@click.option("--kind", help="Only this kind, such as metric.")
@json_option
def components(name: str | None, kind: str | None, as_json: bool) -> None:
    """List the components, or describe one.

    A description gives the parameters with their types, defaults and units, and the references.
    """
    from a4eval.cli.components import describe, list_components

    if name is None:
        list_components(kind, as_json=as_json)
    else:
        describe(name, kind, as_json=as_json)


@app.command()
@config_dir_option
@json_option
def experiments(config_dir: Path | None, as_json: bool) -> None:
    """List the experiments: what experiment=… takes."""
    from a4eval.config.presets import experiments as listed

    rows = [
        {"experiment": one.name, "provider": one.provider, "description": one.description} for one in listed(config_dir)
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from a4eval.results.show import print_table

    print_table("", ["experiment", "description"], [[row["experiment"], row["description"]] for row in rows])


@app.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.argument("conditions", nargs=-1)
@click.option("--sort", metavar="KEY", help="Order by this key, the best of a metric first; -KEY turns it round.")
@click.option("--columns", metavar="KEY,…", help="What to show; by default what differs, and the metrics.")
@click.option("--limit", type=click.IntRange(min=1), help="Show so many at most.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def ls(
    path: Path,
    conditions: tuple[str, ...],
    sort: str | None,
    columns: str | None,
    limit: int | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the records under PATH that meet all CONDITIONS, such as 'metrics.accuracy>0.9' or status=failed."""
    from a4eval.results.listing import list_records

    if as_csv and as_json:
        raise ConfigError("choose one of --csv and --json")
    form = "json" if as_json else "csv" if as_csv else "table"
    list_records(path, conditions, sort=sort, columns=columns, limit=limit, form=form)


@app.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def retry(folder: Path) -> None:
    """Run the failed points of a sweep's FOLDER again."""
    from a4eval.results.summary import finish
    from a4eval.sweeps.retry import retry as run_again

    outcome = run_again(folder)
    if outcome is None:
        print("no run failed here")
    else:
        sys.exit(finish(outcome))


@app.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def resume(folder: Path) -> None:
    """Go on with the sweep of FOLDER: run what is missing there, as its command would."""
    from a4eval.sweeps.command import resumed
    from a4eval.sweeps.multirun import sweep

    command = resumed(folder)
    sys.exit(sweep(command.overrides, Path(command.config_dir) if command.config_dir else None))
