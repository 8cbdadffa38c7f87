"""The table on the page "Is my part right?" is of the parts that there are, and says what it must."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..mutants import right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics
from ..mutants.layer_base import RIGHT as RIGHT_LAYERS
from ..mutants.layer_base import WRONG as WRONG_LAYERS
from ..mutants.metric_base import RIGHT as RIGHT_METRICS
from ..mutants.metric_base import WRONG as WRONG_METRICS
from ..mutants.wrong_readers import WRONG as WRONG_READERS

assert all((right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics))

PAGE = Path(__file__).resolve().parents[2] / "docs" / "is-my-part-right.md"
ROW = re.compile(r"^\| (\w+) \| (\d+) of (\d+) \| (\d+) \| (\d+) of [\d,]+ \|", re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("layers", WRONG_LAYERS, RIGHT_LAYERS),
        ("metrics", WRONG_METRICS, RIGHT_METRICS),
        ("readers", WRONG_READERS, ("Table",)),
    ],
)
def test_every_part_with_a_bug_is_caught_and_no_right_one_blamed(kind, wrong, right):
    found = {row[0]: tuple(map(int, row[1:])) for row in ROW.findall(PAGE.read_text())}
    assert found[kind] == (len(wrong), len(wrong), len(right), 0)
