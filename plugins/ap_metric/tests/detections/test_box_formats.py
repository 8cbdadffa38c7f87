"""Notations of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    to_xywh,
)


def test_formats_agree():
    xywh = np.array([[1.0, 2, 30, 40]])
    assert to_xywh([[1, 2, 31, 42]], "xyxy").tolist() == xywh.tolist()
    assert to_xywh([[16, 22, 30, 40]], "cxcywh").tolist() == xywh.tolist()
    with pytest.raises(ValueError, match="format: got 'yxyx'"):
        to_xywh(xywh, "yxyx")  # type: ignore[arg-type]
