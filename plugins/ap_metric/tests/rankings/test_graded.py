"""ERR, RBP, infAP and pairs in order against definitions written out, and trec_eval."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from a4eval_ap_metric.rankings.graded import (
    expected_reciprocal_rank,
    inferred_average_precision,
    pairs_in_order,
    rank_biased_precision,
)

from a4eval import build

SEEDS = range(40)


def ranking(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    return rng, rng.choice([0.0, 1, 2, 3, -1, np.nan], n), rng.integers(0, 5, n) / 4


@pytest.mark.parametrize("seed", SEEDS)
def test_err_and_rbp_are_what_a_reader_does(seed):
    _, grades, _ = ranking(seed)
    chance, err, rbp = 1.0, 0.0, 0.0
    for rank, grade in enumerate(grades, 1):
        content = (2 ** max(grade, 0) - 1) / 16 if grade == grade else 0  # noqa: PLR0124  (NaN)
        err += chance * content / rank
        chance *= 1 - content
        rbp += 0.2 * 0.8 ** (rank - 1) * (grade >= 1)
    assert expected_reciprocal_rank(grades, highest=4) == pytest.approx(err, abs=1e-15)
    assert rank_biased_precision(grades >= 1, persistence=0.8) == pytest.approx(rbp, abs=1e-15)
    assert expected_reciprocal_rank(grades, highest=4, cutoff=1) == pytest.approx(
        (2 ** max(np.nan_to_num(grades[0]), 0) - 1) / 16
    )


def test_a_grade_beyond_the_scale_is_refused():
    with pytest.raises(ValueError, match="highest_grade: got 1, but an item has the grade 2"):
        expected_reciprocal_rank(np.array([2.0]), highest=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_inferred_average_precision_is_trec_evals(seed):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="trec_eval is the reference")
    rng, grades, _ = ranking(seed)
    names = [f"d{one}" for one in range(len(grades))]
    qrels = {name: int(grade) for name, grade in zip(names, grades, strict=True) if grade == grade}  # noqa: PLR0124
    qrels |= {f"more{one}": int(rng.integers(0, 2)) for one in range(3)}
    run = {name: float(len(names) - place) for place, name in enumerate(names)}
    expected = pytrec_eval.RelevanceEvaluator({"q": qrels}, {"infAP"}).evaluate({"q": run})["q"]["infAP"]
    n_relevant = sum(one >= 1 for one in qrels.values())
    assert inferred_average_precision(grades, n_relevant, level=1) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_in_order(seed):
    rng, grades, scores = ranking(seed)
    more = rng.integers(0, 3, 3).astype(float)
    known = grades >= 0
    items = [*zip(scores[known], grades[known], strict=True), *((-1.0, one) for one in more)]
    found = [
        0.5 if one == other else float((one > other) == (grade > lower))
        for (one, grade), (other, lower) in itertools.combinations(items, 2)
        if grade != lower
    ]
    expected = np.mean(found) if found else np.nan
    got = pairs_in_order(scores, grades, np.append(grades[known], more))
    assert got == pytest.approx(expected, abs=1e-12, nan_ok=True)


def batch(scores, grades):
    return {
        "unit": np.array(["q"]),
        "row_unit": np.zeros(len(scores), int),
        "score": np.array(scores, float),
        "relevance": np.array(grades, float),
        "document": np.array([f"d{one}" for one in range(len(scores))]),
    }


@pytest.mark.parametrize("name", ["average_precision", "trec_eval", "graded_ranking"])
@pytest.mark.parametrize("seed", range(8))
def test_the_mean_over_ties_is_that_over_all_orders(name, seed):
    rng = np.random.default_rng(seed)
    scores, grades = rng.integers(0, 3, 6), rng.integers(0, 3, 6)
    node = {"name": name, "cutoffs": [3]} if name == "trec_eval" else name
    metric = build("metric", node)
    metric.update(batch(scores, grades))
    values = []
    for order in itertools.permutations(range(6)):
        if all(scores[one] >= scores[other] for one, other in itertools.pairwise(order)):
            alone = build("metric", node)
            alone.update(batch(-np.arange(6), grades[list(order)]))
            values.append([one.value for one in alone.compute().values()])
    mean = dict(zip(metric.names, np.mean(values, axis=0), strict=True))
    reported = {key: one.value for key, one in metric.compute().items()}
    rows = {row["measure"]: row for row in metric.tables().get("ties", [])}
    for key, expected in mean.items():
        if key in rows:
            assert rows[key]["expected"] == pytest.approx(expected, abs=1e-12)
            assert rows[key]["value"] == reported[key]
        else:
            assert reported[key] == pytest.approx(expected, abs=1e-11, nan_ok=True)


def test_many_ties_are_drawn_and_come_near():
    """AP over all orders of one tie of 40 items, 10 of them relevant, in closed form."""
    metric = build("metric", "average_precision")
    metric.update(batch(np.zeros(40), np.arange(40) < 10))
    (row,) = metric.tables()["ties"]
    # a relevant item at rank r has on average 1 + (r - 1) 9/39 relevant ones up to it
    expected = np.mean([(1 + (rank - 1) * 9 / 39) / rank for rank in range(1, 41)])
    assert row["value"] == 1
    assert row["expected"] == pytest.approx(expected, abs=0.03)
