"""Config values that make no sense, and numbers that overflow on the way."""

from __future__ import annotations

import pytest

from a4eval import ConfigError, DataError, build

BOTH_WAYS = {"name": "bidirectional", "cell": "gru"}


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"name": "gradient_flow", "layer": BOTH_WAYS}, "cannot be taken apart in time: it has no initial_state"),
        ({"name": "bptt_decomposition", "steps": 0}, "steps: got 0"),
        ({"name": "gradient_flow", "steps": 1}, "steps: got 1, expected at least 2"),
        ({"name": "gradient_flow", "decades": 0.0}, "decades: got 0"),
        ({"name": "sequence_study", "rate": -1.0}, "rate: got -1"),
        ({"name": "sequence_study", "clip": 0.0}, "clip: got 0"),
        ({"name": "sequence_study", "problem": {"name": "keyword_recall", "fillers": -1}}, "fillers: got -1"),
        ({"name": "sequence_study", "problem": {"name": "keyword_recall", "keywords": 1}}, "keywords: got 1"),
        (
            {"name": "gradient_flow", "layer": {"name": "bidirectional", "cell": "gru"}},
            "cannot be taken apart in time: it has no",
        ),
    ],
)
def test_bad_configs(node, message):
    with pytest.raises(ConfigError, match=message):
        build("task", node)


def test_overflow_on_the_way_is_an_error(run):
    layer = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": 1e30}
    for name in ("gradient_flow", "bptt_decomposition"):
        with pytest.raises(DataError, match="the state overflows at step"):
            build("task", {"name": name, "layer": layer, "steps": 50}).run(run)
