"""The command line.  What a command needs is imported when it runs, so that listing is quick."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper

import click

from a4eval import __version__
from a4eval.cli.say import fail, misused, say, status_of
from a4eval.errors import A4evalError, ConfigError, did_you_mean
from a4eval.results.exit_status import INTERRUPTED
from a4eval.runs.interrupts import came_of_interrupt
from a4eval.terminal import put, remark

COMMANDS = (
    "run",
    "plugins",
    "components",
    "experiments",
    "new",
    "ls",
    "show",
    "export",
    "report",
    "view",
    "compare",
    "rank",
    "gate",
    "retry",
    "resume",
    "status",
    "cancel",
    "completion",
    "schema",
)
"""Each stands in the file of its name, which is read when it is asked for."""


def main() -> None:
    """Run the command line; an error of ours, or of the system, is one line on standard error."""
    if "_A4EVAL_COMPLETE" in os.environ:
        gc.disable()  # a shell waits for a handful of names: there is nothing to collect
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a table is worth more with a few question marks than not at all
            stream.reconfigure(errors="replace")
    try:
        sys.exit(app(standalone_mode=False))
    except A4evalError as error:
        fail(error)
    except click.ClickException as error:
        misused(error)
    except click.Abort:
        remark("a4eval: interrupted")
        sys.exit(INTERRUPTED)
    except OSError as error:
        say("error", f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(status_of(error))


class Commands(click.Group):
    """The commands; it ends by Ctrl-C, at any time and in any of them, with one line and its own exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"a4eval.cli.{cmd_name}"), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for, or say which is nearest."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise ConfigError(f"there is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

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


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """A measuring bench for metrics and layers: plugins, experiments in YAML, records in JSON."""
    if context.invoked_subcommand is None:
        put(context.get_help())
