"""Rankings written into the config."""

from __future__ import annotations

import pytest

from a4eval import build


def test_the_inline_reader_ranks_as_given_or_by_score(tmp_path):
    from a4eval import Run

    run = Run(directory=tmp_path)
    (given,) = build("reader", {"name": "ranking", "relevance": [1, 0]}).batches(run)
    (scored,) = build("reader", {"name": "ranking", "relevance": [1, 0], "scores": [0.1, 0.2]}).batches(run)
    for batch, expected in ((given, 1.0), (scored, 0.5)):
        metric = build("metric", "average_precision")
        metric.update(batch)
        assert metric.compute()["average_precision"].value == expected


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"relevance": []}, "empty list"),
        ({"relevance": [1, 0], "scores": [1.0]}, "got 1 for 2 items"),
        ({"relevance": [1, 0], "scores": [1.0, float("nan")]}, r"scores\[1\]: got nan"),
    ],
)
def test_the_inline_reader_refuses(node, words):
    from a4eval import ConfigError

    with pytest.raises(ConfigError, match=words):
        build("reader", {"name": "ranking", **node})
