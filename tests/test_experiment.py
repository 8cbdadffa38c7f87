"""The root keys of a config: their defaults stand in ``config.yaml`` and in ``Root``, and are the same."""

from __future__ import annotations

from a4eval.config.compose import compose
from a4eval.experiment import Experiment, Root


def test_the_defaults_of_the_yaml_are_those_of_the_code(tmp_path):
    config = compose(["task=probe"])
    given = {key: config[key] for key in Root.__struct_fields__ if key not in ("task", "executor")}
    ours = Root(task=None)
    assert given == {key: getattr(ours, key) for key in given}
    assert config.executor.name == ours.executor
    assert set(config) == {*Root.__struct_fields__, "hydra"}


def test_the_root_is_converted_once(tmp_path):
    experiment = Experiment(None, {"task": "probe", "seed": 3}, (), tmp_path)
    assert experiment.root is experiment.root
    assert experiment.root.seed == 3
