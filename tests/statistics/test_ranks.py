"""Ranks and the best of many, in simulations whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval.statistics.ranks import chance_of_best, held_out_best, ranks_between


def test_the_best_of_equals_is_no_better_than_they_are():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(2000, 8, 5))  # sweeps, candidates, seeds
    flattered = scores.mean(axis=2).max(axis=1).mean()
    honest = np.mean([held_out_best(one).mean() for one in scores])
    assert flattered == pytest.approx(1.4236 / 5**0.5, rel=0.03), "the expected largest of eight normal numbers"
    assert abs(honest) < 3 / np.sqrt(2000 * 5)


def test_a_clear_winner_keeps_its_score():
    scores = np.array([[5.0, 6.0, 7.0], [1.0, 2.0, 0.0]])
    assert held_out_best(scores).tolist() == [5, 6, 7]
    assert np.isnan(held_out_best([[1.0, np.nan, 2.0], [0.0, 1.0, 2.0]])).any()
    with pytest.raises(ValueError, match="with two runs or more"):
        held_out_best([[1.0], [2.0]])


def test_ranks_of_nothing_shown_and_of_everything_shown():
    assert ranks_between(np.zeros((3, 3))).tolist() == [[1, 3]] * 3
    assert ranks_between(np.triu(np.ones((3, 3)), 1)).tolist() == [[1, 1], [2, 2], [3, 3]]
    assert chance_of_best(np.zeros((4, 10))).tolist() == [0.25] * 4
