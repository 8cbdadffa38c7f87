"""The smallest case that fails, as hypothesis finds it."""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, TypeVar

from a4eval.testing.peers import hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from a4eval.testing.check import Answer

Case = TypeVar("Case")
SECONDS = 10.0
"""After so long the smallest found so far will do."""


def smallest(
    cases: SearchStrategy[Case], answer: Callable[[Case], Answer], *, examples: int, seed: int
) -> Answer | None:
    """Return the answer for the smallest case that fails, None where none of the examples does.

    The same seed draws the same cases.
    """
    found: list[Answer] = []
    end = time.monotonic() + SECONDS

    def fails(case: Case) -> bool:
        if found and time.monotonic() > end:
            return False
        one = answer(case)
        if one.finding.verdict != "failed":
            return False
        found.append(one)
        return True

    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    )
    with suppress(hypothesis.errors.NoSuchExample, hypothesis.errors.Unsatisfiable, hypothesis.errors.Flaky):
        # one that fails now and then has failed all the same
        hypothesis.find(cases, fails, settings=settings, random=Random(seed))  # noqa: S311  (no secret)
    return found[-1] if found else None
