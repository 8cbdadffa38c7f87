"""Every metric is what the library called directly gives, under weights too, and holds to what any metric must."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, Stateful, build

DATA = {"name": "drawn_predictions", "units": 8, "rows": 6}


@pytest.fixture(autouse=True)
def libraries():
    for name in ("sklearn", "torchmetrics", "pytrec_eval"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'a4eval[conformance]'")


@pytest.fixture
def batch():
    return next(build("reader", DATA).batches(Run(directory=None)))


def fed(node, *batches):
    metric = build("metric", node)
    for one in batches:
        metric.update(one)
    return metric


def value(metric, weights=None):
    return next(iter(metric.compute(weights).values())).value


def drawn(batch, weights):
    """Return truth, prediction, score and unit of a batch with each unit as often as it weighs."""
    rows, unit = [], []
    for one, times in enumerate(weights.astype(int)):
        for copy in range(times):
            own = np.flatnonzero(batch["row_unit"] == one)
            rows += own.tolist()
            unit += [100 * one + copy] * len(own)
    rows = np.array(rows)
    return [batch[f"row_{name}"][rows] for name in ("truth", "prediction", "score")] + [np.array(unit)]


WEIGHTS = [np.ones(8), np.array([2.0, 0, 1, 3, 0, 1, 1, 0])]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["once", "drawn"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("roc_auc_score", {}),
        ("average_precision_score", {}),
        ("brier_score_loss", {}),
        ("f1_score", {"average": "macro"}),
        ("accuracy_score", {}),
        ("cohen_kappa_score", {}),
        ("max_error", {}),
        ("adjusted_rand_score", {}),
    ],
)
def test_sklearn_is_itself(batch, name, arguments, weights):
    import sklearn.metrics

    function = getattr(sklearn.metrics, name)
    truth, prediction, score, _ = drawn(batch, weights)
    second = score if name in {"roc_auc_score", "average_precision_score", "brier_score_loss"} else prediction
    metric = fed({"name": "sklearn", "metric": name, "arguments": arguments}, batch)
    assert value(metric, weights) == pytest.approx(function(truth, second, **arguments), rel=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS, ids=["once", "drawn"])
@pytest.mark.parametrize(
    ("name", "made", "indexed"),
    [
        ("classification.BinaryAUROC", {}, False),
        ("classification.BinaryF1Score", {}, False),
        ("classification.BinaryCalibrationError", {"n_bins": 5}, False),
        ("retrieval.RetrievalMAP", {}, True),
        ("retrieval.RetrievalNormalizedDCG", {"top_k": 3}, True),
    ],
)
def test_torchmetrics_is_itself(batch, name, made, indexed, weights):
    import torch
    import torchmetrics

    room, kind = name.split(".")
    direct = getattr(getattr(torchmetrics, room), kind)(**made).set_dtype(torch.float64)
    truth, _, score, unit = (torch.tensor(one) for one in drawn(batch, weights))
    direct.update(score, truth, *([unit] if indexed else []))
    metric = fed({"name": "torchmetrics", "metric": name, "arguments": made}, batch)
    assert value(metric, weights) == pytest.approx(float(direct.compute()), rel=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS, ids=["once", "drawn"])
def test_pytrec_eval_is_itself(batch, weights):
    import pytrec_eval

    truth, _, score, unit = drawn(batch, weights)
    qrels, runs = {}, {}
    for place, (one, relevance, number) in enumerate(zip(unit, truth, score, strict=True)):
        qrels.setdefault(str(one), {})[f"{place:06d}"] = int(relevance)
        runs.setdefault(str(one), {})[f"{place:06d}"] = float(number)
    found = pytrec_eval.RelevanceEvaluator(qrels, {"map", "ndcg_cut.5"}).evaluate(runs)
    metric = fed({"name": "pytrec_eval", "measures": ["map", "ndcg_cut_5"]}, batch)
    for name, got in metric.compute(weights).items():
        assert got.value == pytest.approx(np.mean([one[name] for one in found.values()]), rel=1e-12)


def test_ndcg_of_sklearn_is_taken_query_by_query(batch):
    import sklearn.metrics

    truth, score = (batch[f"row_{name}"].reshape(8, 6) for name in ("truth", "score"))
    metric = fed({"name": "sklearn", "metric": "ndcg_score", "arguments": {"k": 3}}, batch)
    assert value(metric) == pytest.approx(sklearn.metrics.ndcg_score(truth, score, k=3), rel=1e-12)


@pytest.mark.parametrize(
    "node",
    [
        {"name": "sklearn", "metric": "roc_auc_score"},
        {"name": "sklearn", "metric": "f1_score"},
        {"name": "sklearn", "metric": "max_error"},
        {"name": "sklearn", "metric": "ndcg_score"},
        {"name": "torchmetrics", "metric": "classification.BinaryAveragePrecision"},
        {"name": "torchmetrics", "metric": "retrieval.RetrievalMRR"},
        {"name": "torchmetrics", "metric": "regression.SpearmanCorrCoef"},
        {"name": "pytrec_eval", "measures": ["map", "P_5", "recip_rank"]},
        {"name": "callable", "function": "metric_functions:accuracy", "higher_is_better": True},
        {"name": "callable", "function": "metric_functions:both", "values": ["right", "wrong"]},
    ],
    ids=lambda node: node.get("metric", node.get("function", node["name"])),
)
def test_each_holds_to_what_any_metric_must(strangers, node):
    task = build("task", {"name": "check_metric", "metric": node, "data": DATA})
    result = task.run(Run(directory=None))
    bad = [f"{row}" for row in result.tables["checks"] if row["verdict"] in ("failed", "undecided")]
    assert result.verdict.outcome == "passed", "\n".join(bad)
    asked = {row["check"] for row in result.tables["checks"] if row["verdict"] == "passed"}
    assert {"weights", "merge", "compute_many", "missing"} <= asked


@pytest.mark.parametrize(
    "node", [{"name": "sklearn", "metric": "f1_score"}, {"name": "pytrec_eval", "measures": ["map"]}]
)
def test_what_was_taken_in_travels_as_data(batch, node):
    """As it does from each part of a sharded evaluation: a metric holds a function of its library besides."""
    metric, fresh = fed(node, batch, batch), build("metric", node)
    assert isinstance(metric, Stateful)
    fresh.restore([{name: np.array(one) for name, one in part.items()} for part in metric.state()])
    assert fresh.compute() == metric.compute()


def test_a_function_that_forgets_its_weights_is_failed(strangers):
    node = {"name": "callable", "function": "metric_functions:forgets_weights"}
    result = build("task", {"name": "check_metric", "metric": node, "data": DATA}).run(Run(directory=None))
    assert [row["check"] for row in result.tables["checks"] if row["verdict"] == "failed"] == ["weights"]


@pytest.mark.parametrize(
    "node",
    [
        {"name": "sklearn", "metric": "roc_auc_score"},
        {"name": "sklearn", "metric": "precision_score"},
        {"name": "torchmetrics", "metric": "classification.BinaryAUROC"},
    ],
    ids=lambda node: node["metric"],
)
def test_what_the_library_calls_undefined_is_nan(node):
    rows = {"unit": np.arange(2), "row_unit": np.arange(2), "row_score": np.array([0.1, 0.2])}
    zeros = np.zeros(2, np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(value(fed(node, {**rows, "row_truth": zeros, "row_prediction": zeros})))


def test_groups_get_values_of_their_own(batch):
    import sklearn.metrics

    group = np.where(batch["row_unit"] < 3, "few", "many")
    metric = fed({"name": "sklearn", "metric": "accuracy_score"}, {**batch, "row_group": group})
    parts = metric.compute_parts(np.stack(WEIGHTS))
    truth, prediction, _, unit = drawn(batch, WEIGHTS[1])
    few = unit < 300
    assert set(parts) == {"few", "many"}
    assert parts["few"][1] == pytest.approx(sklearn.metrics.accuracy_score(truth[few], prediction[few]), rel=1e-12)
    assert fed({"name": "sklearn", "metric": "accuracy_score"}, batch).compute_parts(np.ones((1, 8))) == {}


def test_evaluate_and_compare_take_them(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 60)
    for name, noise in (("one", 0.3), ("other", 1.0)):
        np.savez(tmp_path / name, truth=truth, score=truth + noise * rng.normal(size=60))
    readers = {name: {"name": "predictions", "path": str(tmp_path / f"{name}.npz")} for name in ("one", "other")}
    metrics = {"auroc": {"name": "sklearn", "metric": "roc_auc_score"}}
    run = Run(directory=tmp_path)
    interval = {"resamples": 200}
    node = {"name": "evaluate", "data": readers["one"], "metrics": metrics, "interval": interval}
    (found,) = build("task", node).run(run).metrics.values()
    assert found.interval.low <= found.value <= found.interval.high
    node = {"name": "compare", "first": readers["one"], "second": readers["other"], "metrics": metrics}
    result = build("task", {**node, "interval": interval, "permutations": 100}).run(run)
    (row,) = result.tables["comparison"]
    assert row["difference"] < 0
    assert row["p_bootstrap"] < 0.05


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"name": "sklearn", "metric": "f1_scor"}, "sklearn.metrics has no metric 'f1_scor'; did you mean 'f1_score'"),
        ({"name": "sklearn", "metric": "auc"}, "sklearn.metrics has no metric 'auc'"),
        (
            {"name": "sklearn", "metric": "f1_score", "arguments": {"averag": "macro"}},
            "arguments.averag: f1_score",
        ),
        ({"name": "sklearn", "metric": "f1_score", "arguments": {"sample_weight": [1]}}, "f1_score takes labels"),
        ({"name": "torchmetrics", "metric": "MeanMetric"}, "MeanMetric takes value, weight, expected preds, target"),
        ({"name": "torchmetrics", "metric": "classification.MulticlassAccuracy"}, "cannot be made with them"),
        ({"name": "torchmetrics", "metric": "os.system"}, "expected a name, classification.name"),
        ({"name": "pytrec_eval", "measures": ["maps"]}, "measures: got 'maps'"),
        ({"name": "pytrec_eval", "measures": ["num_ret"]}, "measures: got 'num_ret'"),
        ({"name": "pytrec_eval", "measures": []}, "measures is empty"),
        ({"name": "callable", "function": "mine:f"}, "allow it with --allow-import mine"),
    ],
)
def test_a_wrong_node_is_one_line(node, says):
    with pytest.raises(ConfigError, match=says):
        build("metric", node)


@pytest.mark.parametrize(
    ("node", "columns", "says"),
    [
        (
            {"name": "sklearn", "metric": "roc_auc_score"},
            {"row_prediction": np.array([1, 0])},
            "takes the column",
        ),
        ({"name": "sklearn", "metric": "f1_score"}, {"row_prediction": np.array([0.5, 2.5])}, "f1_score: "),
        ({"name": "sklearn", "metric": "roc_auc_score"}, {"row_score": np.array([1, np.nan])}, "score of row 2"),
        (
            {"name": "sklearn", "metric": "f1_score", "arguments": {"average": None}},
            {"row_prediction": np.array([1, 0])},
            "gives an array of shape",
        ),
    ],
)
def test_data_it_does_not_take_is_one_line(node, columns, says):
    rows = {"unit": np.arange(2), "row_unit": np.arange(2), "row_truth": np.array([1, 0]), **columns}
    with pytest.raises(DataError, match=says):
        fed(node, rows).compute()


def test_entries_of_an_array_are_named(batch):
    node = {"name": "sklearn", "metric": "f1_score", "arguments": {"average": None}, "values": ["no", "yes"]}
    assert list(fed(node, batch).compute()) == ["no", "yes"]


def test_a_function_is_imported_only_with_permission_and_told_by_its_name(strangers, batch):
    metric = fed({"name": "callable", "function": "metric_functions:crashes"}, batch)
    with pytest.raises(DataError, match="metric_functions:crashes ends in KeyError"):
        metric.compute()
    with pytest.raises(ConfigError, match="it has no 'predictions'"):
        build("metric", {"name": "callable", "function": "metric_functions:other_arguments"})
