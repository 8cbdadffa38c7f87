"""A layer holds no state and changes nothing: inputs, calls before, and tapes that are used again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import REFUSALS, LayerCase, gradient_like, gradients, named, outputs
from a4eval.checks.trees import Array, Leaves, copied, leaves, mapped, same_bits

COMPARED = 1000
"""So many entries are compared with those of the first call, for chance may spare a few of them for some calls."""
MOST_CALLS = 20


def unchanged(case: LayerCase) -> Finding:
    """Say whether inputs are what they were before the call."""
    now = copied(case.untouched)
    outputs(case.layer, *now)
    for what, after, before in zip(("params", "x", "dy"), now, case.untouched, strict=True):
        where = same_bits(named(what, after), named(what, before))
        if where:
            look = "operators such as += and out= on what was given, or on a view of it"
            return Finding("inputs_unchanged", "failed", where=where, meaning="it was changed in place", look_at=look)
    return Finding("inputs_unchanged", "passed")


def repeat(case: LayerCase) -> Finding:
    """Say whether the same call gives the same bits every time: more often where the output is small."""
    entries = sum(array.size for name, array in case.exact.items() if not name.startswith("d"))
    for _ in range(min(MOST_CALLS, max(2, COMPARED // max(1, entries)))):
        found = outputs(case.layer, copied(case.params), copied(case.x), copied(case.dy))
        where = same_bits(case.exact, found)
        if where:
            return _differs("repeat", where, "the same call again gives other bits", _error(case.exact, found, where),
                            "random numbers, sets and dicts that are iterated, state in the layer")  # fmt: skip
    return Finding("repeat", "passed", 0.0, 0.0)


def tape(case: LayerCase) -> Finding:
    """Call ``backward`` twice on a tape, and on tapes in another order than they were made in."""
    # first of all: the call it takes must not come between the tapes
    exact = {name: array for name, array in case.exact.items() if name.startswith("d")}
    forward, params = case.layer.forward, case.params
    other_x = another(case, case.rng("tape"))
    look = "what backward writes into the tape, and what it reads from the layer rather than from the tape"
    _, first = forward(params, case.x)
    other_y, second = forward(params, other_x)
    other_dy = gradient_like(other_y, case.rng("tape dy"))
    other = gradients(case.layer, params, other_x, second, other_dy)
    for what in ("the first of two tapes", "a tape used twice"):
        found = gradients(case.layer, params, case.x, first, case.dy)
        where = same_bits(exact, found)
        if where:
            return _differs("tape", where, f"{what} gives other gradients", _error(exact, found, where), look)
    alone = gradients(case.layer, params, other_x, forward(params, other_x)[1], other_dy)
    where = same_bits(alone, other)
    if where:
        return _differs("tape", where, "the last of two tapes gives other gradients", _error(alone, other, where), look)
    return Finding("tape", "passed", 0.0, 0.0)


def state(case: LayerCase) -> Finding:
    """Hold a layer that has been called with much else against a fresh copy."""
    look = "attributes set in forward or backward, caches keyed by shape or id instead of by content"
    other_params, other_x = case.pristine.init(case.rng("state")), another(case, case.rng("state x"))
    buffer = copied(case.x)
    y, _ = case.layer.forward(case.params, buffer)
    case.layer.forward(other_params, buffer)
    smaller = mapped(buffer, lambda _, array: array[: max(1, array.shape[0] - 1)] if array.ndim else array)
    try:
        case.layer.forward(case.params, smaller)
    except (*REFUSALS, IndexError, TypeError):
        smaller = None
    mapped(buffer, lambda path, array: np.copyto(array, leaves(other_x)[path]))
    dy = gradient_like(y, case.rng("state dy"))
    for what, params, x in (
        ("an array whose content was replaced", case.params, buffer),
        ("other parameters of the same shape", other_params, case.x),
        ("the first input again", case.params, case.x),
    ):
        used = outputs(case.layer, params, x, dy)
        fresh = outputs(deepcopy(case.pristine), params, x, dy)
        where = same_bits(fresh, used)
        if where:
            meaning = f"after other calls {what} gives something else than in a fresh layer"
            return _differs("state", where, meaning, _error(fresh, used, where), look)
    return Finding("state", "passed", 0.0, 0.0)


def missing(case: LayerCase) -> Finding:
    """Put NaN into entries of the input: whatever depends on them must be NaN, or the layer must refuse it."""
    rng, tried = case.rng("missing"), 0
    y = named("y", case.layer.forward(case.params, case.x)[0])
    for path, array in leaves(case.x).items():
        if array.dtype.kind != "f":
            continue
        for flat in rng.permutation(array.size)[:3].tolist():
            seen = {name: np.zeros(one.shape, bool) for name, one in y.items()}
            try:
                for factor in (0.7, 1.4):
                    moved = named("y", case.layer.forward(case.params, _with_entry(case, path, flat, factor))[0])
                    for name, one in moved.items():
                        seen[name] |= one != y[name]
            except REFUSALS:
                continue
            try:
                found = named("y", case.layer.forward(case.params, _with_entry(case, path, flat, np.nan))[0])
            except REFUSALS:
                return Finding("missing", "passed", where="it refuses NaN")
            tried += 1
            for name, one in found.items():
                swallowed = seen[name] & ~np.isnan(one) if one.dtype.kind == "f" else np.zeros(one.shape, bool)
                if swallowed.any():
                    meaning = "NaN in the input becomes a plausible number in an output that depends on it"
                    look = "comparisons (NaN > 0 is false), np.where, nan_to_num, fmax and nanmax in forward"
                    index = [int(i) for i in np.argwhere(swallowed)[0]]
                    return Finding("missing", "failed", where=f"{name}{index}", meaning=meaning, look_at=look)
    return Finding("missing", "passed") if tried else not_applicable("missing", "no real input can be replaced by NaN")


def _with_entry(case: LayerCase, path: str, flat: int, factor: float) -> Any:
    def change(here: str, array: Array) -> Array:
        changed = np.array(array)
        if here == path:
            typical = float(np.sqrt(np.mean(array * array))) or 1.0
            changed.flat[flat] = changed.flat[flat] * factor + (factor - 1) * 0.1 * typical
        return changed

    return mapped(case.x, change)


def _differs(check: str, where: str, meaning: str, error: float | None, look: str) -> Finding:
    return Finding(check, "failed", error, None if error is None else 0.0, where, meaning, look)


def _error(one: Leaves, other: Leaves, where: str) -> float | None:
    name = where.partition("[")[0]
    if name not in one or name not in other or one[name].shape != other[name].shape:
        return None
    with np.errstate(all="ignore"):
        return float(np.nanmax(np.abs(np.asarray(one[name], float) - np.asarray(other[name], float)), initial=0.0))
