"""The command line.  What a command needs is imported when it runs, so that listing is quick."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from a4eval import __version__
from a4eval.cli.cancel import cancel
from a4eval.cli.compare import compare
from a4eval.cli.completion import completion
from a4eval.cli.components import components
from a4eval.cli.experiments import experiments
from a4eval.cli.export import export
from a4eval.cli.gate import gate
from a4eval.cli.ls import ls
from a4eval.cli.new import new
from a4eval.cli.plugins import plugins
from a4eval.cli.rank import rank
from a4eval.cli.report import report
from a4eval.cli.resume import resume
from a4eval.cli.retry import retry
from a4eval.cli.run import run
from a4eval.cli.say import fail
from a4eval.cli.schema import schema
from a4eval.cli.show import show
from a4eval.cli.status import status
from a4eval.errors import A4evalError, DataError
from a4eval.results.exit_status import INTERRUPTED
from a4eval.runs.interrupts import came_of_interrupt
from a4eval.terminal import put, remark


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
            remark("a4eval: interrupted")
            sys.exit(INTERRUPTED)


@click.group(cls=Interruptible, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """A measuring bench for metrics and layers: plugins, experiments in YAML, records in JSON."""
    if context.invoked_subcommand is None:
        put(context.get_help())


COMMANDS = (
    run,
    plugins,
    components,
    experiments,
    new,
    ls,
    show,
    export,
    report,
    compare,
    rank,
    gate,
    retry,
    resume,
    status,
    cancel,
    completion,
    schema,
)
for command in COMMANDS:
    app.add_command(command)
