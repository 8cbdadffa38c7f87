"""One check of one part as a test: what passes, fails, is skipped, and may be expected to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from a4eval.testing.peers import pytest

if TYPE_CHECKING:
    from a4eval.checks.finding import Finding


class Answer(NamedTuple):
    """What a check found, and the case it was found in, where that was drawn."""

    finding: Finding
    case: str = ""


@dataclass(frozen=True)
class Check:
    """One check of one part: call it, and it passes, fails or is skipped as a test of pytest does.

    A check that does not apply is skipped with its reason; one that is undecided fails, for it is no pass.
    One that is expected to fail must: if it passes, or does not apply, the test fails.

    Args:
        kind: ``layer``, ``metric``, ``reader`` or ``task``.
        part: which one, such as ``conv_transpose,stride=2``.
        name: the check's name, such as ``gradient``.
        of: how many checks the part has.
        expected: why it is expected to fail; empty when it is not.
        answer: runs it.
        smaller: looks for the smallest case that fails; None where there is none.
    """

    kind: str
    part: str
    name: str
    of: int
    expected: str
    answer: Callable[[], Answer]
    smaller: Callable[[], Answer | None]

    def __repr__(self) -> str:
        return f"{self.kind} {self.part}: {self.name}"

    def __call__(self) -> None:
        """Run it."""
        __tracebackhide__ = True
        answer = self.answer()
        finding = answer.finding
        if finding.verdict in {"failed", "undecided"}:
            if self.expected:
                pytest.xfail(self.expected)
            if finding.verdict == "failed" and not answer.case:
                answer = self.smaller() or answer
            pytest.fail(self._told(answer), pytrace=False)
        does = "passes" if finding.verdict == "passed" else f"does not apply: {finding.meaning}"
        if self.expected:
            pytest.fail(
                f"{self} is expected to fail ({self.expected}), but {does}; take it out of expected_failures",
                pytrace=False,
            )
        if finding.verdict == "not_applicable":
            pytest.skip(does)

    def _told(self, answer: Answer) -> str:
        finding = answer.finding
        lines = [f"{self.kind} {self.part}: {finding.sentence()}"]
        if finding.look_at:
            lines.append(f"look at: {finding.look_at}")
        if answer.case:
            lines.append(f"the smallest case found that fails:\n{answer.case}")
        return "\n".join(lines)
