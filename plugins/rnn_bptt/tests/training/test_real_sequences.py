"""The problems on real data."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build


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
    with pytest.raises(ConfigError, match="length: got 309, expected at most 308 years"):
        build("sequence_problem", {"name": "sunspots", "length": 309})
