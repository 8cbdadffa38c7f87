"""The rules of a gate: margins for what must not get worse, and floors and ceilings."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from a4eval.component import check_ranges, param
from a4eval.config.builder import build_options
from a4eval.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_LIMIT = re.compile(r"\s*(?P<name>.+?)\s*(?P<sign>>=|<=|>|<)\s*(?P<number>[^<>=]+?)\s*")


COSTS = ("wall_seconds", "cpu_seconds", "peak_memory_bytes")
"""What a record's ``timing`` holds."""


class Limit(NamedTuple):
    """A value that a metric must keep to, such as ``AP >= 0.4``."""

    name: str
    sign: str
    number: float

    def holds(self, value: float) -> bool:
        """Say whether *value* keeps to it; NaN does not."""
        return _SIGNS[self.sign](value, self.number)

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.number:g}"


def limit(text: str) -> Limit:
    """Read a limit.

    Raises:
        ValueError: it cannot be read.

    >>> limit("AP>=0.4"), str(limit("tide/miss < 1e-3"))
    (Limit(name='AP', sign='>=', number=0.4), 'tide/miss < 0.001')
    """
    found = _LIMIT.fullmatch(text)
    try:
        number = float(found["number"]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or math.isnan(number):
        raise ValueError(f"cannot read the limit {text!r}; write METRIC>=NUMBER with one of {' '.join(_SIGNS)}")
    return Limit(found["name"], found["sign"], number)


@dataclass(frozen=True)
class Rules:
    """What a candidate must keep to."""

    margins: dict[str, float] = param(
        default_factory=dict,
        help="metric to the loss that does not matter: it must not be worse by more",
        minimum=0,
        below=math.inf,
    )
    parts: dict[str, float] = param(
        default_factory=dict,
        help="label of a metric to the margin of each of its parts, such as its classes",
        minimum=0,
        below=math.inf,
    )
    costs: dict[str, float] = param(
        default_factory=dict,
        help="wall_seconds, cpu_seconds or peak_memory_bytes to the share by which it may rise; of repeated runs",
        minimum=0,
        below=math.inf,
    )
    limits: list[str] = param(default_factory=list, help="what must hold of the candidate alone, such as AP >= 0.4")
    alpha: float = param(0.05, help="chance of a wrong worse", above=0, below=1)
    undecided: Literal["pass", "fail"] | None = param(
        None, help="what an undecided rule counts as; by default it is undecided"
    )
    read_limits: list[Limit] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.costs:
            if name not in COSTS:
                raise ValueError(f"costs: there is no {name!r}{did_you_mean(name, COSTS)}")
        self.read_limits.extend(limit(one) for one in self.limits)

    @property
    def empty(self) -> bool:
        """Whether there is no rule."""
        return not (self.margins or self.parts or self.costs or self.limits)

    def check_no_costs(self) -> None:
        """Refuse rules on what runs take where there is one run alone.

        Raises:
            ValueError: there is such a rule.
        """
        if self.costs:
            raise ValueError("rules.costs are of repeated runs, which `a4eval gate` alone compares")

    @property
    def comparing(self) -> bool:
        """Whether a rule needs a baseline."""
        return bool(self.margins or self.parts or self.costs)


def read(path: Path) -> Rules:
    """Read rules from a YAML file, checked as configs are.

    Raises:
        ConfigError: the file cannot be read, or a key, type or value is wrong.
    """
    import yaml

    from a4eval.config.yaml_file import load

    try:
        node = load(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ConfigError(f"not valid YAML: {getattr(error, 'problem', error)}", path=where) from error
    rules: Rules = build_options(Rules, {} if node is None else node, path=str(path))
    if rules.empty:
        raise ConfigError("holds no rule; give margins, parts, costs or limits", path=str(path))
    return rules


def checked_names(wanted: Mapping[str, object], known: Mapping[str, object], what: str) -> None:
    """Check that rules name what there is.

    Raises:
        ConfigError: one does not; the text holds the nearest.
    """
    for name in wanted:
        if name not in known:
            raise ConfigError(f"there is no {what} {name!r}{did_you_mean(name, known)}")
