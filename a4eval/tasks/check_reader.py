"""The task ``check_reader``: does this reader read what is there, and nothing else?"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import crashed
from a4eval.checks.readers.case import ReaderCase
from a4eval.checks.readers.suite import check_reader
from a4eval.component import param
from a4eval.errors import A4evalError
from a4eval.tasks.findings import result_of

if TYPE_CHECKING:
    from a4eval.context import Run
    from a4eval.contracts import Result


@dataclass
class CheckReader:
    """Hold a reader against what every reader must do, on files that are right, and give a verdict.

    Batches are named arrays with distinct units; passes agree; parts together are the whole; and copies of its files
    that are truncated, empty, of another encoding, with a byte order mark, without a column, with a word for a number
    or full of noise are errors that name the file and the place.

    The table ``checks`` has a row a check: verdict, where, what it means and what to look at.
    """

    data: Any = param(kind="reader", help="the reader, with files that are right")

    def run(self, run: Run) -> Result:
        """Check."""
        case = ReaderCase(self.data, run.seed)
        try:
            for path in case.sources:
                if path.is_file():  # what is none is the reader's own error, or one of its findings
                    run.source(path)
            list(deepcopy(self.data).batches(run))
        except A4evalError:  # files that are wrong themselves are the user's error and no finding
            raise
        except Exception as error:  # noqa: BLE001  (a stranger's reader may raise anything)
            return result_of([crashed("batches", error)])
        findings = list(check_reader(case, lambda checks: run.track(checks, "checking")))
        return result_of(findings)
