"""All checks of a reader, in the order they are reported in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from a4eval.checks.question import Question
from a4eval.checks.readers import contents
from a4eval.checks.readers.damage import DAMAGES, damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from a4eval.checks.finding import Finding
    from a4eval.checks.readers.case import ReaderCase

CHECKS: tuple[Question[ReaderCase], ...] = (
    Question("batches", contents.form),
    Question("passes", contents.passes),
    Question("parts", contents.parts),
    Question("sources", contents.sources),
    *(Question(name, partial(damaged, check=name)) for name in DAMAGES),
)


def check_reader(
    case: ReaderCase, track: Callable[[Iterable[Question[ReaderCase]]], Iterable[Question[ReaderCase]]] = iter
) -> Iterator[Finding]:
    """Yield what each check finds."""
    for check in track(CHECKS):
        yield check.ask(case)
