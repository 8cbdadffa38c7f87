"""The metrics on rankings."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import build


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"name": "average_precision", "cutoff": 0}, "cutoff: got 0"),
        ({"name": "average_precision", "cutoff": 5, "ties": "group"}, "cannot be cut"),
        ({"name": "trec_eval", "cutoffs": [5, 5]}, "cutoffs: got"),
        ({"name": "trec_eval", "ties": "group"}, "need an order"),
    ],
)
def test_bad_parameters_are_refused(node, words):
    from a4eval import ConfigError

    with pytest.raises(ConfigError, match=words):
        build("metric", node)


def test_measures_that_belong_together_are_a_table_and_a_chart():
    """Two queries: hits at ranks 1 and 3 of two that are relevant, and at rank 2 of one."""
    metric = build("metric", {"name": "trec_eval", "cutoffs": [2, 1], "ties": "order"})
    ranked = {
        "unit": ["a", "b"],
        "row_unit": [0, 0, 0, 1, 1],
        "score": [3.0, 2, 1, 2, 1],
        "relevance": [1.0, 0, 1, 0, 1],
    }
    metric.update({name: np.asarray(value) for name, value in ranked.items()})
    tables = metric.tables()
    assert [row["cutoff"] for row in tables["cutoffs"]] == [1, 2]
    assert [row["P"] for row in tables["cutoffs"]] == [0.5, 0.5]
    assert [row["recall"] for row in tables["cutoffs"]] == [0.25, 0.75]
    assert [row["recall"] for row in tables["recall"]] == pytest.approx(np.linspace(0, 1, 11))
    assert [tables["recall"][place]["precision"] for place in (0, 10)] == pytest.approx(
        [(1 + 1 / 2) / 2, (2 / 3 + 1 / 2) / 2]
    )
    assert set(metric.charts()) == {"recall", "cutoffs"} <= set(tables)
