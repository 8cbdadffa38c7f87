"""Arrays in dicts, lists and tuples: what a layer takes and gives, looked at leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Leaves: TypeAlias = dict[str, Array]
"""The arrays of a tree by path: keys and positions joined by dots, empty for a tree that is one array."""


def leaves(tree: Any) -> Leaves:
    """Return the arrays of a tree by path; None holds none.

    >>> list(leaves({"W": np.ones(2), "cell": [np.ones(1), {"b": np.ones(3)}]}))
    ['W', 'cell.0', 'cell.1.b']
    """
    if tree is None:
        return {}
    if isinstance(tree, Mapping):
        parts = [(str(key), value) for key, value in tree.items()]
    elif isinstance(tree, (list, tuple)):
        parts = [(str(index), value) for index, value in enumerate(tree)]
    else:
        return {"": np.asarray(tree)}
    return {f"{name}.{path}" if path else name: array for name, value in parts for path, array in leaves(value).items()}


def mapped(tree: Any, change: Callable[[str, Array], Any], path: str = "") -> Any:
    """Return the same tree with ``change(path, array)`` in place of each array.

    >>> mapped({"a": np.ones(2), "b": (np.ones(1),)}, lambda path, array: f"{path}: {array.size}")
    {'a': 'a: 2', 'b': ('b.0: 1',)}
    """
    if tree is None:
        return None
    inner = f"{path}." if path else ""
    if isinstance(tree, Mapping):
        return {key: mapped(value, change, f"{inner}{key}") for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        changed = [mapped(value, change, f"{inner}{index}") for index, value in enumerate(tree)]
        if isinstance(tree, list):
            return changed
        return type(tree)(*changed) if hasattr(tree, "_fields") else tuple(changed)
    return change(path, np.asarray(tree))


def floats(tree: Any, change: Callable[[Array], Any]) -> Any:
    """Return the same tree with *change* applied to its floating arrays; integers stay."""
    return mapped(tree, lambda _, array: change(array) if is_float(array) else array)


def is_float(array: Array) -> bool:
    """Say whether an array holds real numbers that a derivative can be taken by."""
    return array.dtype.kind == "f"


def replaced(tree: Any, path: str, array: Any) -> Any:
    """Return the same tree with another array at *path*."""
    return mapped(tree, lambda here, old: array if here == path else old)


def copied(tree: Any) -> Any:
    """Return a copy with contiguous arrays of its own, in the order of the given ones: another may round otherwise."""
    return mapped(tree, lambda _, array: np.array(array, order="K"))


def same_bits(one: Leaves, other: Leaves) -> str:
    """Return the place of the first difference, ``""`` when all is the same bit for bit; NaN equals NaN.

    >>> same_bits({"y": np.array([1.0, 2.0])}, {"y": np.array([1.0, 2.5])})
    'y[1]'
    """
    for name, array in one.items():
        if name not in other or other[name].shape != array.shape or other[name].dtype != array.dtype:
            return name
        differs = ~((array == other[name]) | ((array != array) & (other[name] != other[name])))  # noqa: PLR0124  (NaN, in any dtype)
        if differs.any():
            return place(name, int(np.argmax(differs)), array.shape)
    return next((name for name in other if name not in one), "")


def place(name: str, flat: int, shape: tuple[int, ...]) -> str:
    """Return ``name[i, j]`` of a flat index.

    >>> place("dW", 5, (2, 3))
    'dW[1, 2]'
    """
    if not shape:
        return name
    return f"{name}[{', '.join(str(int(one)) for one in np.unravel_index(flat, shape))}]"


def steps_of(array: Array) -> Array:
    """Return for each entry the unit of its steps: its magnitude, or a thousandth of a typical one if it is smaller.

    >>> steps_of(np.array([1e-6, -2e-6])).tolist()
    [1e-06, 2e-06]
    """
    magnitude = np.abs(array)
    nonzero = magnitude[magnitude > 0]
    typical = float(np.exp(np.mean(np.log(nonzero)))) if nonzero.size else 1.0
    return np.maximum(magnitude, 1e-3 * typical)
