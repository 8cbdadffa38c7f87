"""Families of points: those that make the same choices of config groups, for which Hydra composes once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from a4eval.config.compose import resolve
from a4eval.config.interpolation import bounded
from a4eval.config.salvage import Composed, contained
from a4eval.config.setting import apply, note_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydra.core.override_parser.types import Override

    from a4eval.runs.record import ComponentRecord


class Family:
    """A config that Hydra composed, and its siblings: copies with other values set.

    Args:
        whole: the composed config of the first point, Hydra's own part included.
        overrides: that point's overrides.
    """

    def __init__(self, whole: Composed, overrides: list[str]) -> None:
        self.first = resolve(whole, overrides)
        self.components: tuple[ComponentRecord, ...] = ()
        """What its task is built from, once that is known."""
        self._source = _own(whole.config)
        text = OmegaConf.to_yaml(self._source)
        self.interpolates = "${" in text
        self.asks_hydra = "${hydra" in text

    def config(self, values: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """Return the resolved config with *values*, dotted keys and what they hold, set."""
        if not self.interpolates:
            return assign(self.first.config, values)
        copy = self._source.copy()
        for key, value in values:
            OmegaConf.update(copy, key, value)
        return _resolved(copy)


class Entangled:
    """A config that Hydra composed of the groups alone, on which it sets all else for each point, in order.

    For keys within each other, values that refer to others, and configs that ask Hydra about the point.

    Args:
        config: composed without any override but those of groups, Hydra's own part included.
    """

    def __init__(self, config: DictConfig) -> None:
        self._source = _own(config)
        self._whole = config

    def config(self, overrides: Sequence[Override], groups: Iterable[Override], number: int) -> dict[str, Any]:
        """Return the resolved config of a point.

        Args:
            overrides: all of the point's.
            groups: those of them that choose configs of groups.
            number: the point's, as Hydra counts.
        """
        copy = self._source.copy()
        chosen = set(map(id, groups))
        kept = [one for one in overrides if id(one) not in chosen]
        apply(kept, copy)
        note_point(self._whole.hydra, list(overrides), number)
        HydraConfig.instance().cfg = cast("Any", self._whole)
        return _resolved(copy)


def _own(config: DictConfig) -> DictConfig:
    """Return *config* without Hydra's part."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def _resolved(config: DictConfig) -> dict[str, Any]:
    with bounded():
        found: dict[str, Any] = contained(config)
    return found


def assign(config: dict[str, Any], values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return *config* with *values* set; what lies beside their paths is shared, not copied.

    >>> old = {"task": {"k": 1, "data": {"n": 3}}, "seed": 0}
    >>> assign(old, [("task.k", 2), ("seed", 7)])
    {'task': {'k': 2, 'data': {'n': 3}}, 'seed': 7}
    >>> old["task"]["k"]
    1
    """
    root: Any = config.copy()
    for key, value in values:
        *above, last = key.split(".")
        node = root
        for step in above:
            place = int(step) if isinstance(node, list) else step
            node[place] = node[place].copy()
            node = node[place]
        node[int(last) if isinstance(node, list) else last] = value
    return root  # type: ignore[no-any-return]
