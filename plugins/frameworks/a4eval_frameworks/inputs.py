"""What a layer is given: ``[2, 3]`` is an array of that shape, a list of such several, a mapping keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


MOST_ENTRIES = 1_000_000
"""Of an input: a check runs it through some thousand times."""

_KEYS = {"shape", "integers", "boolean", "positive"}


def check_spec(spec: Any, path: str = "input") -> None:
    """Make sure that *spec* describes an input.

    Raises:
        ValueError: it does not; the text says where.
    """
    if _is_flat(spec) or (isinstance(spec, Mapping) and "shape" in spec):
        leaf = spec if isinstance(spec, Mapping) else {"shape": spec}
        unknown = sorted(set(leaf) - _KEYS)
        if unknown:
            raise ValueError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(sorted(_KEYS))}")
        shape, below = leaf["shape"], leaf.get("integers")
        _check_sizes(shape, path if leaf is not spec else f"{path}.shape")
        if not _is_shape(shape):
            raise ValueError(f"{path}.shape: got {shape!r}, expected a list of sizes such as [2, 3]")
        if prod(shape) > MOST_ENTRIES:
            raise ValueError(f"{path}: {prod(shape):,} entries are too many to check, at most {MOST_ENTRIES:,}")
        if below is not None and not (isinstance(below, int) and below > 0):
            raise ValueError(f"{path}.integers: got {below!r}, expected a number: integers from 0 to below it")
    elif isinstance(spec, Mapping) and spec:
        for key, value in spec.items():
            check_spec(value, f"{path}.{key}")
    elif isinstance(spec, list) and spec:
        for index, value in enumerate(spec):
            check_spec(value, f"{path}[{index}]")
    else:
        raise ValueError(f"{path}: got {spec!r}, expected a shape such as [2, 3], a list of such or a mapping of names")


def _check_sizes(shape: Any, path: str) -> None:
    if _is_flat(shape):
        for index, size in enumerate(shape):
            if not _is_size(size):
                raise ValueError(f"{path}[{index}]: got {size!r}, expected a size, a whole number of at least 1")


def check_axis(spec: Any, axis: int, path: str = "input") -> None:
    """Make sure that every array that *spec*, a valid one, describes has this axis.

    Raises:
        ValueError: one has not.
    """
    if _is_shape(spec) or (isinstance(spec, Mapping) and "shape" in spec):
        shape = spec["shape"] if isinstance(spec, Mapping) else spec
        if axis >= len(shape):
            last = f"0 to {len(shape) - 1}" if len(shape) > 1 else "0"
            raise ValueError(f"batch_axis: got {axis}, expected {last}, an axis of {path} {shape}, or null for no rows")
        return
    parts = (
        [(f"{path}.{key}", one) for key, one in spec.items()]
        if isinstance(spec, Mapping)
        else [(f"{path}[{index}]", one) for index, one in enumerate(spec)]
    )
    for where, one in parts:
        check_axis(one, axis, where)


def draw(spec: Any, rng: np.random.Generator) -> Any:
    """Return arrays for *spec*: standard normal float64, unless it says integers, boolean or positive.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> draw([[2, 3], {"shape": [2], "integers": 5}], rng)[1].dtype.kind
    'i'
    """
    if _is_shape(spec):
        return rng.standard_normal(tuple(spec))
    if isinstance(spec, Mapping):
        if "shape" not in spec:
            return {key: draw(value, rng) for key, value in spec.items()}
        shape = tuple(spec["shape"])
        if spec.get("integers") is not None:
            return rng.integers(spec["integers"], size=shape)
        if spec.get("boolean"):
            return rng.random(shape) < 0.5
        return rng.uniform(0.5, 1.5, shape) if spec.get("positive") else rng.standard_normal(shape)
    return tuple(draw(value, rng) for value in spec)


def _is_shape(spec: Any) -> bool:
    return _is_flat(spec) and all(map(_is_size, spec))


def _is_flat(spec: Any) -> bool:
    return isinstance(spec, list) and bool(spec) and not any(isinstance(one, (list, Mapping)) for one in spec)


def _is_size(size: Any) -> bool:
    return type(size) is int and size > 0
