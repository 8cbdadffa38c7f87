"""From Python's values to overrides as they would be typed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from a4eval.errors import ConfigError
from a4eval.sweeps.joined import inner_key, written

if TYPE_CHECKING:
    from pathlib import Path

_WORD = re.compile(r"[A-Za-z_][\w./-]*")
_NO_WORD = {"null", "true", "false", "nan", "inf"}


def typed(
    experiment: str | None, overrides: Mapping[str, Any] | Iterable[str], **folders: str | Path | None
) -> list[str]:
    """Return the overrides of a command.

    Args:
        experiment: the choice of ``experiment=``, or None.
        overrides: keys and values, or texts as a command takes them.
        folders: a key of Hydra's with underscores for dots, and its folder, if any.

    Raises:
        ConfigError: a value is of a type that a config cannot hold.

    >>> typed("detection/coco", {"task.data.detections": "my results.json", "seed": 3}, hydra_run_dir="out")
    ['experiment=detection/coco', "task.data.detections='my results.json'", 'seed=3', 'hydra.run.dir=out']
    """
    if isinstance(overrides, str):
        raise ConfigError(f"got {overrides!r}, expected a mapping of keys to values, or a list of such texts")
    found = [] if experiment is None else [f"experiment={value(experiment, 'experiment')}"]
    if isinstance(overrides, Mapping):
        found += (f"{key}={value(one, key)}" for key, one in overrides.items())
    else:
        found += overrides
    for name, folder in folders.items():
        if folder is not None:
            key = name.replace("_", ".")
            found.append(f"{key}={value(folder, key)}")
    return found


def value(given: Any, key: str) -> str:
    """Return a value as it would be typed.

    Raises:
        ConfigError: it is of a type that a config cannot hold.

    >>> value(["rnn", "null", 1e-3, True, None], "task.x")
    "[rnn,'null',0.001,true,null]"
    """
    try:
        return _written(given)
    except TypeError as error:
        raise ConfigError(str(error), path=key) from None


def values(given: Any, key: str) -> str:
    """Return the values of a key that is swept over, with commas between; a text is as it would be typed.

    Raises:
        ConfigError: there is none, or one is of a type that a config cannot hold.

    >>> values(range(6, 9), "task.W"), values("range(6,9)", "task.W")
    ('6,7,8', 'range(6,9)')
    """
    if isinstance(given, str):
        return given
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise ConfigError(f"got {given!r}, expected the values to sweep over, such as [1, 2, 3]", path=key)
    texts = [value(one, key) for one in given]
    if not texts:
        raise ConfigError("holds no value", path=key)
    return ",".join(texts)


def _written(given: Any) -> str:
    if hasattr(given, "tolist"):  # numpy, without importing it
        given = given.tolist()
    if isinstance(given, os.PathLike):
        given = os.fspath(given)
    if isinstance(given, str) and _WORD.fullmatch(given) and given.lower() not in _NO_WORD:
        return given
    if isinstance(given, (list, tuple, range)):
        return f"[{','.join(map(_written, given))}]"
    if isinstance(given, Mapping):
        return f"{{{','.join(f'{inner_key(key)}:{_written(one)}' for key, one in given.items())}}}"
    return written(given)
