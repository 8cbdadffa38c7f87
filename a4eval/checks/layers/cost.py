"""What a layer costs: memory that grows from call to call, and time and memory by number of rows."""

from __future__ import annotations

import gc
import time
import tracemalloc
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.batches import narrow_rows, narrowed, no_batch
from a4eval.checks.layers.case import REFUSALS, LayerCase
from a4eval.checks.layers.cases import free_axes, resized, shape_of
from a4eval.checks.layers.counterpart import with_weights_of
from a4eval.checks.trees import leaves, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.contracts import Layer, Row

CALLS = (50, 50, 50, 50, 50, 100, 200, 400, 800)
"""Of each round in which memory may stop growing."""
ROWS = (1, 2, 4, 8, 16, 32, 64)
LARGER = (1, 2, 4, 8)
TIMED_CALLS = 5


def leak(case: LayerCase) -> Finding:
    """Call it a hundred times and more: what is held afterwards may not grow without end.

    Python, numpy and frameworks keep things for later, up to some number of them, so growth counts only when it goes
    on in every round.
    """
    growth, bound = np.inf, 20.0  # bytes a call: less than one more number in a list
    where = f"{sum(CALLS)} calls"
    with _traced():
        held = _held_after(case, 20)
        for calls in CALLS:
            now = _held_after(case, calls)
            growth = min(growth, (now - held) / calls)
            held = now
            if growth <= bound:
                return Finding("leak", "passed", max(0.0, growth), bound, where)
    meaning = f"{growth:.0f} bytes more are held after every call"
    return Finding("leak", "failed", growth, bound, where, meaning, "lists and dicts that calls add to")


def _held_after(case: LayerCase, calls: int) -> int:
    for _ in range(calls):
        _call(case)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def memory(case: LayerCase) -> Finding:
    """Eight times the rows may take eight times the memory, not sixty-four."""
    if not memory_seen(case):
        return not_applicable("memory", "what the layer allocates is not Python's memory, so it is not seen")
    if reason := no_batch(case):
        return not_applicable("memory", reason)
    small, large = (peak_memory(narrow_rows(case, rows, np.float32)) for rows in (ROWS[-4], ROWS[-1]))
    ratio = large / max(small, 1)
    if ratio > 2 * 8:
        meaning = f"the peak grows {ratio:.0f} times when the rows grow 8 times"
        return Finding("memory", "failed", ratio, 16.0, f"{ROWS[-1]} rows", meaning, "arrays of rows × rows")
    return Finding("memory", "passed", ratio, 16.0, f"{ROWS[-1]} rows")


def ladder(case: LayerCase, reference: Layer | None = None) -> list[Row]:
    """Return rows, seconds and peak bytes of a forward and a backward pass in float32, by number of rows.

    Beside them stand the seconds of a *reference* with the same weights, where it takes them; not its memory, since
    what a framework allocates beside Python's memory is not seen.
    """
    rows: list[Row] = []
    for count in () if no_batch(case) else ROWS:
        try:
            rows.append({"rows": count, **_cost(narrow_rows(case, count, np.float32), reference)})
        except REFUSALS:
            break
    return rows


def shapes(case: LayerCase, reference: Layer | None = None) -> list[Row]:
    """Return the same as :func:`ladder` by shape: each size of the input that may be any, but the rows, made larger."""
    rows: list[Row] = []
    for path, axis in free_axes(case):
        array, rng = leaves(case.x)[path], case.rng(f"shapes {path} {axis}")
        for times_larger in LARGER:
            try:
                x = replaced(case.x, path, resized(array, axis, times_larger * array.shape[axis], rng))
                entries = sum(one.size for one in leaves(x).values())
                cost = _cost(narrowed(case.like(x), np.float32), reference)
            except REFUSALS:
                break
            rows.append(
                {"shape": shape_of(x), "axis": f"{f'{path} ' if path else ''}axis {axis}", "entries": entries, **cost}
            )
    return rows


def _cost(case: LayerCase, reference: Layer | None) -> Row:
    forward, backward = times(case)
    found: Row = {"forward": forward, "backward": backward}
    if memory_seen(case):
        found["peak_memory"] = peak_memory(case)
    if reference is not None:
        other = with_weights_of(case, reference)
        forward, backward = times(other)
        found |= {"reference_forward": forward, "reference_backward": backward}
    return found


def times(case: LayerCase) -> tuple[float, float]:
    """Return the median seconds of a forward and of a backward pass."""
    forward, backward = [], []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        _, tape = case.layer.forward(case.params, case.x)
        middle = time.perf_counter()
        case.layer.backward(case.params, tape, case.dy)
        forward.append(middle - start)
        backward.append(time.perf_counter() - middle)
    return median(forward), median(backward)


def memory_seen(case: LayerCase) -> bool:
    """Say whether Python sees what the layer allocates, as it does numpy's arrays, but no framework's tensors."""
    return bool(getattr(case.layer, "memory_seen", True))


def peak_memory(case: LayerCase) -> int:
    """Return the most bytes that are allocated at once during a forward and a backward pass."""
    _call(case)  # what is cached for good is not counted
    with _traced():
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        _call(case)
        return tracemalloc.get_traced_memory()[1] - before


def _call(case: LayerCase) -> None:
    _, tape = case.layer.forward(case.params, case.x)
    case.layer.backward(case.params, tape, case.dy)


@contextmanager
def _traced() -> Iterator[None]:
    """Trace allocations, also where somebody else is tracing them already."""
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        yield
    finally:
        if not already:
            tracemalloc.stop()
