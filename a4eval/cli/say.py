"""What goes to standard error, and how a command ends."""

from __future__ import annotations

import sys
from typing import NoReturn

from a4eval.errors import A4evalError, DataError
from a4eval.results.exit_status import BAD_CONFIG, FAILED
from a4eval.terminal import remark


def fail(error: A4evalError) -> NoReturn:
    """Print the one line and exit: 1 for bad data, 2 for whatever the user can mend in the command or config."""
    say("error", str(error))
    sys.exit(FAILED if isinstance(error, DataError) else BAD_CONFIG)


def say(what: str, text: str) -> None:
    """Print an error or a warning as one line that a terminal shows as it is."""
    line = " ".join(text.split())
    remark(f"a4eval: {what}: {line}")


def note(text: str) -> None:
    """Print a warning."""
    say("warning", text)
