"""The command line.  What a command needs is imported when it runs, so that listing is quick."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from a4eval import __version__, errors
from a4eval.errors import A4evalError, ConfigError, DataError

OK, FAILED, BAD_CONFIG, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    help="A measuring bench for metrics and layers: plugins, experiments in YAML, records in JSON.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigDir = Annotated[Path | None, typer.Option("--config-dir", help="A folder of your own configs; it goes first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Strict = Annotated[bool, typer.Option("--strict-plugins", help="Stop if any plugin is broken.")]

RUN_HELP = """Run an experiment, or with -m a sweep of it.

OVERRIDES choose the experiment and set its values, in Hydra's syntax:

  a4eval run experiment=assignment4/q3_interpolated_ap\n
  a4eval run experiment=assignment4/q5_l2_vs_iou task.W=12 seed=1\n
  a4eval run -m experiment=assignment4/q2_gradient_flow task.cell=lstm,gru

Any parameter of the task and its parts may be set as task.KEY=VALUE; `a4eval components NAME` lists them.
The record goes to hydra.run.dir=FOLDER (a new folder under outputs/ by default).

Exit status: 0 ok, 1 the run failed (its record says why), 2 the config is wrong (nothing is written), 130 interrupted.
"""


def main() -> None:
    """Run the command line; an error of ours is one line on standard error."""
    try:
        app()
    except A4evalError as error:
        fail(error)


def fail(error: A4evalError) -> NoReturn:
    """Print the one line and exit: 1 for bad data, 2 for whatever the user can mend in the command or config."""
    print(f"a4eval: error: {error}", file=sys.stderr)
    sys.exit(FAILED if isinstance(error, DataError) else BAD_CONFIG)


def note(text: str) -> None:
    """Print a warning."""
    print(f"a4eval: warning: {text}", file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(help=RUN_HELP, context_settings={"ignore_unknown_options": True})
def run(
    overrides: Annotated[list[str] | None, typer.Argument(metavar="OVERRIDES", show_default=False)] = None,
    multirun: Annotated[
        bool, typer.Option("--multirun", "-m", help="Sweep: values may be a,b,c or range(0,9).")
    ] = False,
    cfg: Annotated[
        str | None, typer.Option("--cfg", metavar="job|hydra|all", help="Print the composed config only.")
    ] = None,
    config_dir: ConfigDir = None,
    strict_plugins: Strict = False,
) -> None:
    """See RUN_HELP."""
    overrides = overrides or []
    for override in overrides:
        if override.startswith("-"):
            raise ConfigError(f"there is no option {override!r}; `a4eval run --help` lists them")
    check_plugins(strict=strict_plugins)
    # a polite kill, as batch systems send it, is an interrupt: the record is still written
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if cfg is not None:
            print_config(overrides, config_dir, cfg)
        elif multirun:
            from a4eval.multirun import sweep

            sys.exit(sweep(overrides, config_dir))
        else:
            run_one(overrides, config_dir)
    except KeyboardInterrupt:
        print("a4eval: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


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


def print_config(overrides: list[str], config_dir: Path | None, part: str) -> None:
    """Print the composed config: ours (job), Hydra's, or all of it."""
    from omegaconf import OmegaConf

    from a4eval.config import compose

    if part not in ("job", "hydra", "all"):
        raise ConfigError(f"got {part!r}, expected job, hydra or all", path="--cfg")
    config = compose(overrides, config_dir)
    keys = [str(key) for key in config if part == "all" or (key == "hydra") == (part == "hydra")]
    print(OmegaConf.to_yaml(OmegaConf.masked_copy(config, keys)), end="")


def run_one(overrides: list[str], config_dir: Path | None) -> NoReturn:
    """Run one experiment, show its numbers and exit."""
    from a4eval.config import compose, resolve
    from a4eval.runner import run_single
    from a4eval.show import print_record

    experiment = resolve(compose(overrides, config_dir), overrides)
    record, path = run_single(experiment, show_progress=True, on_warning=note)
    for warning in record.warnings:
        note(warning)
    print_record(record)
    if record.error is not None and record.status == "failed":
        ours = hasattr(errors, record.error.type)
        text = "" if ours else f"{record.error.type}: "
        more = "" if ours else " (the record holds the traceback)"
        print(f"a4eval: error: {text}{record.error.message}{more}", file=sys.stderr)
    elif record.status == "interrupted":
        print("a4eval: interrupted", file=sys.stderr)
    print(path)
    sys.exit({"ok": OK, "failed": FAILED, "interrupted": INTERRUPTED}[record.status])


@app.command()
def plugins(as_json: AsJson = False, strict_plugins: Strict = False) -> None:
    """List the installed plugins: active, disabled (A4EVAL_DISABLE=a,b) or broken, and why."""
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
        from a4eval.show import print_table

        shown = [[*list(row.values())[:4], len(row["components"]) or "", row["reason"]] for row in rows]
        print_table("", ["plugin", "distribution", "version", "state", "components", "reason"], shown)
    if strict_plugins and registry().broken:
        sys.exit(BAD_CONFIG)


@app.command()
def components(
    name: Annotated[str | None, typer.Argument(help="Describe this component.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind, such as metric.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the components of all plugins, or describe one: its parameters, units and references."""
    from a4eval.describe import describe, list_components

    if name is None:
        list_components(kind, as_json=as_json)
    else:
        describe(name, kind, as_json=as_json)


@app.command()
def experiments(config_dir: ConfigDir = None, as_json: AsJson = False) -> None:
    """List the experiments: what experiment=… takes."""
    from a4eval.experiments import experiments as listed

    rows = [
        {"experiment": one.name, "provider": one.provider, "description": one.description} for one in listed(config_dir)
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from a4eval.show import print_table

    print_table("", ["experiment", "description"], [[row["experiment"], row["description"]] for row in rows])
