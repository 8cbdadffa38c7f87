"""What torch does not have is refused as a reference."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import build


@pytest.mark.parametrize(
    ("layer", "framework", "message"),
    [
        ({"name": "rnn", "activation": "linear"}, "torch", "without an activation"),
        ({"name": "lstm", "coupled": True}, "torch", "coupled gates"),
        ({"name": "gru", "reset_after": False}, "torch", "resets before"),
        ({"name": "gru"}, "keras", "got reference 'keras', expected torch"),
    ],
)
def test_what_torch_does_not_have(layer, framework, message):
    with pytest.raises(ValueError, match=message):
        build("layer", layer).reference(framework, {}, np.zeros((1, 1, 1)), np.zeros((1, 1, 1)))
