"""What goes to standard error, and how a command ends."""

from __future__ import annotations

import sys
from typing import NoReturn

from a4eval.errors import A4evalError, ConfigError, each
from a4eval.results.exit_status import BAD_CONFIG
from a4eval.terminal import remark


def fail(error: A4evalError) -> NoReturn:
    """Print a line for each thing that is wrong and exit with 2: the command was given what it cannot work on.

    That a run failed, which is 1, stands in its record and is no error of the command.
    """
    for one in each(error) if isinstance(error, ConfigError) else (error,):
        say("error", str(one))
    sys.exit(BAD_CONFIG)


def say(what: str, text: str) -> None:
    """Print an error or a warning as one line that a terminal shows as it is."""
    line = " ".join(text.split())
    remark(f"a4eval: {what}: {line}")


def note(text: str) -> None:
    """Print a warning."""
    say("warning", text)
