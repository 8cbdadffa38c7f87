"""How far rounding alone may move each entry of what a layer computes: the bound of every check in low precision.

The inputs are rounded at random, all at once, and so is the tape that ``forward`` hands to ``backward``; what that does
to each entry in float64 is its spread.
A backward stable algorithm stays within a small multiple of it, whatever the magnitudes (Higham 2002, section 1.5).
Besides random signs there are draws in which an array is rounded in one direction throughout: a long sum of one sign
averages random roundings away, but not its own.
Draws at larger steps find the kinks that rounding may carry an entry across, and so does rounding itself, done to the
inputs in float64.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from a4eval.checks.finding import Finding, Found
from a4eval.checks.layers.cancelled import cancelled
from a4eval.checks.layers.case import LayerCase, gradients, named
from a4eval.checks.trees import Leaves, floats, place

UNIT = float(np.finfo(np.float64).eps) / 2
"""The unit roundoff of float64."""

_STEP = 2.0**-26
"""The square root of float64's eps: large beside the rounding of the computation, small beside all else."""

_DRAWS = (*((times, False) for times in (1, 8, 32) for _ in range(3)), *((times, True) for times in (1, 8, 32)))
"""The draws of a spread: the step in units of the roundoff, and whether an array has one sign throughout."""


def sensitivity(case: LayerCase) -> Leaves:
    """Return for each entry its largest change by a relative change of the inputs, at least its own magnitude.

    Times the unit roundoff it is what rounding the inputs once does to the entry.
    """
    if "sensitivity" not in case.shared:
        rng, found = case.rng("sensitivity"), {name: np.abs(array) for name, array in case.exact.items()}
        draws = [case.exact]
        for coherent in (False, False, False, True):
            draws.append(perturbed(case, _STEP, rng, coherent=coherent))
            for name, array in draws[-1].items():
                found[name] = np.fmax(found[name], np.abs(array - case.exact[name]) / _STEP)
        terms = cancelled(case, draws, found, UNIT, case.factor * case.growth * UNIT)
        case.shared["cancelled"] = terms
        found |= {name: np.fmax(found[name], array) for name, array in terms.items()}
        case.shared["sensitivity"] = found
    shared: Leaves = case.shared["sensitivity"]
    return shared


def rounding_bound(case: LayerCase) -> Leaves:
    """Return for each entry how far float64 rounding may move it."""
    return {name: case.factor * case.growth * UNIT * array for name, array in sensitivity(case).items()}


def precision_bound(
    case: LayerCase, unit: float, smallest: float, largest: float, narrow: Callable[[Any], Any], factor: float
) -> Leaves:
    """Return for each entry how far computing in a lower precision may move it.

    Args:
        case: in float64.
        unit: the unit roundoff of the precision.
        smallest: its smallest positive number: near it rounding is absolute.
        largest: its largest: an entry that rounding may carry beyond it may become infinite, so it has no bound.
        narrow: rounds an array to the precision.
        factor: how many times the spread is allowed.
    """
    rng = case.rng("precision")
    found = {name: factor * (unit * np.abs(array) + smallest) for name, array in case.exact.items()}
    sensitivity(case)
    found |= {name: found[name] + factor * unit * terms for name, terms in case.shared["cancelled"].items()}
    draws = [(times, perturbed(case, times * unit, rng, coherent=one, smallest=smallest)) for times, one in _DRAWS]
    draws.append((1, changed(case, lambda array: np.asarray(narrow(array), np.float64))))
    for times, spread in draws:
        for name, array in spread.items():
            # a larger step stands for a part of the factor; what it carries an entry to is allowed twice
            found[name] = np.fmax(found[name], np.abs(array - case.exact[name]) * max(factor / times, 2.0))
    return {name: np.where(np.abs(case.exact[name]) + one > largest, np.inf, one) for name, one in found.items()}


def perturbed(
    case: LayerCase, step: float, rng: np.random.Generator, *, coherent: bool, smallest: float = 0.0
) -> Leaves:
    """Return what the layer gives for inputs that are each off by a relative *step*, up or down."""

    def moved(array: Any) -> Any:
        shape = () if coherent else array.shape
        # not all of one size: those of two factors would cancel exactly
        share = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.0, shape)
        return array + share * np.where(array == 0, 0.0, np.fmax(step * np.abs(array), smallest / 2))

    return changed(case, moved)


def changed(case: LayerCase, change: Callable[[Any], Any]) -> Leaves:
    """Return what the layer gives when its inputs are changed, and the tape on the way back."""
    params, x, dy = floats(case.params, change), floats(case.x, change), floats(case.dy, change)
    y, tape = case.layer.forward(params, x)
    try:
        back = gradients(case.layer, params, x, tape_changed(tape, change), dy)
    except Exception:  # noqa: BLE001  (a tape is the layer's own business: it may not bear being touched)
        back = gradients(case.layer, params, x, tape, dy)
    return {**named("y", y), **back}


def tape_changed(tape: Any, change: Callable[[Any], Any]) -> Any:
    """Return a tape with its real arrays changed, wherever in it they are; other objects stay as they are."""
    if isinstance(tape, np.ndarray):
        return change(tape) if tape.dtype.kind == "f" else tape
    if isinstance(tape, Mapping):
        return {key: tape_changed(value, change) for key, value in tape.items()}
    if isinstance(tape, (list, tuple)):
        parts = [tape_changed(value, change) for value in tape]
        if isinstance(tape, list):
            return parts
        return type(tape)(*parts) if hasattr(tape, "_fields") else tuple(parts)
    if dataclasses.is_dataclass(tape) and not isinstance(tape, type):
        fields = (one.name for one in dataclasses.fields(tape) if one.init)
        return dataclasses.replace(tape, **{name: tape_changed(getattr(tape, name), change) for name in fields})
    return tape


def compare(
    check: str, got: Mapping[str, Any], exact: Mapping[str, Any], bound: Mapping[str, Any], meaning: str, look_at: str
) -> Finding:
    """Hold each entry against its own bound.

    It is undecided when most entries of the output, or of all gradients, may be off by as much as they are large.
    """
    worst = Finding(check, "passed", 0.0, None)
    loose = {"y": [0, 0], "d": [0, 0]}
    for name, expected in exact.items():
        if name not in got:
            return Finding(check, "failed", where=name, meaning="it is missing", look_at=look_at)
        array = np.asarray(got[name])
        if array.shape != expected.shape:
            wrong = f"has shape {array.shape}, expected {expected.shape}"
            return Finding(check, "failed", where=name, meaning=wrong, look_at=look_at)
        if not array.size:
            continue
        wide = array.astype(np.result_type(expected.dtype, np.float64))
        same = (wide == expected) | (np.isnan(wide) & np.isnan(expected))
        error = np.where(same, 0.0, np.abs(wide - expected))
        error = np.where(np.isnan(error), np.inf, error)
        allowed = np.broadcast_to(np.nan_to_num(bound[name], nan=np.inf, posinf=np.inf), error.shape)
        with np.errstate(all="ignore"):
            ratio = np.where(error <= allowed, np.where(allowed > 0, error / allowed, 0.0), error / allowed)
        ratio = np.where(np.isnan(ratio), np.where(error > allowed, np.inf, 0.0), ratio)
        flat = int(np.argmax(ratio))
        if ratio.flat[flat] > worst.ratio or worst.bound is None:
            verdict: Found = "failed" if error.flat[flat] > allowed.flat[flat] else "passed"
            if verdict == "failed" or worst.verdict == "passed":
                at = place(name, flat, array.shape)
                worst = Finding(check, verdict, float(error.flat[flat]), float(allowed.flat[flat]), at)
        counted = loose["y" if name == "y" or name.startswith("y.") else "d"]
        counted[0] += int(np.count_nonzero((allowed >= np.abs(expected)) & (expected != 0)))
        counted[1] += int(np.count_nonzero(expected))
    if worst.verdict == "failed":
        return Finding(check, "failed", worst.error, worst.bound, worst.where, meaning, look_at)
    if any(2 * few > many for few, many in loose.values()):
        meaning = "most entries may be off by as much as they are large, so nothing can be said of them"
        return Finding(check, "undecided", worst.error, worst.bound, worst.where, meaning, "a better conditioned input")
    return worst
