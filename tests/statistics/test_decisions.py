"""Decisions: mirrored, monotone, never worse than oneself, and as often wrong as said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval.statistics.decisions import Difference, decide, detectable, least_units_for_holm, more_units
from a4eval.statistics.few_units import Shape, effective_groups, one_sided_p, shape_of, shares
from a4eval.statistics.resampled import difference, resample

MIRRORED = {"better": "worse", "worse": "better", "equivalent": "equivalent", "undecided": "undecided"}
RANKS = ["failed", "undecided", "passed"]


def mean_of(values):
    return lambda weights: {"mean": (weights * values).sum(axis=1) / weights.sum(axis=1)}


def differences_of(first, second, *, clusters=None, resamples=200, seed=0, margin=0.0, higher=True):
    drawn = [
        resample(
            mean_of(np.asarray(values, float)),
            len(first),
            np.random.default_rng(seed),
            resamples=resamples,
            clusters=clusters,
        )
        for values in (first, second)
    ]
    found = difference(*drawn)
    return Difference(found.observed["mean"], found.values["mean"], found.groups, higher, margin)


VALUES = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.0, 1.0, 3.0]), min_size=2, max_size=25)
MARGINS = st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.5])


@st.composite
def units(draw):
    """Values with ties, of ten units as of any number, and the clusters that they may stand in."""
    values = draw(st.one_of(VALUES, st.lists(st.sampled_from([-1.0, 0.0, 0.5]), min_size=10, max_size=10)))
    size = draw(st.integers(1, 4))
    return np.array(values), np.arange(len(values)) // size if size > 1 and len(values) > size else None


@st.composite
def pairs(draw):
    """Some numbers of two, compared together."""
    found = {}
    for name in "abc"[: draw(st.integers(1, 3))]:
        gaps, clusters = draw(units())
        found[name] = differences_of(
            np.zeros(len(gaps)),
            gaps,
            clusters=clusters,
            seed=draw(st.integers(0, 5)),
            margin=draw(MARGINS),
            higher=draw(st.booleans()),
        )
    return found


def swapped(one):
    return replace(one, observed=-one.observed, values=-one.values)


@given(pairs())
@settings(max_examples=60)
def test_swapping_the_two_mirrors_every_verdict(differences):
    forth = decide(differences)
    back = decide({name: swapped(one) for name, one in differences.items()})
    for name, one in forth.items():
        assert back[name].verdict == MIRRORED[one.verdict]
        assert (back[name].p_better, back[name].p_worse) == (one.p_worse, one.p_better)
        assert back[name].p_equivalent == one.p_equivalent
        assert back[name].more_units == one.more_units


@given(pairs())
@settings(max_examples=30)
def test_turning_the_direction_round_is_swapping(differences):
    turned = decide(
        {name: replace(one, higher_is_better=not one.higher_is_better) for name, one in differences.items()}
    )
    back = decide({name: swapped(one) for name, one in differences.items()})
    assert {name: one.verdict for name, one in turned.items()} == {name: one.verdict for name, one in back.items()}


@given(units(), st.one_of(MARGINS, st.floats(1e-300, 1e300)))
def test_equal_to_the_baseline_is_never_worse_and_equivalent_at_any_margin(drawn, margin):
    values, clusters = drawn
    found = decide({"x": differences_of(values, values, clusters=clusters, margin=margin)})["x"]
    assert found.not_worse == "passed"
    assert found.verdict == ("equivalent" if margin > 0 else "undecided")
    assert found.p_different == 1


@given(units(), st.integers(0, 5))
@settings(max_examples=60)
def test_a_larger_margin_is_never_stricter(drawn, seed):
    values, clusters = drawn
    one = differences_of(np.zeros(len(values)), values, clusters=clusters, seed=seed)
    found = [decide({"x": replace(one, margin=margin)})["x"] for margin in (0, 0.01, 0.1, 0.5, 1, 2, 5, 100)]
    gates = [RANKS.index(each.not_worse) for each in found]
    assert gates == sorted(gates)
    assert [each.p_worse for each in found] == sorted(each.p_worse for each in found)
    equivalent = [each.verdict == "equivalent" for each in found]
    assert equivalent == sorted(equivalent)


def test_one_decision_at_most_and_a_gate_that_fits_it():
    rng = np.random.default_rng(1)
    fits = {"better": {"passed"}, "equivalent": {"passed"}, "worse": {"failed"}, "undecided": {"passed", "undecided"}}
    seen = set()
    for shift in np.linspace(-1, 1, 41):
        one = differences_of(np.zeros(30), rng.normal(shift, 1, 30), margin=0.3)
        found = decide({"x": one})["x"]
        assert found.not_worse in fits[found.verdict]
        assert sum(p <= 0.05 for p in (found.p_worse, found.p_better, found.p_equivalent)) <= 1
        seen.add(found.verdict)
    assert {"better", "worse", "undecided"} <= seen


def test_many_tests_are_corrected():
    rng = np.random.default_rng(2)
    one = differences_of(np.zeros(40), rng.normal(-0.45, 1, 40), resamples=4000)
    alone = decide({"x": one})["x"]
    none = differences_of(np.zeros(40), rng.normal(0, 1, 40), resamples=4000)
    together = decide({"x": one, **{str(place): none for place in range(99)}})["x"]
    assert alone.verdict == "worse"
    assert together.p_worse == pytest.approx(min(1, 100 * alone.p_worse))
    assert together.verdict == "undecided"


def test_what_no_data_of_this_size_could_tell():
    five = differences_of(np.zeros(5), [3.0, 3.1, 3.2, 3.3, 3.4])
    found = decide({"x": five})["x"]
    assert (found.verdict, found.unresolvable) == ("undecided", True)
    six = differences_of(np.zeros(6), [3.0, 3.1, 3.2, 3.3, 3.4, 3.5], resamples=20000)
    assert decide({"x": six})["x"].verdict == "better"
    # 100 resamples can give no p below 2/101, which is too much for ten tests
    rng = np.random.default_rng(3)
    few = {str(place): differences_of(np.zeros(50), rng.normal(2, 1, 50), resamples=100) for place in range(10)}
    assert all(one.unresolvable for one in decide(few).values())
    assert least_units_for_holm(0.05, 1) == 6


def test_undefined_is_undecided():
    nan = Difference(math.nan, np.full(100, math.nan), 20, True, 0.1)
    half = Difference(0.5, np.where(np.arange(100) < 50, math.nan, 0.5), 20, True)
    for one in (nan, half):
        found = decide({"x": one})["x"]
        assert (found.verdict, found.not_worse, found.more_units) == ("undecided", "undecided", None)
        assert math.isnan(found.p_different)


def test_without_a_direction_only_equivalence_can_be_said():
    rng = np.random.default_rng(4)
    far = differences_of(np.zeros(30), rng.normal(5, 1, 30), higher=None, margin=1.0)
    assert decide({"x": far})["x"].verdict == "undecided"
    near = replace(far, margin=10.0)
    assert (decide({"x": near})["x"].verdict, decide({"x": near})["x"].not_worse) == ("equivalent", "passed")


def test_the_units_said_to_decide_do_so_four_times_in_five():
    rng = np.random.default_rng(5)
    one = differences_of(np.zeros(40), rng.normal(0, 1, 40), resamples=2000)
    one = replace(one, observed=0.2)
    needed = 40 + more_units(one, 0.05, (0.0,))
    spread = float(np.std(one.values)) * math.sqrt(40 / 39) * math.sqrt(40)  # of a unit
    # the normal theory of a mean of so many units, known exactly
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")

    power = 1 - stats.norm.cdf(stats.norm.ppf(0.975) - 0.2 / (spread / math.sqrt(needed)))
    assert power == pytest.approx(0.8, abs=0.02)
    assert detectable(replace(one, groups=1)) != detectable(one)


def test_a_margin_that_is_none_is_refused():
    with pytest.raises(ValueError, match="margin: got -1"):
        Difference(0.0, np.zeros(3), 3, True, -1.0)
    with pytest.raises(ValueError, match="alpha: got 5"):
        decide({}, alpha=5)


@pytest.mark.parametrize("groups", [2, 3, 10, 1000])
def test_the_corrections_for_few_units_are_students(groups):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")

    normal = Shape(0.0, 0.0, groups)
    for level in (0.8, 0.95):
        t = stats.t.ppf((1 + level) / 2, groups - 1)
        tail = stats.norm.cdf(-t * math.sqrt(groups / (groups - 1)))
        assert shares(level, normal) == pytest.approx((tail, 1 - tail))
    share = 0.03
    t = -stats.norm.ppf(share) * math.sqrt((groups - 1) / groups)
    assert one_sided_p(share, normal) == pytest.approx(max(stats.t.sf(t, groups - 1), 0.5**groups))
    assert one_sided_p(1 - share, normal) == pytest.approx(stats.t.cdf(t, groups - 1))


@given(st.floats(-0.4, 0.4), st.floats(-0.2, 0.2), st.sampled_from([8, 30, 10**6]), st.floats(0.5, 0.98))
def test_a_p_value_is_the_interval_read_backwards(bias, skew, groups, level):
    shape = Shape(bias, skew, groups)
    low, high = shares(level, shape)
    for share, of in ((low, shape), (1 - high, shape.mirrored())):
        if 1e-6 < share < 1 - 1e-6:
            assert one_sided_p(share, of) == pytest.approx(max((1 - level) / 2, 0.5**groups), rel=1e-4)


def test_the_shape_of_resamples_is_bcas():
    """Of a mean the acceleration is a sixth of the skewness over the root of n, and the bias is about the same."""
    units = np.random.default_rng(0).exponential(size=50)
    one = differences_of(np.zeros(50), units, resamples=40000)
    shape = shape_of(one.values, one.observed, 50)
    away = units - units.mean()
    acceleration = (away**3).sum() / (away**2).sum() ** 1.5 / 6
    assert shape.skew == pytest.approx(acceleration, rel=0.1)
    assert shape.bias == pytest.approx(acceleration, abs=0.02)
    assert shape_of(-one.values, -one.observed, 50) == shape.mirrored()


@pytest.mark.parametrize("holders", [1, 2, 4])
def test_a_class_in_few_images_has_as_few_units(holders):
    """Its difference is the same in all of them, and undefined where none is drawn."""
    rng = np.random.default_rng(8)
    drawn = np.array([np.isin(np.arange(holders), rng.integers(100, size=100)).any() for _ in range(4000)])
    one = Difference(-0.3, np.where(drawn, -0.3 + 1e-17, math.nan), 100, higher_is_better=True)
    assert effective_groups(one.values, 100) == holders
    found = decide({"x": one})["x"]
    assert (found.verdict, found.unresolvable) == ("undecided", True)


NULLS = {
    "10 units": (10, 1, lambda rng, n: rng.normal(size=n)),
    "10 skewed units": (10, 1, lambda rng, n: rng.exponential(size=n) - 1),
    "ties": (40, 1, lambda rng, n: rng.choice([-1.0, 0.0, 0.0, 0.0, 1.0], n)),
    "10 units, mostly ties": (10, 1, lambda rng, n: rng.choice([-1.0, 0.0, 0.0, 0.0, 1.0], n)),
    "10 clusters of 4, ties": (40, 4, lambda rng, n: np.repeat(rng.choice([-1.0, 0.0, 0.0, 1.0], n // 4), 4)),
    "12 clusters of 5": (60, 5, lambda rng, n: np.repeat(rng.normal(size=n // 5), 5) + 0.3 * rng.normal(size=n)),
}


@pytest.mark.parametrize("kind", NULLS)
def test_under_the_null_worse_is_rare(kind):
    """400 pairs here; benchmarks/gate_simulation.py has 2,000 of more kinds."""
    n, size, gaps = NULLS[kind]
    rng = np.random.default_rng(7)
    clusters = np.arange(n) // size if size > 1 else None
    worse = 0
    for seed in range(400):
        one = differences_of(np.zeros(n), gaps(rng, n), clusters=clusters, resamples=199, seed=seed)
        worse += decide({"x": one})["x"].verdict == "worse"
    assert worse / 400 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_where_resamples_are_lacking_more_units_are_not_asked_for():
    drawn = np.random.default_rng(0).normal(0.01, 0.01, 60)
    many = {str(at): Difference(0.01, drawn, 500, higher_is_better=True) for at in range(80)}
    found = decide(many)["0"]
    assert (found.unresolvable, found.more_resamples, found.more_units) == (True, True, None)
    few = decide({name: Difference(0.01, drawn, 8, higher_is_better=True) for name in many})["0"]
    assert (few.unresolvable, few.more_resamples) == (True, False)
    assert few.more_units >= 4, "80 tests need 12 units"


def test_more_units_of_a_small_class_are_counted_in_units_of_all():
    """A class of two images in a hundred: ten more of it take five hundred more of all."""
    drawn = np.random.default_rng(0).normal(0.3, 0.01, 4000)
    drawn[: round(4000 * 0.98**100)] = np.nan
    one = decide({str(at): Difference(0.3, drawn, 100, higher_is_better=True) for at in range(80)})["0"]
    assert (one.unresolvable, one.more_resamples) == (True, False)
    assert one.more_units == 500
