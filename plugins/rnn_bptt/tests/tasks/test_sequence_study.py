"""The training study: its problems, its optimiser against torch, checkpoints, truncation."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import ConfigError, DataError, build


def study(**options):
    node = {"name": "sequence_study", "layer": {"name": "gru", "hidden": 8}, "steps": 30, "seeds": 2, **options}
    return build("task", {"problem": {"name": "keyword_recall", "keywords": 3, "fillers": 4}, **node})


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


@pytest.mark.parametrize(
    "damage", ["history/0", "params/readout.weight", "second/readout.weight", "active", "count", "generators"]
)
def test_a_checkpoint_that_someone_has_changed_is_refused_by_its_name(run, tmp_path, damage):
    path = tmp_path / "study.npz"
    study(checkpoint=str(path), checkpoint_every=10, steps=10).run(run)
    with np.load(path) as kept:
        arrays = dict(kept)
    if damage in arrays:
        arrays[damage] = arrays[damage][..., :1]
    else:
        facts = json.loads(str(arrays["facts"]))
        assert damage in facts
        arrays["facts"] = np.array(json.dumps(facts | {damage: [5]}))
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=r"study\.npz is no checkpoint of a study"):
        study(checkpoint=str(path), steps=20).run(run)


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
        ({"truncation": 0}, "truncation: got 0"),
        ({"seeds": 0}, "seeds: got 0"),
        ({"decades": 0.0}, "decades: got 0"),
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


def test_a_model_is_the_same_alone_and_in_company(run):
    node = {"name": "sequence_study", "layer": "lstm", "steps": 20, "problem": {"name": "keyword_recall", "fillers": 2}}
    one, three = (build("task", {**node, "seeds": seeds}).run(run).tables["models"] for seeds in (1, 3))
    assert one[0]["loss"] == pytest.approx(three[0]["loss"], rel=1e-6)
    assert one[0]["score"] == three[0]["score"]


def test_recall_is_learnt_and_forgotten(run):
    node = {"name": "sequence_study", "layer": {"name": "lstm", "hidden": 32, "forget_bias": 1}, "seeds": 2}
    easy = build("task", {**node, "problem": {"name": "keyword_recall", "fillers": 3}}).run(run).metrics
    assert easy["accuracy"].value > 0.97
    assert easy["solved"].value == 1
    assert 100 <= easy["steps_to_threshold"].value < 600
    hard = build("task", {**node, "problem": {"name": "keyword_recall", "fillers": 60}, "steps": 120}).run(run).metrics
    assert hard["accuracy"].value < 0.25, "chance is 0.125"
    assert hard["solved"].value == 0
    assert hard["steps_to_threshold"].value == np.inf
