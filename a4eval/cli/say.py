"""What goes to standard error, and how a command ends."""

from __future__ import annotations

import errno
import sys
from typing import NoReturn

import click

from a4eval.errors import A4evalError, ConfigError, OutputError, each, nearest
from a4eval.results.exit_status import BAD_CONFIG, FAILED
from a4eval.terminal import remark

OF_A_PATH = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EINVAL,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }
)
"""Errors of the system that tell of the path that was given; others, such as of a full disk, do not."""


def status_of(trouble: BaseException | None) -> int:
    """Return 1 for a trouble of the system's that is not about a path, such as a full disk, else 2."""
    return FAILED if isinstance(trouble, OSError) and trouble.errno not in OF_A_PATH else BAD_CONFIG


def fail(error: A4evalError) -> NoReturn:
    """Print a line for each thing that is wrong and exit with 2: the command was given what it cannot work on.

    That a run failed, which is 1, stands in its record and is no error of the command; what the system fails to write
    for another reason than its path is 1.
    """
    for one in each(error) if isinstance(error, ConfigError) else (error,):
        say("error", str(one))
    sys.exit(status_of(error.__cause__) if isinstance(error, OutputError) else BAD_CONFIG)


def misused(error: click.ClickException) -> NoReturn:
    """Print what is wrong with the options and arguments of a command, a line as of any error, and exit with 2."""
    context = getattr(error, "ctx", None)
    name = context.info_name if context is not None and context.parent is not None else ""
    hint = f"; `{f'a4eval {name}'.strip()} --help` says what it takes"
    text = error.format_message().rstrip(".")
    if isinstance(error, click.NoSuchOption) and context is not None:
        option = error.option_name
        text = f"there is no option {option!r}"
        hint = nearest(option, [one for known in context.command.params for one in known.opts]) or hint
    say("error", f"{name}: {text[:1].lower()}{text[1:]}{hint}".removeprefix(": "))
    sys.exit(BAD_CONFIG)


def say(what: str, text: str) -> None:
    """Print an error or a warning as one line that a terminal shows as it is."""
    line = " ".join(text.split())
    remark(f"a4eval: {what}: {line}")


def note(text: str) -> None:
    """Print a warning."""
    say("warning", text)
