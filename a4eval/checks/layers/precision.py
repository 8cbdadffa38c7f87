"""Lower precision, and whether float64 is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import REFUSALS, LayerCase, inputs, named, outputs
from a4eval.checks.layers.lies import lies
from a4eval.checks.layers.rounding import UNIT, compare, perturbed, precision_bound, sensitivity
from a4eval.checks.trees import Array, Leaves, floats, place
from a4eval.contracts import Precise

if TYPE_CHECKING:
    from a4eval.checks.layers.gradient import Judge


class _Precision(NamedTuple):
    """Unit roundoff, smallest and largest number, and the largest and smallest input that leave room for products."""

    unit: float
    smallest: float
    largest: float
    largest_input: float
    smallest_input: float


_NARROW = {
    "float32": _Precision(2.0**-24, 2.0**-149, (2 - 2.0**-23) * 2.0**127, 2.0**126, 2.0**-100),
    "float16": _Precision(2.0**-11, 2.0**-24, 65504.0, 2.0**12, 2.0**-8),
    "bfloat16": _Precision(2.0**-8, 2.0**-133, (2 - 2.0**-7) * 2.0**127, 2.0**126, 2.0**-100),
}


def float32(case: LayerCase) -> Finding:
    """Hold float32 against float64."""
    return _narrow(case, "float32")


def float16(case: LayerCase) -> Finding:
    """Hold float16 against float64."""
    return _narrow(case, "float16")


def bfloat16(case: LayerCase) -> Finding:
    """Hold inputs rounded to bfloat16, which the layer computes with in float32, against float64; results are rounded.

    So does hardware.  numpy has no bfloat16 of its own, and a layer need not know that of another package.
    One that computes in it all the same, a :class:`a4eval.Precise`, does so.
    """
    return _narrow(case, "bfloat16")


def rounded(array: Array) -> Array:
    """Return the nearest bfloat16 numbers (ties to even), as float32.

    >>> rounded(np.array([1.0, 1.001, 1.005, -3.0])).tolist()
    [1.0, 1.0, 1.0078125, -3.0]
    """
    single = np.asarray(array, np.float32)
    bits = single.view(np.uint32).astype(np.uint64)
    kept = ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32)
    return np.where(np.isfinite(single), kept.view(np.float32), single)


def precision_judge(case: LayerCase, check: str) -> Judge:
    """Return what judges outputs in a lower precision; the bounds are found once a case."""
    unit, smallest, largest, *_ = _NARROW[check]
    if check not in case.shared:
        # what is accumulated in float32 loses no more than rounding the inputs did
        factor = 8.0 if check == "bfloat16" else case.factor * case.growth
        case.shared[check] = precision_bound(
            case, unit, smallest, largest, lambda array: narrowed(array, check), factor
        )
    bound: Leaves = case.shared[check]
    meaning = f"{check} loses more than rounding its inputs can explain"
    look = "sums in a lower precision, differences of large numbers, constants too small for the dtype"
    return lambda found: compare(check, found, case.exact, bound, meaning, look)


def narrowed(array: Array, check: str) -> Array:
    """Return an array in the precision a check is named after."""
    return rounded(array) if check == "bfloat16" else array.astype(check)


def _narrow(case: LayerCase, check: str) -> Finding:
    if getattr(case.layer, "random", False):
        return not_applicable(check, "the layer draws random numbers, perhaps others in another precision")

    def narrow(array: Array) -> Array:
        return narrowed(array, check)

    outside = _outside(case, _NARROW[check])
    if outside:
        return not_applicable(check, f"{outside} has values from outside the range that {check} is made for")
    try:
        layer = case.layer
        if check == "bfloat16" and isinstance(layer, Precise):
            layer = layer.in_precision(check)
        found = outputs(layer, *(floats(tree, narrow) for tree in (case.params, case.x, case.dy)))
    except (*REFUSALS, TypeError) as error:
        if check == "float32":
            raise
        return not_applicable(check, f"the layer refuses it: {error}")
    expected = np.dtype("float16" if check == "float16" else "float32")
    wide = next(
        (name for name, one in found.items() if one.dtype != expected and case.exact[name].dtype.kind == "f"), ""
    )
    if wide:
        meaning = f"it is {found[wide].dtype} for {expected} input"
        look = "constants and buffers made without the dtype of x"
        return Finding(check, "failed", where=wide, meaning=meaning, look_at=look)
    if check == "bfloat16":
        found = {name: rounded(array) for name, array in found.items()}
    judge = precision_judge(case, check)
    finding = judge(found)
    return finding if check == "float32" or finding.verdict == "failed" else _trusted(case, check, judge, finding)


def _trusted(case: LayerCase, check: str, judge: Judge, finding: Finding) -> Finding:
    """Return the finding, unless the precision is too coarse for this input to say anything."""
    if finding.verdict == "undecided":
        return not_applicable(check, f"rounding this input to {check} moves most entries by as much as they are large")
    for what, told in lies(case).items():
        if passes(judge, case, told, check):
            return not_applicable(check, f"rounding this input to {check} changes so much that {what} would pass too")
    return finding


def _outside(case: LayerCase, precision: _Precision) -> str:
    """Return the name of an array most of whose numbers are too small, or one of which is too large."""
    for name, array in [*inputs(case.params, case.x).items(), *named("dy", case.dy).items(), *case.exact.items()]:
        magnitude = np.abs(array[array != 0])
        inside = not magnitude.size or (
            magnitude.max() <= precision.largest_input and np.median(magnitude) >= precision.smallest_input
        )
        if not inside:
            return name
    return ""


def passes(judge: Judge, case: LayerCase, told: Leaves, check: str) -> bool:
    """Say whether a judge takes a wrong answer for right."""
    lie = {name: narrowed(array, check) for name, array in told.items()}
    return judge({**case.exact, **lie}).verdict != "failed"


def digits(case: LayerCase) -> Finding:
    """Say whether float64 is kept throughout: an output must follow changes of its inputs far below float32's.

    The inputs are moved by 2⁻³⁶, 2⁻²⁷ and 2⁻¹⁸ of themselves.
    What passed through float32 does not move at the first two, or jumps at one of them.
    """
    steps = (2.0**-36, 2.0**-27, 2.0**-18)
    moves = []
    for step in steps:
        changed = perturbed(case, step, case.rng("digits"), coherent=False)
        moves.append({name: (array - case.exact[name]) / step for name, array in changed.items()})
    for name, fine in moves[0].items():
        if not fine.size or not np.isfinite(fine).all():
            continue
        middle, coarse = moves[1][name], moves[2][name]
        allowed = 0.1 * np.abs(middle) + case.factor * case.growth * UNIT / steps[0] * sensitivity(case)[name]
        stuck = (fine == 0) & (middle == 0) & (np.abs(coarse) > 1e-3 * sensitivity(case)[name])
        error = np.where(stuck, np.abs(coarse), np.abs(fine - middle))
        wrong = stuck | (error > allowed)
        # a jump of one size whatever the step is a kink or a tie that any change decides
        jumps = [np.abs(one * step) for one, step in zip((fine, coarse), steps[::2], strict=True)]
        wrong &= ~((jumps[1] > 0) & (np.abs(jumps[0] - jumps[1]) <= 0.1 * jumps[1]))
        if np.count_nonzero(wrong) > max(1, 0.05 * wrong.size) or wrong.all():
            flat = int(np.argmax(np.where(wrong, error, -1.0)))
            return Finding(
                "float64", "failed", float(error.flat[flat]), float(allowed.flat[flat]), place(name, flat, error.shape),
                f"{np.mean(wrong):.0%} of {name} does not follow small changes of the inputs: not all of it is float64",
                "a cast to float32, or a buffer made with another dtype",
            )  # fmt: skip
    return Finding("float64", "passed")
