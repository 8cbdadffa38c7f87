"""What a search searches over: the overrides of a sweep as dimensions, each of which a trial gives one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import IntervalSweep, RangeSweep

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydra.core.override_parser.types import Override


@dataclass(frozen=True)
class Interval:
    """All numbers between two: ``interval(0.0,1.0)``, ``int(interval(1,8))``, ``tag(log,interval(1e-5,1e-1))``.

    Args:
        key: as Hydra writes it.
        low: the least, as an integer if only integers are meant.
        high: the greatest.
        log: it is searched on a logarithmic scale.
    """

    key: str
    low: float
    high: float
    log: bool

    def suggest(self, trial: Any) -> str:
        """Return the override of a trial of Optuna's."""
        suggest = trial.suggest_int if isinstance(self.low, int) else trial.suggest_float
        value = type(self.low)(suggest(self.key, self.low, self.high, log=self.log))  # some samplers give numpy's
        return f"{self.key}={value!r}"

    def read(self, text: str) -> Any:
        """Return what Optuna knows as the value of *text*.

        Raises:
            ValueError: it is none of this dimension.
        """
        key, _, value = text.partition("=")
        found = type(self.low)(value)
        if key != self.key or not self.low <= found <= self.high:
            raise ValueError(text)
        return found


@dataclass(frozen=True)
class Choice:
    """One of several values: ``a,b``, ``choice(a,b)``, ``glob(*)``; of a ``range(…)`` they lie on a line.

    Args:
        key: as Hydra writes it.
        texts: the overrides.
        ordered: near ones are alike.
    """

    key: str
    texts: tuple[str, ...]
    ordered: bool

    def suggest(self, trial: Any) -> str:
        """Return the override of a trial of Optuna's."""
        if self.ordered:
            place: int = trial.suggest_int(self.key, 0, len(self.texts) - 1)
            return self.texts[place]
        return str(trial.suggest_categorical(self.key, self.texts))

    def read(self, text: str) -> Any:
        """Return what Optuna knows as the value of *text*.

        Raises:
            ValueError: it is none of this dimension.
        """
        place = self.texts.index(text)
        return place if self.ordered else text


Dimension = Interval | Choice


@dataclass(frozen=True)
class Space:
    """All that a search searches over, in the order of the command.

    Args:
        parts: a dimension, or the override that is the same for every trial.
    """

    parts: tuple[Dimension | str, ...]

    def suggest(self, trial: Any) -> tuple[str, ...]:
        """Return the overrides of a trial of Optuna's."""
        return tuple(one if isinstance(one, str) else one.suggest(trial) for one in self.parts)

    def read(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return what Optuna knows as the values of a trial with the overrides *texts*.

        Raises:
            ValueError: they are none of this space.
        """
        pairs = list(zip(self.parts, texts, strict=True))
        if any(one != text for one, text in pairs if isinstance(one, str)):
            raise ValueError(texts)
        return {one.key: one.read(text) for one, text in pairs if not isinstance(one, str)}


def space_of(overrides: Iterable[Override]) -> Space:
    """Return what is searched over.

    Raises:
        ConfigError: nothing is, something is twice, or an interval is empty.
    """
    parts = [_part(one) for one in overrides]
    keys = [one.key for one in parts if not isinstance(one, str)]
    if not keys:
        raise ConfigError(
            "there is nothing to search over; give a key several values: lr=interval(0.001,0.1), lr=1,2 or lr=range(9)",
            path="hydra.sweeper.search",
        )
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError("is searched over twice", path=key)
    return Space(tuple(parts))


def _part(override: Override) -> Dimension | str:
    key, value = override.get_key_element(), override.value()
    if isinstance(value, IntervalSweep):
        low, high, log = value.start, value.end, "log" in value.tags
        if low is None or high is None or not low < high or (log and low <= 0):
            expected = "an interval from a smaller to a greater number" + (", both above 0" if log else "")
            raise ConfigError(f"got {override.input_line!r}, expected {expected}", path=key)
        return Interval(key, low, high, log)
    (points,) = BasicSweeper.split_arguments([override], None)
    texts = tuple(dict.fromkeys(text for (text,) in points))
    return texts[0] if len(texts) == 1 else Choice(key, texts, isinstance(value, RangeSweep))
