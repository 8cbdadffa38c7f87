"""An experiment: one composed config in plain Python values.  Needs no Hydra, so that workers start quickly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from a4eval.conversion import convert
from a4eval.errors import ConfigError, did_you_mean, together

if TYPE_CHECKING:
    from collections.abc import Iterator

SWEEP_KEYS = frozenset(
    {"executor", "resume", "dry_run", "fail_fast", "retries", "sort", "stop", "objective", "reuse", "trackers"}
)
"""The root keys that say how a sweep is run, not what: they cannot be swept over and are no part of its identity."""

LOCAL = ("local", "a4eval/local")
"""The names of the one executor that a config or a record may choose: it starts nothing but Python, on this machine."""


MISSING = "???"
"""What stands in a config for what must be given."""
POINT_KEYS = frozenset({"points", "zip"})
"""The root keys that say which points a sweep has beside what is swept over key by key."""


class Conduct(msgspec.Struct, kw_only=True):
    """How a sweep is run, whatever its points are."""

    executor: Any = "local"
    timeout: float | None = None
    resume: bool = True
    dry_run: bool = False
    fail_fast: bool = False
    retries: int = 0
    sort: str | None = None
    stop: str | None = None
    trackers: Any = []


class Root(Conduct, kw_only=True, forbid_unknown_fields=True):
    """The root keys of a config."""

    task: Any
    description: str = ""
    seed: int = 0
    pictures: bool | Literal["auto"] = "auto"
    objective: str | list[str] | None = None
    reuse: str | list[str] | None = None
    points: str | None = None
    zip: str | list[str] | None = None


@dataclass(frozen=True)
class Experiment:
    """One composed experiment in plain Python values, no interpolation left.

    Args:
        name: the choice of ``experiment=``, or None.
        config: the whole config but for Hydra's own part.
        overrides: what the command line changed, as typed.
        directory: the output folder, ``hydra.run.dir``.
    """

    name: str | None
    config: dict[str, Any]
    overrides: tuple[str, ...]
    directory: Path
    problems: tuple[ConfigError, ...] = ()
    """What was found to be wrong before it could be checked as a whole."""
    unknown: tuple[str, ...] = ()
    """The paths of which therefore nobody knows what they would hold."""

    @cached_property
    def root(self) -> Root:
        """The config's root keys, typed."""
        return msgspec.convert(self.config, Root)


_TYPES = {field.name: field.type for field in msgspec.structs.fields(Root)}


def leaves(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys below *path* that hold no mapping, and what they hold.

    >>> list(leaves("task", {"name": "train", "layer": {"hidden": 8}}))
    [('task.name', 'train'), ('task.layer.hidden', 8)]
    """
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from leaves(f"{path}.{key}" if path else key, value)
    else:
        yield path, node


def check_root(root: dict[str, Any], name: str | None = None) -> None:
    """Check the root keys of a resolved config: their names, types and ranges.

    Args:
        root: the config.
        name: of the experiment it is, where that is known.

    Raises:
        ConfigError: one of them is wrong.
    """
    problems = []
    for key, value in root.items():
        try:
            _check(key, value, name)
        except ConfigError as error:
            problems.append(error)
    if root.get("task", MISSING) == MISSING and "experiment" not in root:
        missing = "is missing; choose an experiment: `a4eval experiments` lists them"
        problems.append(ConfigError(missing, path="task"))
    if problems:
        raise together(problems)


def _check(key: str, value: Any, name: str | None) -> None:
    if key == "experiment":
        which = "its YAML file" if name is None else f"the YAML file of {name}"
        raise ConfigError(f"{which} must begin with the line `# @package _global_`", path=key)
    if key not in _TYPES:
        raise ConfigError(f"unknown key{did_you_mean(key, [*_TYPES, 'experiment'])}", path=key)
    convert(value, _TYPES[key], key)
    if key in ("seed", "retries") and value < 0:
        raise ConfigError(f"got {value}, expected a non-negative integer", path=key)
    if key == "timeout" and value is not None and not value > 0:
        raise ConfigError(f"got {value}, expected a number of seconds above 0, or null", path=key)
