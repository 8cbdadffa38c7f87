"""How many checks ran and how they ended: the numbers that every task that checks has in common."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from a4eval.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

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
