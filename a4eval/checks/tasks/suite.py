"""All checks of a task, in the order they are reported in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.checks.question import Question
from a4eval.checks.tasks import behaviour

if TYPE_CHECKING:
    from a4eval.checks.tasks.case import TaskCase

CHECKS: tuple[Question[TaskCase], ...] = (
    Question("record", behaviour.recorded),
    Question("repeat", behaviour.repeated),
    Question("again", behaviour.again),
    Question("other_seeds", behaviour.other_seeds),
    Question("artifacts", behaviour.artifacts),
    Question("pictures", behaviour.pictures),
    Question("quiet", behaviour.quiet),
)
