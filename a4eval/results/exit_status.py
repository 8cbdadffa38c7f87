"""The exit status of a command, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from a4eval.contracts import Outcome

OK, FAILED, BAD_CONFIG, VERDICT_FAILED, VERDICT_UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 4, 130

_OF_STATUS = {"ok": OK, "failed": FAILED, "interrupted": INTERRUPTED}
_OF_VERDICT = {None: OK, "passed": OK, "failed": VERDICT_FAILED, "undecided": VERDICT_UNDECIDED}
_BY_WEIGHT = (OK, VERDICT_UNDECIDED, VERDICT_FAILED, FAILED, INTERRUPTED)


def of_run(status: str, outcome: Outcome | None) -> int:
    """Return the exit status of a run: its verdict counts once it is ok.

    >>> of_run("ok", None), of_run("ok", "failed"), of_run("failed", None)
    (0, 3, 1)
    """
    return _OF_STATUS[status] or _OF_VERDICT[outcome]


def worst(statuses: Iterable[int]) -> int:
    """Return the exit status of runs together: that of the worst; nothing is ok.

    >>> worst([OK, VERDICT_FAILED, VERDICT_UNDECIDED]), worst([VERDICT_FAILED, FAILED]), worst([])
    (3, 1, 0)
    """
    return max(statuses, key=_BY_WEIGHT.index, default=OK)
