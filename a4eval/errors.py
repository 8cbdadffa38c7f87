"""The errors of a4eval, one tree.

::

    A4evalError
    ├── ConfigError        the experiment asks for something impossible: exit status 2, nothing is written
    ├── DataError          an input is not what it claims to be: of a run a failed record, exit status 1; of another
    │                      command exit status 2
    │   └── OutputError    what was made cannot be written: exit status 2 if the path is to blame, else 1
    ├── PluginError        a plugin is broken, missing or ambiguous
    ├── MissingExtraError  an optional dependency is not installed; the text holds the ``pip install`` line
    ├── RunTimeoutError    the run took too long: a failed record, exit status 1
    └── RunFailedError     from Python: the run failed, and this is its record

Each says what, where, got, expected and what to do next, in one line.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


ALIKE_SHOWN = 3
"""How many names that begin alike an error offers."""
NAMES_SHOWN = 20
"""How many known names an error lists."""


class A4evalError(Exception):
    """The root: whatever derives from it is shown as one line, without a traceback."""


class ConfigError(A4evalError):
    """The composed config is wrong.

    Args:
        message: what was got, what was expected and what to do.
        path: the key's full path in the config, such as ``task.metrics.voc2007.interpolation``.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class SeveralConfigError(ConfigError):
    """Several things are wrong with a config: the text has a line for each, ``errors`` the errors themselves."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(map(str, self.errors)))


def each(error: ConfigError) -> tuple[ConfigError, ...]:
    """Return the errors that one is made of."""
    return error.errors if isinstance(error, SeveralConfigError) else (error,)


def together(errors: Iterable[ConfigError]) -> ConfigError:
    """Return several errors as one, none of them twice."""
    found = {str(one): one for error in errors for one in each(error)}
    return next(iter(found.values())) if len(found) == 1 else SeveralConfigError(found.values())


def told_once(errors: Iterable[ConfigError], unknown: Iterable[str]) -> ConfigError:
    """Return several errors as one, but for those that miss what is unknown: why it is, is told by another.

    Args:
        errors: what is wrong.
        unknown: paths of a config; an empty one is above all others.

    >>> missing = ConfigError("is missing; set task.k=…", path="task.k")
    >>> told_once([ConfigError("refers to nothing", path="task.k"), missing], ["task.k"])
    ConfigError('task.k: refers to nothing')
    """
    found = [one for error in errors for one in each(error)]
    paths = tuple(unknown)
    return together(one for one in found if "is missing" not in str(one) or not _within(one.path, paths))


def _within(path: str, above: Iterable[str]) -> bool:
    return any(not one or path == one or path.startswith((f"{one}.", f"{one}[")) for one in above)


@contextmanager
def noted(problems: list[ConfigError]) -> Iterator[None]:
    """Within this context what is wrong with a config ends the block alone, and is one of *problems*.

    >>> problems = []
    >>> with noted(problems):
    ...     raise ConfigError("unknown key", path="task.k")
    >>> problems
    [ConfigError('task.k: unknown key')]
    """
    try:
        yield
    except ConfigError as error:
        problems.append(error)


def added(error: ConfigError, text: Callable[[ConfigError], str]) -> ConfigError:
    """Return an error, or several, each with *text* of it after what it says."""
    found = []
    for one in each(error):
        more = copy(one)
        more.args = (f"{one}{text(one)}",)
        found.append(more)
    return together(found)


class DataError(A4evalError):
    """An input is malformed: names the file (and key or row), got and expected."""


class OutputError(DataError):
    """What was made cannot be written; the system's error is its cause."""


class PluginError(A4evalError):
    """A plugin could not be loaded, or two of them claim one name."""


class MissingExtraError(A4evalError):
    """An optional dependency is not installed.

    >>> raise MissingExtraError("matplotlib", "a4eval[plots]")
    Traceback (most recent call last):
    a4eval.errors.MissingExtraError: this needs matplotlib: pip install 'a4eval[plots]'
    """

    def __init__(self, module: str, requirement: str) -> None:
        super().__init__(f"this needs {module}: pip install '{requirement}'")


class RunTimeoutError(A4evalError):
    """The run took longer than its config's ``timeout``."""


class RunFailedError(A4evalError):
    """A run has failed, and left a record that says why.

    Args:
        message: the type and text of what the task raised; its traceback is a note.
        record: the record, an ``a4eval.Record``.
    """

    def __init__(self, message: str, record: object = None) -> None:
        super().__init__(message)
        self.record = record


def told(error: BaseException) -> str:
    """Return what a stranger's exception says, with its type; that may fail too.

    >>> told(KeyError("absent"))
    "KeyError: 'absent'"
    """
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(error: BaseException) -> str:
    """Return the text of a stranger's exception."""
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001  (a stranger's code)
        return f"(its text cannot be had: {type(another).__name__})"


def did_you_mean(name: str, known: Iterable[str], likely: Iterable[str] = ()) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or those that begin so; else the known names.

    Args:
        name: what was asked for.
        known: what there is.
        likely: those of it that come first where none is near.

    >>> did_you_mean("averge", ["average", "median"])
    "; did you mean 'average'?"
    >>> did_you_mean("q3", ["assignment4/q3_interpolated_ap", "assignment4/q4"])
    "; did you mean 'assignment4/q3_interpolated_ap'?"
    >>> did_you_mean("zzz", ["average", "median"])
    '; known: average, median'
    >>> did_you_mean("zzz", ["average", "median"], likely=["median"])
    '; known: median, average'
    """
    names = sorted(known)
    near = _same(name, names) or _beginning(name, names) or get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    names = list(dict.fromkeys([*likely, *names]))
    if len(names) > NAMES_SHOWN:
        return f"; known: {', '.join(names[:NAMES_SHOWN])} and {len(names) - NAMES_SHOWN} more"
    return f"; known: {', '.join(names)}" if names else "; none is known"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` as :func:`did_you_mean` does, or nothing where no name is near.

    >>> nearest("averge", ["average", "median"]), nearest("zzz", ["average", "median"])
    ("; did you mean 'average'?", '')
    """
    hint = did_you_mean(name, known)
    return hint if hint.startswith("; did") else ""


def _same(name: str, names: Iterable[str]) -> list[str]:
    """Return the name that differs in nothing but capitals."""
    return [one for one in names if one.lower() == name.lower()][:1]


def _beginning(name: str, names: Iterable[str]) -> list[str]:
    """Return the shortest names that begin with *name*, or whose part after a slash or dot does, if they are few."""
    begin = name.lower()
    found = [one for one in names if any(one.lower()[place:].startswith(begin) for place in _starts(one))]
    found = [one for one in found if len(one) == min(map(len, found))]
    return found if len(begin) > 1 and len(found) <= ALIKE_SHOWN else []


def _starts(name: str) -> list[int]:
    return [0, *(place + 1 for place, one in enumerate(name) if one in "/.")]
