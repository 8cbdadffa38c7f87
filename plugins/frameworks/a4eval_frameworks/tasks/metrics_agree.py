"""The task ``metrics_agree``: the same metric of several libraries, on the same predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, Result, Value, Verdict, check_ranges, param

TIES = "equal scores"

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval import Batch, Row, Run


@dataclass(kw_only=True)
class MetricsAgree:
    """Say whether metrics that should be one give the same number, and if not, on which unit they differ and why.

    The table ``agreement`` has a row for each two of them; ``cause`` is *equal scores* where they agree once the rows
    of each unit have scores that are all different, in the order that they had and, where equal, as they stand.
    The run has failed where two differ and that is not why, and is undecided where both are undefined.
    """

    data: Any = param(kind="reader", help="the predictions")
    metrics: dict[str, Any] = param(kind="metric", help="MEASURE/LIBRARY to metric; those of one measure should agree")
    rounding: float = param(
        1e-6, help="how far two may be apart, as a share; torchmetrics rounds to float32", minimum=0, below=inf
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        self._measures: dict[str, list[str]] = {}
        for label, metric in self.metrics.items():
            measure, slash, library = label.partition("/")
            if not (measure and slash and library):
                raise ValueError(f"metrics: got the label {label!r}, expected MEASURE/LIBRARY")
            if metric.batch != self.data.batch:
                raise ValueError(f"metrics.{label} takes {metric.batch!r} batches, but data gives {self.data.batch!r}")
            if len(metric.names) != 1:
                raise ValueError(f"metrics.{label} gives {', '.join(metric.names)}, expected one value")
            self._measures.setdefault(measure, []).append(label)
        for measure, labels in self._measures.items():
            if len(labels) < 2:
                raise ValueError(f"metrics.{labels[0]} stands alone; give the {measure} of another library too")

    def run(self, run: Run) -> Result:
        """Compute them all and compare them two by two."""
        run.sources_of(self.data)
        strict = {label: replace(metric) for label, metric in self.metrics.items()}
        for batch in self.data.batches(run):
            untied = _untied(batch)
            for label, metric in self.metrics.items():
                metric.update(batch)
                strict[label].update(untied)
        values = {label: next(iter(metric.compute().values())) for label, metric in self.metrics.items()}
        if not next(iter(values.values())).n:
            raise DataError("the data holds no unit, so there is nothing to compare")
        rows = [
            self._row(pair, values, strict) for labels in self._measures.values() for pair in combinations(labels, 2)
        ]
        differing = [row for row in rows if row["agree"] is False]
        found: dict[str, Value] = {**values, "differing": Value(float(len(differing)), "pairs", False, len(rows))}
        return Result(found, {"agreement": rows}, _verdict(rows))

    def _row(self, pair: Sequence[str], values: Mapping[str, Value], strict: Mapping[str, Any]) -> Row:
        one, other = (values[label].value for label in pair)
        undefined = math.isnan(one) and math.isnan(other)
        agree = undefined or self._close(one, other)
        cause, where, first, second = None, None, None, None
        if not agree:
            untied = (next(iter(strict[label].compute().values())).value for label in pair)
            cause = TIES if self._close(*untied) else None
            where, first, second = self._where(pair)
        return {
            "measure": pair[0].partition("/")[0],
            "first": pair[0].partition("/")[2],
            "second": pair[1].partition("/")[2],
            "value_first": one,
            "value_second": other,
            "agree": None if undefined else agree,
            "cause": cause,
            "unit": where,
            "unit_first": first,
            "unit_second": second,
        }

    def _close(self, one: float, other: float) -> bool:
        return abs(one - other) <= self.rounding * max(abs(one), abs(other))

    def _where(self, pair: Sequence[str]) -> tuple[str | None, float | None, float | None]:
        """Return the unit on whose rows alone the two differ most, and their values there."""
        one, other = (self.metrics[label] for label in pair)
        alone = np.eye(len(one.units))
        first, second = (next(iter(metric.compute_many(alone).values())) for metric in (one, other))
        apart = np.abs(first - second)
        if np.isnan(apart).all() or np.nanmax(apart) == 0:
            return None, None, None
        unit = int(np.nanargmax(apart))
        return str(one.units[unit]), float(first[unit]), float(second[unit])


def _verdict(rows: list[Row]) -> Verdict:
    def told(row: Row) -> str:
        both = f"{row['first']} gives {row['value_first']:.6g}, {row['second']} {row['value_second']:.6g}"
        return f"{row['measure']}: {both}" + (f", most apart on unit {row['unit']}" if row["unit"] is not None else "")

    unexplained = [f"{told(row)}; why is not known" for row in rows if row["agree"] is False and not row["cause"]]
    if unexplained:
        return Verdict("failed", tuple(unexplained))
    undefined = [f"{row['measure']}: undefined in both" for row in rows if row["agree"] is None]
    return Verdict("undecided" if undefined else "passed", tuple(undefined))


def _untied(batch: Batch) -> dict[str, Any]:
    """Return the batch with scores from 0 to 1 that are all different; one without scores as it is."""
    if "row_score" not in batch or np.ndim(batch["row_score"]) > 1:
        return dict(batch)
    score, n = np.asarray(batch["row_score"]), len(batch["row_unit"])
    rank = np.empty(n)
    rank[np.lexsort((-np.arange(n), score))] = np.arange(1, n + 1)
    return {**batch, "row_score": rank / (n + 1)}
