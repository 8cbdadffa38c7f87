"""Errors of a config in words for Python: what the command line is told of its options is no help there."""

from __future__ import annotations

import re

from a4eval.errors import ConfigError, SeveralConfigError, each

_WORDS = (
    (r" \(on the command line\)", ""),
    (r"^--config-dir: ", "config_dir: "),
    (r"is --config-dir (\S+) experiment=(\S+)", r"is \2 of config_dir=\1"),
    (r"for --config-dir FOLDER", "for config_dir=FOLDER"),
    (r"with -m it is swept over; (\[.*?\]) is a list, and .*", r"\1 is a list, and a4eval.sweep goes over several"),
    (r"which is swept over with -m", "which a4eval.sweep goes over"),
    (r"is for a sweep; add -m", "is for a4eval.sweep"),
    (r"; quote (it|a text) .*", ""),
    (r" \(`a4eval experiments` lists them\)", " (`a4eval experiments` in a shell lists them)"),
)


def worded(error: ConfigError) -> ConfigError:
    """Return the same error for who calls from Python; it knows nothing of where the first was raised.

    >>> str(worded(ConfigError("got 'x', expected int (on the command line)", path="task.W")))
    "task.W: got 'x', expected int"
    """
    found = []
    for one in each(error):
        text = str(one)
        for theirs, ours in _WORDS:
            text = re.sub(theirs, ours, text)
        new = ConfigError(text)
        new.path = one.path
        found.append(new)
    return found[0] if len(found) == 1 else SeveralConfigError(found)
