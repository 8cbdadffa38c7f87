"""Average precision in every definition, and the curve behind it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from a4eval_ap_metric import average_precision, precision_recall_by_rank, ranking_points
from hypothesis import given, settings
from hypothesis import strategies as st

from ..worksheet import EXACT

WORKSHEET = [1, 1, 0, 0, 0, 1, 1, 0, 0, 1]


@pytest.mark.parametrize(("interpolation", "exact"), EXACT.items())
def test_the_worksheet(interpolation, exact):
    got = average_precision(range(10, 0, -1), WORKSHEET, interpolation=interpolation)
    assert got == pytest.approx(float(exact), abs=1e-15)


def test_precision_and_recall_by_rank_of_the_worksheet():
    precision, recall = precision_recall_by_rank(range(10, 0, -1), WORKSHEET)
    np.testing.assert_allclose(precision, [1, 1, 2 / 3, 1 / 2, 2 / 5, 1 / 2, 4 / 7, 1 / 2, 4 / 9, 1 / 2], rtol=1e-15)
    np.testing.assert_allclose(recall, [0.2, 0.4, 0.4, 0.4, 0.4, 0.6, 0.8, 0.8, 0.8, 1], rtol=1e-15)


def by_definition(relevant: list[bool], total: int, interpolation: str) -> Fraction:
    """Average precision in exact fractions, straight from the definitions."""
    precision, recall, hits = [], [], 0
    for rank, one in enumerate(relevant, 1):
        hits += one
        precision.append(Fraction(hits, rank))
        recall.append(Fraction(hits, total))
    if interpolation == "step":
        return sum((p for p, one in zip(precision, relevant, strict=True) if one), Fraction()) / total
    if interpolation == "every_point":
        return sum((max(precision[i:]) for i, one in enumerate(relevant) if one), Fraction()) / total
    n = 11 if interpolation == "11_point" else 101
    levels = [Fraction(i, n - 1) for i in range(n)]
    # 101_point compares in floating point, as pycocotools does
    reached = (lambda r, i: r >= levels[i]) if n == 11 else (lambda r, i: float(r) >= np.linspace(0, 1, 101)[i])
    best = [max((p for p, r in zip(precision, recall, strict=True) if reached(r, i)), default=0) for i in range(n)]
    return Fraction(sum(best)) / n


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 5), st.sampled_from(sorted(EXACT)))
def test_against_the_definitions_in_exact_fractions(relevant, missed, interpolation):
    total = sum(relevant) + missed
    got = average_precision(range(len(relevant), 0, -1), relevant, interpolation=interpolation, n_relevant=total)
    if total == 0:
        assert np.isnan(got)
    else:
        assert got == pytest.approx(float(by_definition(relevant, total, interpolation)), abs=1e-14)


def test_eleven_points_reach_a_level_exactly():
    # 3 of 10 is recall 0.3, which floating point puts below its own grid's 0.30000000000000004
    relevance = [1, 1, 1] + [0] * 10
    assert average_precision(range(13, 0, -1), relevance, interpolation="11_point", n_relevant=10) == 4 / 11


@settings(deadline=None)  # the first call imports scikit-learn
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=40))
def test_groups_of_ties_equal_scikit_learn(rows):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the reference")
    scores, relevance = [one[0] for one in rows], [one[1] for one in rows]
    if not any(relevance):
        return
    expected = metrics.average_precision_score(relevance, scores)
    assert average_precision(scores, relevance, ties="group") == pytest.approx(expected, abs=1e-14)
    precision, recall, _ = metrics.precision_recall_curve(relevance, scores)
    hits, ranks = ranking_points(scores, relevance, ties="group")
    np.testing.assert_allclose((hits / ranks)[::-1], precision[:-1], atol=1e-15)
    np.testing.assert_allclose((hits / hits[-1])[::-1], recall[:-1], atol=1e-15)


def test_nothing_relevant_is_undefined():
    assert np.isnan(average_precision([2, 1], [0, 0]))
    assert np.isnan(average_precision([], []))
    assert average_precision([], [], n_relevant=3) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], [1]), "shapes"),
        (([1, float("nan")], [1, 0]), "NaN"),
    ],
)
def test_bad_arrays_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        average_precision(*arguments)


def test_bad_choices_are_refused():
    with pytest.raises(ValueError, match="interpolation: got 'eleven'"):
        average_precision([1], [1], interpolation="eleven")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ties: got 'luck'"):
        average_precision([1], [1], ties="luck")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_relevant: got 1, but 2"):
        average_precision([2, 1], [1, 1], n_relevant=1)
