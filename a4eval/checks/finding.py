"""What a check found, and what all findings together say of a part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from a4eval.checks.blamed import blamed_line
from a4eval.contracts import Verdict, worst_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from a4eval.contracts import Row

Found: TypeAlias = Literal["passed", "undecided", "failed", "not_applicable"]
"""An outcome, or that the question does not arise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        check: the check's name.
        verdict: passed, undecided, failed or not applicable.
        error: how far the worst entry is off, in its own unit; None where nothing is measured.
        bound: how far that entry may be off; an error above it has failed.
        where: the worst entry, such as ``dW[2, 1]``, and the case it was found in.
        meaning: what it means, a sentence; for what is not applicable the reason.
        look_at: what to look at in the part's code.
    """

    check: str
    verdict: Found
    error: float | None = None
    bound: float | None = None
    where: str = ""
    meaning: str = ""
    look_at: str = ""

    def row(self) -> Row:
        """Return it as a row of the table ``checks``."""
        return {
            "check": self.check,
            "verdict": self.verdict,
            "error": self.error,
            "bound": self.bound,
            "where": self.where,
            "meaning": self.meaning,
            "look_at": self.look_at,
        }

    def sentence(self) -> str:
        """Return it as one line, for the reasons of a verdict."""
        where = f" at {self.where}" if self.where else ""
        size = "" if self.error is None or self.bound is None else f" ({self.error:.3g}, allowed {self.bound:.3g})"
        return f"{self.check} {self.verdict}{where}{size}: {self.meaning}"

    @property
    def ratio(self) -> float:
        """The error in units of its bound; 0 where nothing was measured."""
        if self.error is None or self.bound is None:
            return 0.0
        return self.error / self.bound if self.bound > 0 else float("inf") if self.error > 0 else 0.0


class WrongError(Exception):
    """A part broke its contract in a way that needs no number.

    Args:
        where: the array or entry.
        meaning: what is wrong, a sentence.
        look_at: what to look at.
    """

    def __init__(self, where: str, meaning: str, look_at: str = "") -> None:
        super().__init__(f"{where}: {meaning}")
        self.where, self.meaning, self.look_at = where, meaning, look_at


def not_applicable(check: str, reason: str) -> Finding:
    """Return that the check does not apply, and why."""
    return Finding(check, "not_applicable", meaning=reason)


def crashed(check: str, error: BaseException) -> Finding:
    """Return that the part broke its contract, or raised an error, with the line that did."""
    if isinstance(error, WrongError):
        return Finding(check, "failed", where=error.where, meaning=error.meaning, look_at=error.look_at)
    meaning = " ".join(f"it ends in {type(error).__name__}: {error}".split())
    return Finding(check, "failed", meaning=meaning, look_at=blamed_line(error))


def worst_finding(findings: Sequence[Finding]) -> Finding:
    """Return the worst of what one check found in several cases: of equal verdicts the one with the largest error.

    One case in which the check applies is enough for it to apply.
    """
    answered = [one for one in findings if one.verdict != "not_applicable"]
    if not answered:
        return findings[0]
    worst = worst_outcome(one.verdict for one in answered if one.verdict != "not_applicable")
    return max((one for one in answered if one.verdict == worst), key=lambda one: one.ratio)


def judged(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict on a part: the worst of what was found; a part of which nothing was checked has failed.

    >>> judged([Finding("repeat", "passed"), not_applicable("adjoint", "the layer is not linear")]).outcome
    'passed'
    >>> judged([not_applicable("adjoint", "the layer is not linear")])
    Verdict(outcome='failed', reasons=('no check could be run',))
    """
    findings = list(findings)
    outcomes = [one.verdict for one in findings if one.verdict != "not_applicable"]
    worst = worst_outcome(outcomes)
    if worst is None:
        return Verdict("failed", ("no check could be run",))
    bad = [one for one in findings if one.verdict in {"failed", "undecided"}]
    bad.sort(key=lambda one: one.verdict != "failed")
    return Verdict(worst, tuple(one.sentence() for one in bad))


def in_case(finding: Finding, case: str) -> Finding:
    """Return the finding with the case named beside the place."""
    if not case:
        return finding
    return replace(finding, where=f"{finding.where}, {case}" if finding.where else case)
