"""A check by name: a question, put to a case of a part, whose answer is a finding."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from a4eval.checks.finding import Finding, crashed
from a4eval.errors import A4evalError, text_of

Case = TypeVar("Case")


@dataclass(frozen=True)
class Question(Generic[Case]):
    """A check by name.

    Args:
        name: the check's name.
        run: answers it for one case.
        every_case: it is worth its time on every case that there is, not on the first alone.
    """

    name: str
    run: Callable[[Case], Finding]
    every_case: bool = True

    def ask(self, case: Case) -> Finding:
        """Return the answer; a part that raises an error has failed this check, not the others.

        An error of ours says what cannot be done with the part, which is no fault of it.
        """
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                # a check gives what no user would: what the part thinks of it is not news
                warnings.simplefilter("ignore")
                return self.run(case)
        except A4evalError as error:
            return Finding(self.name, "undecided", meaning=text_of(error))
        except Exception as error:  # noqa: BLE001  (a stranger's part may raise anything)
            return crashed(self.name, error)
