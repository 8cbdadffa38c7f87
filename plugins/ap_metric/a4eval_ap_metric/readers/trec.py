"""TREC's files: relevance judgements (qrels) and runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.identifiers import dense, texts
from a4eval_ap_metric.rankings.doubts import ranking_doubts
from a4eval_ap_metric.readers.divisible import Divisible
from a4eval_ap_metric.readers.files import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run


def read_trec(qrels: Path, run: Path, *, complete: bool = False) -> dict[str, NDArray[Any]]:
    """Read judgements and a run into one ranking batch.

    Args:
        qrels: lines ``query iteration document grade``.
        run: lines ``query Q0 document rank score tag``; the rank is not used and what follows the tag is passed over,
            as in trec_eval.  Lines that begin with ``#`` are comments in both.
        complete: take all judged queries, those the run does not answer as empty rankings (``trec_eval -c``).

    Returns:
        ``unit`` queries, ``row_unit``, ``document``, ``score``, ``relevance`` (NaN where not judged), and all
        judgements as ``judged_unit``, ``judged_relevance``.

    Raises:
        DataError: a line is not what it should be, or a document occurs twice for a query.
    """
    judged = _fields(qrels, 4, "query iteration document grade")
    retrieved = _fields(run, 6, "query Q0 document rank score tag", more=True)
    grade = _numbers(judged[3], qrels, "grade")
    score = _numbers(retrieved[4], run, "score")
    judged_query, query = texts(judged[0], f"{qrels}: queries"), texts(retrieved[0], f"{run}: queries")
    unit = np.unique(judged_query)
    if not complete:
        unit = np.intersect1d(unit, query)
    if not len(unit):
        raise DataError(
            f"{run}: got queries such as {retrieved[0][0]}, none of which {qrels} judges; it has queries such as "
            f"{judged[0][0]}"
        )
    grades: dict[tuple[str, str], float] = {}
    for key, one in zip(zip(judged[0], judged[2], strict=True), grade.tolist(), strict=True):
        if key in grades:
            raise DataError(f"{qrels}: document {key[1]} is judged twice for query {key[0]}")
        grades[key] = one
    pairs = list(zip(retrieved[0], retrieved[2], strict=True))
    if len(set(pairs)) < len(pairs):
        seen: set[tuple[str, str]] = set()
        twice = next(one for one in pairs if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        raise DataError(f"{run}: document {twice[1]} is retrieved twice for query {twice[0]}")
    row, judged_row = dense(query, unit), dense(judged_query, unit)
    known, judged_known = row >= 0, judged_row >= 0
    relevance = np.array([grades.get(one, np.nan) for one in pairs], np.float64)
    return {
        "unit": unit,
        "row_unit": row[known],
        "document": texts(retrieved[2], f"{run}: documents")[known],
        "score": score[known],
        "relevance": relevance[known],
        "judged_unit": judged_row[judged_known],
        "judged_relevance": grade[judged_known],
    }


def _fields(path: Path, n: int, expected: str, *, more: bool = False) -> list[list[str]]:
    rows = []
    for where, fields in lines(path, comment="#"):
        if len(fields) < n or (len(fields) > n and not more):
            raise DataError(f"{where}: got {len(fields)} fields, expected {n}: {expected}")
        rows.append(fields[:n])
    if not rows:
        raise DataError(f"{path}: got no line, expected {expected}")
    return [list(column) for column in zip(*rows, strict=True)]


def _numbers(fields: list[str], path: Path, what: str) -> NDArray[np.float64]:
    values = []
    for index, text in enumerate(fields):
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise DataError(f"{path}: entry {index + 1}: {what} {text!r} is not a finite number")
        values.append(value)
    return np.array(values, np.float64)


@dataclass
class Trec(Divisible):
    """A TREC run with its relevance judgements."""

    batch: ClassVar[str] = "ranking"

    qrels: Path = param(help="judgements: query iteration document grade")
    run: Path = param(help="run: query Q0 document rank score tag")
    complete: bool = param(False, help="all judged queries count, also those the run does not answer (trec_eval -c)")

    def sources(self) -> Sequence[Path]:
        """The two files."""
        return [self.qrels, self.run, *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all queries as one batch."""
        batch = read_trec(self.qrels, self.run, complete=self.complete)
        for doubt in ranking_doubts(batch):
            run.warn(doubt)
        yield from self._divided(batch)
