"""A probe of the checks themselves: what everybody knows to be wrong must fail them, or their word is worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from a4eval.checks.finding import Finding
from a4eval.checks.layers.gradient import gradient_judge
from a4eval.checks.layers.lies import lies
from a4eval.checks.layers.precision import passes, precision_judge

if TYPE_CHECKING:
    from a4eval.checks.layers.case import LayerCase

_DERIVATIVES: tuple[Literal["gradient", "complex_step"], ...] = ("gradient", "complex_step")

PROBED = (*_DERIVATIVES, "float32")
"""The checks whose word is probed."""


def probe(case: LayerCase, passed: set[str]) -> Finding:
    """Give each check that compares with a tolerance answers that are wrong.

    A check of derivatives must see through each array by itself, float32 through the answer as a whole.
    Lower precisions are probed where they are checked: what is too coarse for an input is not asked of a layer.

    Args:
        case: the case.
        passed: the names of the checks whose word would be taken.
    """
    derivatives = [(check, gradient_judge(case, check)) for check in _DERIVATIVES if check in passed]
    judge_32 = precision_judge(case, "float32") if "float32" in passed else None
    for what, told in lies(case).items():
        for check, judge in derivatives:
            for name, lie in told.items():
                if name.startswith("d") and judge({**case.exact, name: lie}).verdict != "failed":
                    return _useless(what, check, name)
        if judge_32 is not None and passes(judge_32, case, told, "float32"):
            return _useless(what, "float32", "everything")
    return Finding("probe", "passed")


def _useless(what: str, check: str, name: str) -> Finding:
    meaning = f"{what} in place of {name} also passes {check}, so that it passed says nothing"
    look = "a better conditioned example: not so chaotic, not so small, away from kinks"
    return Finding("probe", "undecided", where=f"{check}, {name}", meaning=meaning, look_at=look)
