"""trec_eval's measures."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import ranking_measures, ranking_order
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval import Run, build

from ..shared_data import SHARED

FILES = SHARED / "trec"


@pytest.mark.skipif(not FILES.exists(), reason="the TREC conformance data is not there")
def test_every_printed_digit_of_trec_eval(tmp_path):
    node = {
        "name": "evaluate",
        "data": {"name": "trec", "qrels": str(FILES / "qrels.test"), "run": str(FILES / "results.test")},
        "metrics": {
            "trec_eval": "trec_eval",
            "map": {"name": "average_precision", "ties": "trec"},
            "map_cut": {"name": "average_precision", "ties": "trec", "cutoff": 100},
        },
        "prefix": True,
    }
    values = {name: value.value for name, value in build("task", node).run(Run(directory=tmp_path)).metrics.items()}
    compared = 0
    for line in (FILES / "out.test.a").read_text().splitlines():
        name, _, expected = line.split()
        if f"trec_eval/{name}" in values:
            got = values[f"trec_eval/{name}"]
            assert (f"{got:.4f}" if "." in expected else f"{got:.0f}") == expected, name
            compared += 1
    assert compared == 63
    assert values["map"] == pytest.approx(values["trec_eval/map"], abs=1e-15)
    assert values["map_cut"] == pytest.approx(values["trec_eval/map_cut_100"], abs=1e-15)


judged_items = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([None, 0, 0, 1, 1, 2, 3])), min_size=1, max_size=30
)


@settings(deadline=None)
@given(judged_items, st.lists(st.integers(0, 2), max_size=8))
def test_measures_equal_pytrec_eval(items, missed):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="pytrec_eval is the reference")
    run = {f"d{index:02}": float(score) for index, (score, _) in enumerate(items)}
    qrels = {f"d{index:02}": grade for index, (_, grade) in enumerate(items) if grade is not None}
    qrels |= {f"m{index}": grade for index, grade in enumerate(missed)}
    if not qrels:
        return
    expected = pytrec_eval.RelevanceEvaluator({"q": qrels}, pytrec_eval.supported_measures).evaluate({"q": run})["q"]
    order = ranking_order(list(run.values()), ties="trec", documents=list(run))
    grades = np.array([np.nan if items[index][1] is None else items[index][1] for index in order], float)
    got = ranking_measures(grades, np.array(list(qrels.values()), float))
    compared = 0
    for name, value in got.items():
        # pytrec_eval's interpolated precision rounds recall levels as trec_eval did before 9.0.8
        if name in expected and name != "gm_map" and not name.startswith(("iprec", "11pt", "num_q")):
            assert value == pytest.approx(expected[name], abs=1e-12), name
            compared += 1
    assert compared > 40


def test_a_negative_grade_is_not_judged():
    # ranks b (−1), a (1), c (0): bpref passes over b and finds no judged non-relevant item above a
    found = ranking_measures(np.array([-1.0, 1, 0]), np.array([1.0, -1, 0]))
    assert found["bpref"] == 1
    assert found["map"] == 0.5, "for all other measures it is an item like any that nobody judged"
    assert found["num_rel"] == 1
    for junk in (-2.0, -5.0):
        assert ranking_measures(np.array([junk, 0, 1]), np.array([junk, 0, 1]))["bpref"] == 0
        assert ranking_measures(np.array([junk, 1]), np.array([junk, 1]), level=-3)["num_rel"] == 1
