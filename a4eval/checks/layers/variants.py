"""Other ways to compute a layer, such as compiled, and its second derivative: what only some layers offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import REFUSALS, LayerCase, outputs
from a4eval.checks.layers.gradient import gradient_judge
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.contracts import Derivable

if TYPE_CHECKING:
    from a4eval.contracts import Layer

_COORDINATES = 12
"""Entries of each array whose second derivative is taken one by one: each takes a forward and a backward pass."""


def variant(case: LayerCase, name: str, layer: Layer) -> Finding:
    """Hold the layer computed in another way against itself."""
    try:
        found = outputs(layer, case.params, case.x, case.dy)
    except REFUSALS as reason:
        return not_applicable(name, str(reason))
    meaning = f"{name}, it gives something else than the layer as it is"
    look = f"branches that are taken only when it is {name}; state and Python values that are read once"
    return compare(name, found, case.exact, rounding_bound(case), meaning, look)


def double_backward(case: LayerCase) -> Finding:
    """Hold the derivatives of the backward pass against differences of it."""
    layer: Any = case.layer
    if not isinstance(layer, Derivable):
        return not_applicable("double_backward", "the layer does not say how to differentiate its backward pass")
    try:
        twice = LayerCase(
            layer.derivative(), case.params, (case.x, case.dy), seed=case.seed,
            coordinates=min(case.coordinates, _COORDINATES), tolerance=case.tolerance, factor=case.factor,
        )  # fmt: skip
        finding = gradient_judge(twice, "gradient")(twice.exact)
    except REFUSALS as reason:
        return not_applicable("double_backward", str(reason))
    meaning = f"differentiated once more: {finding.meaning}" if finding.meaning else ""
    look = "what backward does with dy and with what it kept: numpy, detach() and in-place changes have no derivative"
    return Finding(
        "double_backward", finding.verdict, finding.error, finding.bound,
        finding.where.replace("dx.1", "d(dy)").replace("dx.0", "dx"), meaning, look if meaning else "",
    )  # fmt: skip
