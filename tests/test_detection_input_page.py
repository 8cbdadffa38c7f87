"""What docs/detection-input.md says of a4eval beside other libraries is what it does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # last: what is installed comes first

from benchmarks.detection_cases import CASES  # noqa: E402  (it is found from here on)
from benchmarks.detection_input import ours  # noqa: E402

PAGE = (ROOT / "docs" / "detection-input.md").read_text()
ROWS = re.findall(
    r"^\| (.+?) \| (.+?) \|", re.search("<!-- detection_input -->(.*?)<!-- /", PAGE, re.DOTALL)[1], re.MULTILINE
)


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
def test_a_doubtful_input_ends_as_the_page_says(case, tmp_path):
    if case.kind == "segm":
        pytest.importorskip("pycocotools", reason="pycocotools encodes masks")
    assert case.ours.startswith(ours(case, *case.written(tmp_path), tmp_path))


def test_the_page_lists_every_case():
    assert ROWS[2:] == [(case.name, case.ours) for case in CASES]
