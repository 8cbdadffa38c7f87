"""All checks of a reader, in the order they are reported in."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from a4eval.checks.finding import Finding, crashed
from a4eval.checks.readers import contents
from a4eval.checks.readers.damage import DAMAGES, damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from a4eval.checks.readers.case import ReaderCase


class ReaderCheck(NamedTuple):
    """A check by name."""

    name: str
    run: Callable[[ReaderCase], Finding]


CHECKS = (
    ReaderCheck("batches", contents.form),
    ReaderCheck("passes", contents.passes),
    ReaderCheck("parts", contents.parts),
    ReaderCheck("sources", contents.sources),
    *(ReaderCheck(name, partial(damaged, check=name)) for name in DAMAGES),
)


def check_reader(
    case: ReaderCase, track: Callable[[Iterable[ReaderCheck]], Iterable[ReaderCheck]] = iter
) -> Iterator[Finding]:
    """Yield what each check finds."""
    for check in track(CHECKS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield check.run(case)
        except Exception as error:  # noqa: BLE001  (a stranger's reader may raise anything)
            yield crashed(check.name, error)
