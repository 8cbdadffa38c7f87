"""Agreement with another framework, where the layer knows how to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import LayerCase, named, parameter_name
from a4eval.checks.layers.counterpart import counterpart
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.checks.trees import leaves
from a4eval.errors import MissingExtraError

if TYPE_CHECKING:
    from a4eval.contracts import Layer


def reference(case: LayerCase, framework: str | Layer | None, *, optional: bool = False) -> Finding:
    """Hold everything against another layer, or what ``layer.reference(…)`` gives, up to the rounding of both.

    Where the framework is not installed that is undecided; where it is *optional* the question does not arise.
    """
    layer: Any = case.layer
    if framework is None:
        return not_applicable("reference", "no reference was asked for")
    if not isinstance(framework, str):
        return counterpart(case, framework)
    try:
        y, dparams, dx = layer.reference(framework, case.params, case.x, case.dy)
    except ValueError as reason:  # it has no such layer
        return not_applicable("reference", str(reason))
    except MissingExtraError as reason:
        if optional:
            return not_applicable("reference", f"it was not held against {framework}: {reason}")
        meaning = f"the comparison that was asked for could not be made: {reason}"
        return Finding("reference", "undecided", meaning=meaning)
    expected = {**named("y", y), **named("dx", dx)}
    expected |= {parameter_name(path): array for path, array in leaves(dparams).items()}
    bound = {name: 2 * array for name, array in rounding_bound(case).items()}
    got = {name: array for name, array in case.exact.items() if name in expected}
    meaning = f"it is not what {framework} computes"
    look = "conventions: order of gates and axes, padding, which bias"
    return compare("reference", got, expected, bound, meaning, look)
