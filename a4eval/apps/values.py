"""The values of a config as anyone can read them, and those of them that say which run it is."""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, ListConfig, OmegaConf

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN = re.compile(r"\$\{\s*(?!(?:now|hydra|hydra_override_dirname|python_version|oc\.[\w.]+)\s*:)[\w.]+\s*:")
"""A resolver that is neither Hydra's nor OmegaConf's."""
_PASSING = re.compile(r"job\.(num|id)\b|runtime\.(output_dir|cwd)\b|sweep\b|run\b|sweeper\b|launcher\b")
"""What of Hydra's config depends on where and in which place of a sweep a point runs, not on what it is."""


def values(config: DictConfig) -> dict[str, Any]:
    """Return what *config*, but for Hydra's part, comes to; what cannot be resolved, or not written, as its text."""
    return {str(key): _value(config, key) for key in config if key != "hydra"}


def _value(parent: Any, key: Any) -> Any:
    try:
        value = parent[key]
    except Exception:  # noqa: BLE001  (a key that is missing, or whatever a resolver of the user's raises)
        return _text(parent, key)
    if isinstance(value, DictConfig):
        return {str(inner): _value(value, inner) for inner in value}
    if isinstance(value, ListConfig):
        return [_value(value, inner) for inner in range(len(value))]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, (Path, bytes)) else _text(parent, key)


def _text(parent: Any, key: Any) -> str:
    node = parent._get_node(key)  # noqa: SLF001  (the one way to what a key says rather than means)
    return str(node._value()) if OmegaConf.is_interpolation(parent, key) else "???"  # noqa: SLF001


def asks_the_user(text: str) -> bool:
    """Say whether a config or an override, as it is written, calls a resolver that is the user's own.

    >>> asks_the_user("x: ${mul:2,3}"), asks_the_user("x: ${oc.env:HOME} ${now:%H} ${a.b}")
    (True, False)
    """
    return bool(_OWN.search(text))


def identity(config: DictConfig, again: DictConfig | None) -> dict[str, Any]:
    """Return what says which run *config* is: the same today and tomorrow, in this folder and in another.

    The time (``${now:…}``) and a run's place in its sweep (``${hydra:job.num}`` and the like) count as they are
    written; so does a value that a resolver of the user's makes anew each time.

    Args:
        config: with Hydra's part.
        again: the same once more, if it asks resolvers of the user's.
    """
    with _steady():
        HydraConfig.instance().cfg = config  # type: ignore[assignment]
        found = values(config)
        if again is None:
            return found
        HydraConfig.instance().cfg = again  # type: ignore[assignment]
        return _agreed(found, values(again), _written(config))  # type: ignore[no-any-return]


def _written(config: DictConfig) -> dict[str, Any]:
    found: Any = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    return {str(key): value for key, value in found.items()}


def _agreed(one: Any, other: Any, written: Any) -> Any:
    """Return what both are; where they differ, what is written."""
    if one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict) and isinstance(written, dict) and one.keys() == other.keys():
        return {key: _agreed(value, other[key], written.get(key)) for key, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and isinstance(written, list) and len(one) == len(other):
        return [_agreed(*three) for three in zip(one, other, written, strict=True)]
    return str(written)


@contextmanager
def _steady() -> Iterator[None]:
    """Within this context what passes stands for itself."""

    def of_hydra(path: str) -> Any:
        return f"<hydra:{path}>" if _PASSING.match(path) else OmegaConf.select(HydraConfig.get(), path)  # type: ignore[arg-type]

    before = HydraConfig.instance().cfg
    OmegaConf.register_new_resolver("now", lambda pattern: f"<now:{pattern}>", replace=True)
    OmegaConf.register_new_resolver("hydra", of_hydra, replace=True)
    try:
        yield
    finally:
        setup_globals()
        HydraConfig.instance().cfg = before


@contextmanager
def known_to_hydra(config: DictConfig) -> Iterator[None]:
    """Within this context ``${hydra:…}`` asks *config*."""
    before = HydraConfig.instance().cfg
    HydraConfig.instance().cfg = config  # type: ignore[assignment]
    try:
        yield
    finally:
        HydraConfig.instance().cfg = before
