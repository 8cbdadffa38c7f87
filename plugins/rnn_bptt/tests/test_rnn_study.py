"""The training study: its problems, its optimiser against torch, checkpoints, truncation."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from a4eval_rnn_bptt.statistics import mean_value, t_quantile
from a4eval_rnn_bptt.training.optimiser import Optimiser
from a4eval_rnn_bptt.training.readout import OUT_BIAS, OUT_WEIGHT, backward_models, forward_models, readout_loss
from a4eval_rnn_bptt.training.sequences import SequenceBatch

from a4eval import ConfigError, DataError, build


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


relative = load("conftest").relative


def study(**options):
    node = {"name": "sequence_study", "layer": {"name": "gru", "hidden": 8}, "steps": 30, "seeds": 2, **options}
    return build("task", {"problem": {"name": "keyword_recall", "keywords": 3, "fillers": 4}, **node})


def test_keyword_recall(rng):
    batch = build("sequence_problem", {"name": "keyword_recall", "keywords": 3, "fillers": 4}).batch(rng, 50)
    assert batch.x.shape == (6, 50, 5)
    assert np.array_equal(batch.x[0].argmax(1), batch.target[0])
    assert np.array_equal(batch.x.sum(2), np.ones((6, 50)))
    assert batch.x[1:-1, :, 3].all()
    assert batch.x[-1, :, 4].all()
    assert batch.steps.tolist() == [5]
    assert set(batch.target.ravel().tolist()) == {0, 1, 2}


def test_adding(rng):
    batch = build("sequence_problem", {"name": "adding", "length": 11}).batch(rng, 2000)
    number, mark = batch.x[..., 0], batch.x[..., 1]
    assert mark[:5].sum(0).tolist() == mark[5:].sum(0).tolist() == [1] * 2000
    assert np.allclose((number * mark).sum(0), batch.target[0, :, 0])
    assert np.mean((batch.target - 1) ** 2) == pytest.approx(1 / 6, rel=0.1)


def test_copy_memory(rng):
    batch = build("sequence_problem", {"name": "copy_memory", "symbols": 4, "length": 3, "delay": 5}).batch(rng, 50)
    shown = batch.x.argmax(2)
    assert shown.shape == (11, 50)
    assert np.array_equal(shown[:3], batch.target)
    assert batch.steps.tolist() == [8, 9, 10]
    assert (shown[3:8] == 4).all()
    assert (shown[8] == 5).all()


def test_delayed_xor(rng):
    batch = build("sequence_problem", {"name": "delayed_xor", "delay": 7}).batch(rng, 200)
    assert batch.x.shape == (9, 200, 2)
    assert np.array_equal(batch.x[0, :, 0] * batch.x[1, :, 0] < 0, batch.target[0] == 1)
    assert batch.x[:, :, 1].sum(0).tolist() == [2] * 200
    assert batch.target.mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("order", "shape"), [("rows", (8, 20, 8)), ("pixels", (64, 20, 1))])
def test_digits(rng, order, shape):
    datasets = pytest.importorskip("sklearn.datasets", reason="pip install 'a4eval-rnn-bptt[digits]'")
    batch = build("sequence_problem", {"name": "sequential_digits", "order": order}).batch(rng, 20)
    assert batch.x.shape == shape
    data = datasets.load_digits()
    known = {image.tobytes(): name for image, name in zip(data.images / 16.0, data.target, strict=True)}
    images = np.ascontiguousarray(batch.x.swapaxes(0, 1)).reshape(20, 8, 8)
    assert [known[image.tobytes()] for image in images] == batch.target[0].tolist()


def test_sunspots(rng):
    pytest.importorskip("statsmodels", reason="pip install 'a4eval-rnn-bptt[sunspots]'")
    problem = build("sequence_problem", {"name": "sunspots", "length": 12})
    batch = problem.batch(rng, 500)
    assert batch.x.shape == (12, 500, 1)
    assert np.array_equal(batch.x[1:], batch.target[:-1])
    assert np.mean(batch.target**2) == pytest.approx(1, rel=0.15)
    with pytest.raises(ConfigError, match="length is 309, expected 1 to 308"):
        build("sequence_problem", {"name": "sunspots", "length": 309})


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"name": "adding", "length": 1}, "length is 1"),
        ({"name": "copy_memory", "symbols": 1}, "symbols is 1"),
        ({"name": "delayed_xor", "delay": -1}, "delay is -1"),
    ],
)
def test_bad_problems(node, message):
    with pytest.raises(ConfigError, match=message):
        build("sequence_problem", node)


@pytest.mark.parametrize("classes", [True, False])
def test_the_readout_equals_torch(torch, rng, classes):
    models, steps, batch, hidden, outputs = 3, 7, 5, 4, 6
    at = np.array([2, 6])
    y = rng.standard_normal((models, steps, batch, hidden))
    params = {
        OUT_WEIGHT: rng.standard_normal((models, outputs, hidden)),
        OUT_BIAS: rng.standard_normal((models, outputs)),
    }
    shape = (2, batch) if classes else (2, batch, outputs)
    targets = [rng.integers(outputs, size=shape) if classes else rng.standard_normal(shape) for _ in range(models)]
    batches = [SequenceBatch(y[m], target, at) for m, target in enumerate(targets)]
    loss, score, gradients, dy = readout_loss(params, y, batches, classes=classes)
    for m, target in enumerate(targets):
        ty = torch.tensor(y[m], requires_grad=True)
        leaf = {name: torch.tensor(value[m], requires_grad=True) for name, value in params.items()}
        predicted = ty[at] @ leaf[OUT_WEIGHT].T + leaf[OUT_BIAS]
        if classes:
            flat, goal = predicted.reshape(-1, outputs), torch.tensor(target).reshape(-1)
            expected = torch.nn.functional.cross_entropy(flat, goal)
            assert score[m] == pytest.approx(float((flat.argmax(1) == goal).double().mean()))
        else:
            expected = ((predicted - torch.tensor(target)) ** 2).sum(-1).mean()
            assert score[m] == loss[m]
        expected.backward()
        assert loss[m] == pytest.approx(expected.item(), rel=1e-12)
        assert relative(dy[m], ty.grad) < 1e-12
        for name, value in leaf.items():
            assert relative(gradients[name][m], value.grad) < 1e-12


@pytest.mark.parametrize("rule", ["adam", "sgd"])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_the_optimiser_equals_torch(torch, rng, rule, clip):
    params = {"a": rng.standard_normal((2, 4, 3)), "b": rng.standard_normal((2, 4))}
    kind = torch.optim.Adam if rule == "adam" else torch.optim.SGD
    theirs = [{name: torch.tensor(value[m], requires_grad=True) for name, value in params.items()} for m in range(2)]
    rules = [kind(leaf.values(), lr=0.05) for leaf in theirs]
    mine = Optimiser(rule, 0.05, clip)
    for _ in range(20):
        gradients = {name: rng.standard_normal(value.shape) for name, value in params.items()}
        norm = mine.update(params, gradients)
        for m, (leaf, one) in enumerate(zip(theirs, rules, strict=True)):
            for name, value in leaf.items():
                value.grad = torch.tensor(gradients[name][m])
            if clip is not None:
                assert norm[m] == pytest.approx(float(torch.nn.utils.clip_grad_norm_(leaf.values(), clip)))
            one.step()
            for name, value in leaf.items():
                # torch adds 1e-6 to the norm it divides by
                assert relative(params[name][m], value.detach()) < (1e-12 if clip is None else 1e-5)


def test_a_gradient_that_is_not_finite_moves_nothing():
    params = {"a": np.ones((2, 3))}
    norm = Optimiser("adam", 0.1, 1.0).update(params, {"a": np.array([[np.inf, 0, 0], [1.0, 0, 0]])})
    assert params["a"][0].tolist() == [1, 1, 1]
    assert params["a"][1, 0] < 1
    assert norm[0] == np.inf


@pytest.mark.parametrize("window", [1, 3, 10])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_truncation_hands_on_the_state_but_not_the_gradient(torch, rng, cell, window):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4})
    drawn = [layer.init(rng) for _ in range(2)]
    params = {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}
    x, dy = rng.standard_normal((2, 8, 5, 3)), rng.standard_normal((2, 8, 5, 4))
    y, tapes = forward_models(layer, params, x, window)
    got = backward_models(layer, params, tapes, dy)
    whole, _ = layer.forward(params, x)
    assert relative(y, whole) < 1e-14
    module = getattr(torch.nn, cell.upper())(3, 4, dtype=torch.float64)
    for m, one in enumerate(drawn):
        module.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in one.items()})
        module.zero_grad()
        state = None
        for first in range(0, 8, window):
            out, state = module(torch.tensor(x[m, first : first + window]), state)
            state = tuple(part.detach() for part in state) if cell == "lstm" else state.detach()
            (out * torch.tensor(dy[m, first : first + window])).sum().backward()
        for name in one:
            assert relative(got[name][m], getattr(module, f"{name}_l0").grad) < 1e-12


def test_a_killed_study_goes_on_bit_for_bit(run, tmp_path):
    options = {"threshold": 0.9, "window": 10, "checkpoint_every": 20}  # one of the models stops early
    whole = study(steps=160, **options).run(run)
    assert len({row["steps"] for row in whole.tables["models"]}) == 2
    path = tmp_path / "deep" / "study.npz"
    study(steps=70, checkpoint=str(path), **options).run(run)  # the last save is at step 60
    late = study(steps=105, checkpoint=str(path), **options).run(run)
    assert late != whole
    assert study(steps=160, checkpoint=str(path), **options).run(run) == whole
    assert [one.name for one in path.parent.iterdir()] == ["study.npz"]


def test_a_checkpoint_of_another_study_is_refused(run, tmp_path):
    path = tmp_path / "study.npz"
    study(checkpoint=str(path), checkpoint_every=10).run(run)
    with pytest.raises(DataError, match="belongs to another study"):
        study(checkpoint=str(path), rate=0.1).run(run)
    path.write_bytes(b"nonsense")
    with pytest.raises(DataError, match="is no checkpoint of a study"):
        study(checkpoint=str(path)).run(run)


def test_flow_before_and_after(run):
    layer = {"name": "lstm", "hidden": 8, "forget_bias": -3.0}
    problem = {"name": "keyword_recall", "keywords": 2, "fillers": 30}
    result = study(layer=layer, problem=problem, steps=3).run(run)
    assert result.metrics["log10_per_step_before"].value < -0.5
    assert result.metrics["log10_per_step_after"].value < -0.5
    assert {row["flow_before"] for row in result.tables["models"]} == {"vanishes"}
    bare = study(layer=layer, problem=problem, steps=3, flow=False).run(run)
    assert "log10_per_step_before" not in bare.metrics
    assert bare.metrics["accuracy"] == result.metrics["accuracy"], "measuring must not change the training"


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_value_problem_is_learnt(run, optimiser):
    rate = 1e-2 if optimiser == "adam" else 0.3
    options = {"problem": {"name": "adding", "length": 4}, "steps": 400, "optimiser": optimiser, "rate": rate}
    result = study(**options).run(run)
    assert result.metrics["error"].value < 0.06, "saying 1 always has 1/6"
    assert result.metrics["error"].interval.low >= 0


def test_truncated_training_runs_and_costs_memory_of_the_past(run):
    problem = {"name": "keyword_recall", "keywords": 4, "fillers": 8}
    options = {"problem": problem, "steps": 250, "rate": 1e-2}
    assert study(**options).run(run).metrics["accuracy"].value > 0.9
    assert study(**options, truncation=3).run(run).metrics["accuracy"].value < 0.6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truncation": 0}, "truncation is 0"),
        ({"seeds": 0}, "seeds is 0"),
        ({"decades": 0.0}, "decades is 0"),
        ({"layer": {"name": "bidirectional", "cell": "rnn"}, "truncation": 3}, "does not derive from Recurrent"),
        ({"optimiser": "adan"}, "did you mean 'adam'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message):
        study(**options)


def test_the_learning_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    from a4eval import Run

    run = Run(directory=tmp_path, seed=0, pictures=True)
    study().run(run)
    assert {path.name for path in run.artifacts} == {"learning.png", "learning.svg"}


@pytest.mark.parametrize("freedom", [1, 2, 10, 30, 31, 100, 1000])
def test_students_t(freedom):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-3)


def test_intervals_stay_within_bounds():
    value = mean_value([1.0, 1.0, 0.7], bounds=(0, 1))
    assert value.interval.high == 1
    assert value.interval.low < 0.7
    assert mean_value([0.4]).interval is None
    assert mean_value([0.4, np.inf]).interval is None
