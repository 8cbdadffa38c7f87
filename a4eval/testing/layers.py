"""``layer_checks``: all checks of a layer as tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import crashed, in_case
from a4eval.checks.layers.cases import cases
from a4eval.checks.layers.probe import PROBED
from a4eval.checks.layers.suite import PROBE, over_cases, probing
from a4eval.checks.layers.suite import layer_checks as all_checks
from a4eval.context import Run
from a4eval.testing.check import Answer
from a4eval.testing.drawn import case_told, drawn_cases
from a4eval.testing.parts import Part, parametrised
from a4eval.testing.smallest import smallest

if TYPE_CHECKING:
    import pytest

    from a4eval.checks.layers.case import LayerCase

LOOKED_THROUGH = 60
"""So many cases are drawn to find a smaller one than that which failed."""


def layer_checks(
    *layers: Any,
    reference: str | None = None,
    tolerance: float = 1e-6,
    factor: float = 32.0,
    coordinates: int = 50,
    examples: int = 10,
    expected_failures: Mapping[str, str] | None = None,
    seed: int = 0,
) -> pytest.MarkDecorator:
    """Make a test of each check of each layer.

    ::

        @layer_checks("dense", {"name": "dense", "width": 1})
        def test_dense(check: Check) -> None:
            check()

    Each check is put to the cases that the task ``check_layer`` takes, ``example`` and ``examples``, and then, where it
    is quick, to cases that hypothesis draws: other sizes, rows, values and parameters. One that fails is shrunk to the
    smallest that does, and shown.

    Args:
        layers: each a name or node, as in a config, a class, an object, or a function of a folder that makes one.
        reference: the framework that a layer is held against, such as ``torch``.
        tolerance: as of ``check_layer``.
        factor: as of ``check_layer``.
        coordinates: as of ``check_layer``.
        examples: how many cases are drawn for each check.
        expected_failures: check, or ``layer-check`` as in the test's name, to the reason why it fails. It must then.
        seed: the same seed draws the same cases.

    Raises:
        ConfigError: there is no layer, or no check of a name in *expected_failures*.
    """
    options = {"tolerance": tolerance, "factor": factor, "coordinates": coordinates}
    bench = _Bench(reference, options, examples, seed)
    names = [*(one.name for one in all_checks(reference)), PROBE]
    return parametrised("layer", layers, names, bench.answer, bench.smaller, expected_failures)


@dataclass(frozen=True)
class _Bench:
    reference: str | None
    options: Mapping[str, Any]
    examples: int
    seed: int
    checks: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.__dict__["checks"] = {one.name: one for one in all_checks(self.reference)}

    def answer(self, part: Part, name: str) -> Answer:
        """Ask the task's own cases, then drawn ones."""
        try:
            own = self._own(part)
        except Exception as error:  # noqa: BLE001  (a stranger's layer may raise anything)
            return Answer(crashed(name, error))
        if name == PROBE:
            passed = {one for one in PROBED if over_cases(self.checks[one], own).verdict == "passed"}
            return Answer(probing(passed).ask(own[0]))
        finding = over_cases(self.checks[name], own)
        if finding.verdict == "failed" or not self.checks[name].every_case or not self.examples:
            return Answer(finding)
        return self._drawn(own, name, self.examples) or Answer(finding)

    def smaller(self, part: Part, name: str) -> Answer | None:
        """Look for the smallest case that fails."""
        return None if name == PROBE else self._drawn(self._own(part), name, LOOKED_THROUGH)

    def _own(self, part: Part) -> list[LayerCase]:
        rng = Run(directory=Path(), seed=self.seed).generator()
        return list(cases(part.made(Path()), rng, self.seed, **self.options))

    def _drawn(self, own: list[LayerCase], name: str, examples: int) -> Answer | None:
        def answer(case: LayerCase) -> Answer:
            return Answer(in_case(self.checks[name].ask(case), case.label), case_told(case))

        return smallest(drawn_cases(own), answer, examples=examples, seed=self.seed)
