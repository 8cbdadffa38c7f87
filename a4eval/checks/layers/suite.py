"""All checks of a layer, in the order they are reported in."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval.checks.finding import Finding, crashed, in_case, not_applicable, worst_finding
from a4eval.checks.layers import arrays, batches, cost, gradient, linearity, precision, purity
from a4eval.checks.layers.case import LayerCase, WrongError
from a4eval.checks.layers.cases import mixed_magnitudes, other_sizes
from a4eval.checks.layers.probe import probe
from a4eval.checks.layers.reference import reference
from a4eval.checks.layers.variants import double_backward, variant
from a4eval.contracts import Varied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class LayerCheck(NamedTuple):
    """A check by name; ``every_case`` when it is worth its time on every example of the layer."""

    name: str
    run: Callable[[LayerCase], Finding]
    every_case: bool = True


def layer_checks(framework: str | None = None) -> list[LayerCheck]:
    """Return all checks but the probe, which needs to know how they ended.

    Args:
        framework: what to hold the layer against, such as ``torch``.
    """
    return [
        LayerCheck("gradient", gradient.gradient),
        LayerCheck("complex_step", gradient.complex_gradient),
        LayerCheck("magnitudes", partial(_on, "magnitudes", _magnitudes), every_case=False),
        LayerCheck("sizes", partial(_on, "sizes", other_sizes), every_case=False),
        LayerCheck("double_backward", double_backward, every_case=False),
        LayerCheck("adjoint", linearity.adjoint),
        LayerCheck("backward_linear", linearity.backward_is_linear),
        LayerCheck("float64", precision.digits),
        LayerCheck("float32", precision.float32),
        LayerCheck("float16", precision.float16, every_case=False),
        LayerCheck("bfloat16", precision.bfloat16, every_case=False),
        LayerCheck("batch", batches.batch),
        LayerCheck("isolation", batches.isolation),
        LayerCheck("structure", arrays.structure),
        LayerCheck("inputs_unchanged", purity.unchanged),
        LayerCheck("repeat", purity.repeat),
        LayerCheck("tape", purity.tape),
        LayerCheck("state", purity.state),
        LayerCheck("missing", purity.missing),
        LayerCheck("leak", cost.leak, every_case=False),
        LayerCheck("memory", cost.memory, every_case=False),
        LayerCheck("reference", partial(reference, framework=framework)),
    ]


def check_layer(
    cases: Sequence[LayerCase], framework: str | None = None, track: Callable[[Iterable[LayerCheck]], object] = iter
) -> Iterator[Finding]:
    """Yield what each check finds, the worst over the cases.

    Args:
        cases: at least one.
        framework: what to hold the layer against, such as ``torch``.
        track: shows progress over the checks.
    """
    passed: set[str] = set()
    layer = cases[0].layer
    others = layer.variants() if isinstance(layer, Varied) else {}
    more = [LayerCheck(name, partial(variant, name=name, layer=one), every_case=False) for name, one in others.items()]
    for check in track([*layer_checks(framework), *more]):  # type: ignore[attr-defined]
        chosen = cases if check.every_case else cases[:1]
        finding = worst_finding([in_case(run_check(check, case), case.label) for case in chosen])
        if finding.verdict == "passed":
            passed.add(check.name)
        yield finding
    yield run_check(LayerCheck("probe", lambda case: probe(case, passed)), cases[0])


def run_check(check: LayerCheck, case: LayerCase) -> Finding:
    """Run one check; a layer that raises has failed this one, not the others."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            # a check gives what no user would: what the layer thinks of it is not news
            warnings.simplefilter("ignore")
            return check.run(case)
    except WrongError as wrong:
        return Finding(check.name, "failed", where=wrong.where, meaning=wrong.meaning, look_at=wrong.look_at)
    except Exception as error:  # noqa: BLE001  (a stranger's layer may raise anything)
        return crashed(check.name, error)


def _magnitudes(case: LayerCase) -> Iterator[LayerCase]:
    mixed = mixed_magnitudes(case)
    if mixed is not None:
        yield mixed


def _on(check: str, make: Callable[[LayerCase], Iterator[LayerCase]], case: LayerCase) -> Finding:
    """Hold the gradients against central differences in cases made of this one."""
    findings = [in_case(run_check(LayerCheck(check, gradient.gradient), one), one.label) for one in make(case)]
    # that nothing can be said of an input of our making is not the layer's fault
    findings = [one for one in findings if one.verdict != "undecided"]
    if not findings:
        return not_applicable(check, "the layer takes no such input, or nothing can be said of it there")
    worst = worst_finding(findings)
    return Finding(check, worst.verdict, worst.error, worst.bound, worst.where, worst.meaning, worst.look_at)
