"""Arrays of every structure numpy knows, with the same values: none may change what a layer gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import REFUSALS, LayerCase, outputs
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.checks.trees import Array, copied, floats, leaves, mapped

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK = "reshape and ravel of what may be a view, strides and .data taken for granted, and writing into an input"


def strided(array: Array) -> Array:
    """Return a view of every second entry of a larger array; the entries between are NaN.

    >>> strided(np.arange(3.0)).strides
    (16,)
    """
    if not array.ndim:
        return array
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan if array.dtype.kind == "f" else 0, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def reversed_strides(array: Array) -> Array:
    """Return a view with negative strides along every axis."""
    if not array.ndim:
        return array
    turned = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[turned])[turned]


def column_major(array: Array) -> Array:
    """Return it in Fortran's order."""
    return np.asarray(array, order="F")  # asfortranarray gives a number an axis


def read_only(array: Array) -> Array:
    """Return a copy that cannot be written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def swapped(array: Array) -> Array:
    """Return it in the other byte order."""
    return array.astype(array.dtype.newbyteorder())


STRUCTURES: dict[str, Callable[[Array], Array]] = {
    "read-only arrays": read_only,
    "views that are not contiguous": strided,
    "views with negative strides": reversed_strides,
    "arrays in Fortran's order": column_major,
    "arrays in the other byte order": swapped,
}


def structure(case: LayerCase) -> Finding:
    """Give the same values as arrays of other structure, and one row as a broadcast view of many."""
    if getattr(case.layer, "random", False):
        return not_applicable("structure", "the layer draws random numbers, in the order of the memory")
    worst = Finding("structure", "passed", 0.0, None)
    for what, change in STRUCTURES.items():
        finding = _try(case, what, *(mapped(one, _apply(change)) for one in (case.params, case.x, case.dy)))
        if finding.verdict == "failed":
            return finding
        worst = max((worst, finding), key=lambda one: one.ratio)
    finding = _broadcast(case)
    return finding if finding.verdict == "failed" else max((worst, finding), key=lambda one: one.ratio)


def _apply(change: Callable[[Array], Array]) -> Callable[[str, Array], Array]:
    return lambda _, array: change(array)


def _try(case: LayerCase, what: str, params: Any, x: Any, dy: Any) -> Finding:
    exact = case.exact  # what contiguous arrays end in is not the structure's fault
    try:
        found = outputs(case.layer, params, x, dy)
    except Exception as error:  # noqa: BLE001  (a stranger's layer may raise anything)
        meaning = f"{what} end in {type(error).__name__}: {error}"
        return Finding("structure", "failed", where=what, meaning=meaning, look_at=_LOOK)
    meaning = f"{what} give other numbers than contiguous arrays of the same values"
    return compare("structure", found, exact, rounding_bound(case), meaning, _LOOK)


def _broadcast(case: LayerCase) -> Finding:
    """Give ``x`` as one row seen everywhere (stride 0), and ``dy`` as one number, as the gradient of a sum is."""
    ones = case.like(case.x, floats(case.dy, np.ones_like))
    dy = floats(case.dy, lambda array: np.broadcast_to(np.float64(1), array.shape))
    finding = _try(ones, "a broadcast dy (stride 0)", case.params, case.x, dy)
    axis = case.batch_axis
    if finding.verdict == "failed" or axis is None or any(one.ndim <= axis for one in leaves(case.x).values()):
        return finding
    x = mapped(case.x, lambda _, array: np.broadcast_to(np.take(array, [0], axis), array.shape))
    try:
        alike = case.like(copied(x), case.dy)
        alike.exact  # noqa: B018  (computed here, where it may be refused)
    except REFUSALS:  # rows that are all the same are not what it is made for
        return finding
    other = _try(alike, "a broadcast x (stride 0)", case.params, x, case.dy)
    return other if other.verdict == "failed" else max((finding, other), key=lambda one: one.ratio)
