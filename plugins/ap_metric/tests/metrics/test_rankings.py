"""The metrics on rankings."""

from __future__ import annotations

import pytest

from a4eval import build


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
