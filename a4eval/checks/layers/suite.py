"""All checks of a layer, in the order they are reported in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from a4eval.checks.finding import Finding, in_case, not_applicable, worst_finding
from a4eval.checks.layers import arrays, batches, cost, gradient, linearity, precision, purity
from a4eval.checks.layers.cases import mixed_magnitudes, other_sizes
from a4eval.checks.layers.probe import probe
from a4eval.checks.layers.reference import reference
from a4eval.checks.layers.threads import threads
from a4eval.checks.layers.variants import double_backward, variant
from a4eval.checks.question import Question
from a4eval.contracts import Varied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from a4eval.checks.layers.case import LayerCase
    from a4eval.contracts import Layer


PROBE = "probe"
"""The check of the checks, which needs to know how they ended."""


def layer_checks(framework: str | Layer | None = None, *, optional: bool = False) -> list[Question[LayerCase]]:
    """Return all checks but the probe.

    Args:
        framework: what to hold the layer against, such as ``torch``, or another layer.
        optional: that the framework is not installed is no reason to doubt the layer.
    """
    return [
        Question("gradient", gradient.gradient),
        Question("complex_step", gradient.complex_gradient),
        Question("magnitudes", partial(_on, "magnitudes", _magnitudes), every_case=False),
        Question("sizes", partial(_on, "sizes", other_sizes), every_case=False),
        Question("double_backward", double_backward, every_case=False),
        Question("adjoint", linearity.adjoint),
        Question("backward_linear", linearity.backward_is_linear),
        Question("float64", precision.digits),
        Question("float32", precision.float32),
        Question("float16", precision.float16, every_case=False),
        Question("bfloat16", precision.bfloat16, every_case=False),
        Question("batch", batches.batch),
        Question("isolation", batches.isolation),
        Question("structure", arrays.structure),
        Question("inputs_unchanged", purity.unchanged),
        Question("repeat", purity.repeat),
        Question("threads", threads, every_case=False),
        Question("tape", purity.tape),
        Question("state", purity.state),
        Question("missing", purity.missing),
        Question("leak", cost.leak, every_case=False),
        Question("memory", cost.memory, every_case=False),
        Question("reference", partial(reference, framework=framework, optional=optional)),
    ]


def check_layer(
    cases: Sequence[LayerCase],
    framework: str | Layer | None = None,
    track: Callable[[Iterable[Question[LayerCase]]], Iterable[Question[LayerCase]]] = iter,
    *,
    optional: bool = False,
) -> Iterator[Finding]:
    """Yield what each check finds, the worst over the cases.

    Args:
        cases: at least one.
        framework: what to hold the layer against, such as ``torch``.
        track: shows progress over the checks.
        optional: that the framework is not installed is no reason to doubt the layer.
    """
    passed: set[str] = set()
    layer = cases[0].layer
    others = layer.variants() if isinstance(layer, Varied) else {}
    more = [Question(name, partial(variant, name=name, layer=one), every_case=False) for name, one in others.items()]
    for check in track([*layer_checks(framework, optional=optional), *more]):
        finding = over_cases(check, cases)
        if finding.verdict == "passed":
            passed.add(check.name)
        yield finding
    yield probing(passed).ask(cases[0])


def over_cases(check: Question[LayerCase], cases: Sequence[LayerCase]) -> Finding:
    """Return the worst of what a check finds in the cases that it is worth its time on."""
    chosen = cases if check.every_case else cases[:1]
    return worst_finding([in_case(check.ask(case), case.label) for case in chosen])


def probing(passed: set[str]) -> Question[LayerCase]:
    """Return the probe of the checks of these names, whose word would be taken."""
    return Question(PROBE, lambda case: probe(case, passed), every_case=False)


def _magnitudes(case: LayerCase) -> Iterator[LayerCase]:
    mixed = mixed_magnitudes(case)
    if mixed is not None:
        yield mixed


def _on(check: str, make: Callable[[LayerCase], Iterator[LayerCase]], case: LayerCase) -> Finding:
    """Hold the gradients against central differences in cases made of this one."""
    findings = [in_case(Question(check, gradient.gradient).ask(one), one.label) for one in make(case)]
    # that nothing can be said of an input of our making is not the layer's fault
    findings = [one for one in findings if one.verdict != "undecided"]
    if not findings:
        return not_applicable(check, "the layer takes no such input, or nothing can be said of it there")
    worst = worst_finding(findings)
    return Finding(check, worst.verdict, worst.error, worst.bound, worst.where, worst.meaning, worst.look_at)
