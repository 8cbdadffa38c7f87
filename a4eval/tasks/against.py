"""``evaluate`` with ``against``: its values beside those of a record that is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.comparisons.judge import by_severity, judge
from a4eval.comparisons.kept import FILE_NAME
from a4eval.comparisons.opened import opened
from a4eval.comparisons.pair import Pair, pair_of
from a4eval.comparisons.rows import judged_row
from a4eval.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from a4eval.comparisons.kept import Kept
    from a4eval.comparisons.rules import Rules
    from a4eval.context import Run
    from a4eval.contracts import Result


def compare_with(path: Path, rules: Rules, result: Result, kept: Mapping[str, Kept], run: Run) -> Pair:
    """Compare a result with a record: its differences go before its values, a table tells the verdicts.

    Args:
        path: of the record, or its folder.
        rules: their margins and alpha.
        result: is added to.
        kept: the resamples of the result.
        run: takes the doubts, and the files that are read.

    Raises:
        DataError: there is no finished record, or it has no number in common with the result.
    """
    baseline = opened(path)
    run.source(baseline.path)
    of_baseline = baseline.kept()
    if of_baseline:
        run.source(baseline.folder / FILE_NAME)
    pair = pair_of(baseline.record.metrics, result.metrics, (of_baseline, kept), level=1 - rules.alpha)
    for note in pair.notes:
        run.warn(f"against {path}: {note}")
    judged = judge(pair.values, rules.margins, rules.alpha)
    differences = {}
    for one in judged:
        value = result.metrics[one.name]
        differences[f"{one.name}/difference"] = Value(
            one.delta, value.unit, value.higher_is_better, value.n, one.compared.interval
        )
    result.metrics = {**differences, **result.metrics}
    tables = {"comparison": [judged_row(one) for one in judged]}
    for label, parts in pair.parts.items():
        margins = dict.fromkeys(parts, rules.parts.get(label, 0.0))
        tables[f"comparison/{label}"] = [judged_row(one) for one in by_severity(judge(parts, margins, rules.alpha))]
    result.tables = {**tables, **result.tables}
    return pair
