"""What every task that checks has in common: how many checks ran, how they ended, and what that looks like."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from a4eval.checks.finding import judged
from a4eval.contracts import Result, Value
from a4eval.tasks.charts import checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval.checks.finding import Finding


def counts(findings: Sequence[Finding]) -> dict[str, Value]:
    """Return ``failed_checks``, ``undecided_checks``, ``ran_checks`` and ``not_applicable_checks``."""
    of = Counter(one.verdict for one in findings)
    ran = len(findings) - of["not_applicable"]
    return {
        "failed_checks": Value(of["failed"], higher_is_better=False, n=ran),
        "undecided_checks": Value(of["undecided"], higher_is_better=False, n=ran),
        "ran_checks": Value(ran),
        "not_applicable_checks": Value(of["not_applicable"]),
    }


def result_of(findings: Sequence[Finding], more: Mapping[str, Value] | None = None) -> Result:
    """Return what a task that checks gives: the counts and *more* numbers, the findings, their verdict, a chart."""
    charts = {"checks": checks("checks")} if any((one.bound or 0) > 0 for one in findings) else {}
    tables = {"checks": [one.row() for one in findings]}
    return Result({**counts(findings), **(more or {})}, tables, judged(findings), charts)
