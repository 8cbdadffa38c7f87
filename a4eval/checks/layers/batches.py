"""Rows of a batch: none sees another, and joining a batch costs rounding only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import (
    REFUSALS,
    LayerCase,
    gradient_like,
    gradients,
    inputs,
    named,
    outputs,
    parameter_name,
)
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.checks.trees import Leaves, floats, is_float, leaves, mapped, place
from a4eval.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

LADDER = (0, 1, 2, 3, 5, 8, 17)
"""How many rows the batches have: none, one, powers of two and their neighbours."""

_NEIGHBOURS: dict[str, float | str | None] = {
    "other values": None, "NaN": np.nan, "infinities": np.inf, "other integers": "integers",
}  # fmt: skip
"""What the other rows hold: other real numbers, one number, or other real numbers and integers."""

_LOOK = "reductions over the batch axis, loops over chunks of it, and buffers that outlive a row"


def batch(case: LayerCase) -> Finding:
    """Hold each batch of the ladder against the largest, output by row and parameters' gradients by sum."""
    reason = _why_not(case, resized=True)
    if reason:
        return not_applicable("batch", reason)
    whole = _of_rows(case, LADDER[-1])
    worst = _empty(case, whole)
    if worst.verdict == "failed":
        return worst
    alone: dict[tuple[int, int], Leaves] = {}
    for rows in LADDER[1:]:
        parts = [(start, min(start + rows, LADDER[-1])) for start in range(0, LADDER[-1], rows)]
        for first, last in parts:
            if (first, last) not in alone:
                alone[first, last] = _piece(whole, first, last)
        finding = compare(
            "batch", _joined(whole, [alone[part] for part in parts]), whole.exact, rounding_bound(whole),
            f"batches of {rows} give something else than one batch of {LADDER[-1]}", _LOOK,
        )  # fmt: skip
        if finding.verdict == "failed":
            return finding
        worst = max((worst, finding), key=lambda one: (one.verdict == "undecided", one.ratio))
    return worst


def isolation(case: LayerCase) -> Finding:
    """Replace all rows but one by other values, NaN and infinities: that one must stay the same bit for bit.

    Where the others' integers change as well, which may be lengths, other numbers are computed together, and rounding
    may differ.
    """
    reason = _why_not(case)
    if reason:
        return not_applicable("isolation", reason)
    whole = _of_rows(case, 5)
    other = _of_rows(case, 5, stream="neighbours")
    rounding = rounding_bound(whole) if any(not is_float(array) for array in leaves(case.x).values()) else {}
    for kept in (0, 2, 4):
        for what, value in _NEIGHBOURS.items():
            if value == "integers" and not rounding:
                continue
            x = _with_neighbours(case, whole.x, other.x, kept, value)
            dy = _with_neighbours(case, whole.dy, other.dy, kept, value)
            try:
                y, tape = case.layer.forward(case.params, x)
                dx = {
                    name: array
                    for name, array in gradients(case.layer, case.params, x, tape, dy).items()
                    if name == "dx" or name.startswith("dx.")
                }
            except REFUSALS:
                if value is None:
                    raise
                continue  # it takes no NaN at all, so none can reach a neighbour
            for name, array in {**named("y", y), **dx}.items():
                axis = case.batch_axis or 0
                now, before = (np.take(one, kept, axis) for one in (array, whole.exact[name]))
                allowed = np.take(rounding[name], kept, axis) if value == "integers" else np.zeros(now.shape)
                with np.errstate(invalid="ignore"):
                    error = np.abs(now * 1.0 - before * 1.0)
                differs = ~((now == before) | (error <= allowed) | (np.isnan(now) & np.isnan(before)))
                if differs.any():
                    flat = int(np.argmax(differs))
                    meaning = f"row {kept} of a batch of 5 changes when the other rows hold {what}"
                    return Finding(
                        "isolation", "failed", float(error.flat[flat]), float(allowed.flat[flat]),
                        place(name, flat, now.shape), meaning, _LOOK,
                    )  # fmt: skip
    return Finding("isolation", "passed", 0.0, 0.0)


def _why_not(case: LayerCase, *, resized: bool = False) -> str:
    if resized and getattr(case.layer, "random", False):
        return "the layer draws random numbers, others for a batch of another size"
    if getattr(case.layer, "mixes_rows", False):
        return "the layer says that it mixes the rows of a batch"
    return no_batch(case)


def no_batch(case: LayerCase) -> str:
    """Return why there are no rows to take, ``""`` where there are."""
    axis = case.batch_axis
    if axis is None:
        return "the layer says that it has no batch axis"
    for name, array in {**named("x", case.x), **{k: v for k, v in case.exact.items() if k[0] == "y"}}.items():
        if array.ndim <= axis:
            return f"{name} has {array.ndim} axes, so none of them is batch axis {axis}"
    return ""


def check_batch_axis(case: LayerCase) -> None:
    """Make sure that there is the batch axis that a layer names; a number alone has none, and 0 is named by nobody.

    Raises:
        DataError: an input or output has no such axis.
    """
    axis = case.batch_axis
    if not axis:
        return
    for name, array in {**named("x", case.x), **named("y", case.layer.forward(case.params, case.x)[0])}.items():
        if not 0 <= axis < array.ndim:
            raise DataError(
                f"batch_axis: got {axis}, expected an axis of every input and output, or null where there are no rows: "
                f"{name} has shape {array.shape}"
            )


def _of_rows(case: LayerCase, rows: int, stream: str = "rows") -> LayerCase:
    """Return a case of so many rows, made of as many examples as that takes."""
    key = f"{stream} {rows}"
    if key not in case.shared:
        rng, axis = case.rng(stream), case.batch_axis or 0
        drawn = [case.x] if stream == "rows" else []
        while sum(_rows(one, axis) for one in drawn) < rows:
            drawn.append(another(case, rng))
        x = mapped(case.x, lambda path, _: np.concatenate([leaves(one)[path] for one in drawn], axis))
        case.shared[key] = case.like(_cut(x, axis, 0, rows))
    found: LayerCase = case.shared[key]
    return found


def another(case: LayerCase, rng: np.random.Generator) -> Any:
    """Return another input of the shape of the case's: the layer's own example where that has it."""
    x = case.layer.example(rng)
    if {k: v.shape for k, v in leaves(x).items()} == {k: v.shape for k, v in leaves(case.x).items()}:
        return x
    permute: Callable[[Any], Any] = lambda old: rng.permutation(old.ravel()).reshape(old.shape)  # noqa: E731
    return mapped(case.x, lambda _, old: permute(old))


def _rows(x: Any, axis: int) -> int:
    return min(int(array.shape[axis]) for array in leaves(x).values())


def _cut(tree: Any, axis: int, first: int, last: int) -> Any:
    return mapped(tree, lambda _, array: np.ascontiguousarray(np.take(array, range(first, last), axis)))


def _piece(whole: LayerCase, first: int, last: int) -> Leaves:
    axis = whole.batch_axis or 0
    return outputs(whole.layer, whole.params, _cut(whole.x, axis, first, last), _cut(whole.dy, axis, first, last))


def _joined(whole: LayerCase, parts: list[Leaves]) -> Leaves:
    """Put pieces together: rows beside each other, parameters' gradients summed."""
    axis, of_params = whole.batch_axis or 0, {parameter_name(path) for path in leaves(whole.params)}
    return {
        name: sum((part[name] for part in parts[1:]), start=parts[0][name])
        if name in of_params
        else np.concatenate([part[name] for part in parts], axis)
        for name in whole.exact
    }


def _empty(case: LayerCase, whole: LayerCase) -> Finding:
    """Try a batch of no rows: refused, or empty with gradients of zero."""
    axis = case.batch_axis or 0
    x = _cut(whole.x, axis, 0, 0)
    look = "reductions and divisions by the number of rows; or refuse an empty batch with a ValueError"
    try:
        y, tape = case.layer.forward(case.params, x)
        dy = gradient_like(y, case.rng("empty"))
        found = gradients(case.layer, case.params, x, tape, dy)
    except REFUSALS:
        return Finding("batch", "passed", 0.0, 0.0, "a batch of 0 rows, which it refuses")
    except Exception as error:  # noqa: BLE001  (a stranger's layer may raise anything)
        meaning = f"it ends in {type(error).__name__}: {error}"
        return Finding("batch", "failed", where="a batch of 0 rows", meaning=meaning, look_at=look)
    for name, array in named("y", y).items():
        expected = whole.exact[name].shape
        if array.shape != (*expected[:axis], 0, *expected[axis + 1 :]):
            meaning = f"has shape {array.shape}, expected {(*expected[:axis], 0, *expected[axis + 1 :])}"
            return Finding("batch", "failed", where=f"{name}, a batch of 0 rows", meaning=meaning, look_at=look)
    for name in inputs(case.params, case.x):
        if not (name == "dx" or name.startswith("dx.")) and np.any(found[name] != 0):
            meaning = "no row at all gives a parameter a gradient"
            return Finding("batch", "failed", where=f"{name}, a batch of 0 rows", meaning=meaning, look_at=look)
    return Finding("batch", "passed", 0.0, 0.0, "a batch of 0 rows")


def _with_neighbours(case: LayerCase, tree: Any, other: Any, kept: int, value: float | str | None) -> Any:
    axis, others = case.batch_axis or 0, leaves(other)

    def change(path: str, array: Any) -> Any:
        if not is_float(array) and value != "integers":
            return np.array(array)
        changed = np.full(array.shape, value) if isinstance(value, float) else np.array(others[path])
        rows = (slice(None),) * axis + (kept,)
        changed[rows] = array[rows]
        return changed

    return mapped(tree, change)


def narrow_rows(case: LayerCase, rows: int, dtype: Any) -> LayerCase:
    """Return a case of so many rows in another dtype, for what is measured rather than checked."""
    return narrowed(_of_rows(case, rows), dtype)


def narrowed(case: LayerCase, dtype: Any) -> LayerCase:
    """Return the case in another dtype."""

    def convert(array: Any) -> Any:
        return array.astype(dtype)

    return case.like(floats(case.x, convert), floats(case.dy, convert), params=floats(case.params, convert))
