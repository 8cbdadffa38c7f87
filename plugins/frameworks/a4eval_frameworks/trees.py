"""Arrays and tensors in dicts, lists and tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]
Function: TypeAlias = Callable[[dict[str, Any], Any], Any]
"""From parameters by name and a tree of inputs, in a framework's own tensors, to a tree of outputs."""


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Return the same tree with ``change(leaf)`` in place of each leaf; None stays.

    >>> mapped({"a": 1, "b": (2, None)}, lambda leaf: leaf + 1)
    {'a': 2, 'b': (3, None)}
    """
    if hasattr(tree, "dtype"):  # first, since it is quick: most trees are an array
        return change(tree)
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        return {key: mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return _rebuilt(tree, [mapped(value, change) for value in tree])
    return change(tree)


def leaves(tree: Any) -> Iterator[Any]:
    """Yield the leaves of a tree, in order.

    >>> list(leaves({"a": 1, "b": (2, None)}))
    [1, 2]
    """
    if hasattr(tree, "dtype"):
        yield tree
        return
    if isinstance(tree, Mapping):
        tree = tree.values()
    elif not isinstance(tree, (list, tuple)):
        if tree is not None:
            yield tree
        return
    for value in tree:
        yield from leaves(value)


def filled(tree: Any, values: Iterator[Any]) -> Any:
    """Return the same tree with its leaves replaced by *values*, in order."""
    return mapped(tree, lambda _: next(values))


def plain(array: Any) -> Array:
    """Return the array as every framework takes it: in the machine's byte order, writeable, without negative strides.

    A view that is all of that already is returned as it is.
    """
    found: Array = np.asarray(array)
    if not found.dtype.isnative:
        found = found.astype(found.dtype.newbyteorder("="))
    return found.copy() if not found.flags.writeable or min(found.strides, default=0) < 0 else found


def _rebuilt(like: Any, parts: list[Any]) -> Any:
    if isinstance(like, list):
        return parts
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)
