"""trec_eval's measures, TREC's files, flat tables, and ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from a4eval_ap_metric import average_precision, ranking_measures, ranking_order, read_trec, tie_range
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval import DataError, Run, build

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


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6))
@pytest.mark.parametrize("interpolation", ["step", "every_point", "11_point", "101_point"])
def test_tie_range_is_that_of_all_orders(interpolation, items):
    scores = np.array([one[0] for one in items])
    relevance = np.array([one[1] for one in items])
    if not relevance.any():
        assert np.isnan(tie_range(scores, relevance)).all()
        return
    every = [
        average_precision(scores[list(order)], relevance[list(order)], interpolation=interpolation)
        for order in permutations(range(len(items)))
    ]
    assert tie_range(scores, relevance, interpolation=interpolation) == pytest.approx((min(every), max(every)))


def lines(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


QRELS = "1 0 a 1\n1 0 b 0\n2 0 a 1\n"
RUN = "1 Q0 a 1 0.5 x\n1 Q0 c 2 0.4 x\n"


def test_unanswered_queries_count_only_when_asked(tmp_path):
    qrels, run = lines(tmp_path, "qrels", QRELS), lines(tmp_path, "run", RUN + "\n9 Q0 a 1 1 x\n")
    assert read_trec(qrels, run)["unit"].tolist() == ["1"]
    node = {"name": "trec", "qrels": str(qrels), "run": str(run), "complete": True}
    metric = build("metric", "trec_eval")
    for batch in build("reader", node).batches(Run(directory=tmp_path)):
        assert np.isnan(batch["relevance"]).tolist() == [False, True]
        metric.update(batch)
    values = metric.compute()
    assert values["num_q"].value == 2
    assert values["map"].value == 0.5
    assert values["gm_map"].value == pytest.approx(np.sqrt(1e-5))


@pytest.mark.parametrize(
    ("qrels", "run", "words"),
    [
        ("1 0 a\n", RUN, "qrels: line 1: got 3 fields, expected 4"),
        ("1 0 a high\n", RUN, "qrels: entry 1: grade 'high'"),
        (QRELS, "1 Q0 a 1 x\n", "run: line 1: got 5 fields"),
        (QRELS, "1 Q0 a 1 nan x\n", "run: entry 1: score 'nan' is not a finite"),
        (QRELS, RUN + RUN, "run: document a is retrieved twice for query 1"),
        (QRELS + QRELS, RUN, "qrels: document a is judged twice"),
    ],
)
def test_bad_trec_files_are_refused(tmp_path, qrels, run, words):
    with pytest.raises(DataError, match=words):
        read_trec(lines(tmp_path, "qrels", qrels), lines(tmp_path, "run", run))


def test_trec_ties_need_documents():
    with pytest.raises(ValueError, match="no document ids"):
        ranking_order([1.0], ties="trec")


TABLE = "query,score,relevance,document\nx,0.5,1,a\nx,0.5,0,b\ny,1,1,a\n"


def evaluated(tmp_path, path, **metric):
    node = {
        "name": "evaluate",
        "data": {"name": "ranking_table", "path": str(path), "document": "document"},
        "metrics": {"ap": {"name": "average_precision", **metric}, "range": "average_precision_range"},
    }
    result = build("task", node).run(Run(directory=tmp_path))
    return {name: value.value for name, value in result.metrics.items()}


def test_flat_tables(tmp_path):
    path = lines(tmp_path, "ranking.csv", TABLE)
    assert evaluated(tmp_path, path) == {"ap": 1, "lowest": 0.75, "highest": 1}
    assert evaluated(tmp_path, path, ties="trec")["ap"] == 0.75
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")
    from pyarrow import csv, feather, parquet

    table = csv.read_csv(path)
    assert isinstance(table, pyarrow.Table)
    parquet.write_table(table, tmp_path / "ranking.parquet")
    feather.write_feather(table, tmp_path / "ranking.arrow")
    for name in ("ranking.parquet", "ranking.arrow"):
        assert evaluated(tmp_path, tmp_path / name) == evaluated(tmp_path, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty, expected a header"),
        ("query,score\nx,1\n", "there is no column 'relevance'; it has query, score"),
        (TABLE + "y,1\n", "line 5: got 2 cells, expected 4"),
        (TABLE + "y,,1,b\n", "column 'score': the cell in row 4 is empty"),
        (TABLE + "y,high,1,b\n", "column 'score': expected numbers, got text"),
        (TABLE + "y,nan,1,b\n", "column 'score': row 4 is not a finite number"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        evaluated(tmp_path, lines(tmp_path, "ranking.csv", text))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected \.csv"):
        evaluated(tmp_path, lines(tmp_path, "ranking.txt", TABLE))
    with pytest.raises(DataError, match="No such file"):
        evaluated(tmp_path, tmp_path / "nowhere.csv")
    pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    with pytest.raises(DataError, match="cannot be read"):
        evaluated(tmp_path, lines(tmp_path, "ranking.parquet", TABLE))


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


def test_weights_are_copies_of_queries():
    rng = np.random.default_rng(0)
    metric = build("metric", {"name": "trec_eval", "ties": "order", "cutoffs": [3]})
    metric.update(
        {
            "unit": np.arange(4),
            "row_unit": rng.integers(0, 4, 40),
            "score": rng.random(40),
            "relevance": rng.integers(0, 2, 40).astype(float),
        }
    )
    weights = np.array([2.0, 0, 1, 1])
    values = metric.compute(weights)
    column = metric.per_query()[:, list(metric.names).index("map")]
    assert values["map"].value == pytest.approx(np.mean(column[[0, 0, 2, 3]]))
    assert values["num_q"].value == 4
    assert values["gm_map"].value == pytest.approx(np.exp(np.mean(np.log(column[[0, 0, 2, 3]]))))
    assert {name: one[0] for name, one in metric.compute_many(weights[None]).items()} == {
        name: value.value for name, value in values.items()
    }
