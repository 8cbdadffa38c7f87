"""Cases, definitions and other ways to the same numbers that several tests share."""

from itertools import product

import numpy as np
import pytest
from a4eval_deconv import conv_transpose
from a4eval_deconv.frameworks.peers import installed_frameworks
from hypothesis import strategies as st


def arrays(configuration, dtype=np.float64):
    rng = np.random.default_rng(5)
    x = rng.integers(-9, 10, (configuration["n"], configuration["c"], *configuration["size"]))
    weight = rng.integers(-9, 10, (configuration["c"], configuration["o"], *configuration["kernel"]))
    return x.astype(dtype), weight.astype(dtype)


def brute_force(x, weight, stride, padding, output_padding, dilation, groups):
    """Send every input to every tap, one at a time, straight from the definition."""
    n, c, *size = x.shape
    per_group, kernel = weight.shape[1], weight.shape[2:]
    output = [
        (i - 1) * s - before - after + d * (k - 1) + e + 1
        for i, k, s, (before, after), e, d in zip(size, kernel, stride, padding, output_padding, dilation, strict=True)
    ]
    y = np.zeros((n, groups * per_group, *output), np.result_type(x, weight))
    for channel, position, tap in product(range(c), product(*map(range, size)), product(*map(range, kernel))):
        to = tuple(
            p * s + t * d - before
            for p, t, s, d, (before, _) in zip(position, tap, stride, dilation, padding, strict=True)
        )
        if all(0 <= place < limit for place, limit in zip(to, output, strict=True)):
            first = channel // (c // groups) * per_group
            for o in range(per_group):
                y[(slice(None), first + o, *to)] += x[(slice(None), channel, *position)] * weight[(channel, o, *tap)]
    return y


@st.composite
def configurations(draw):
    dims = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    axis = {
        "size": st.integers(1, {1: 6, 2: 4, 3: 3}[dims]),
        "kernel": st.integers(1, {1: 6, 2: 4, 3: 3}[dims]),
        "stride": st.integers(1, 4),
        "dilation": st.integers(1, 3),
    }
    found = {name: [draw(values) for _ in range(dims)] for name, values in axis.items()}
    extra = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(found["stride"], found["dilation"], strict=True)]
    padding = []
    for i, k, s, d, e in zip(
        *(found[name] for name in axis if name != "dilation"), found["dilation"], extra, strict=True
    ):
        room = (i - 1) * s + d * (k - 1) + e
        before = draw(st.integers(0, room))
        padding.append([before, draw(st.integers(0, room - before))])
    return {
        "n": draw(st.integers(1, 3)),
        "c": groups * draw(st.integers(1, 2)),
        "o": draw(st.integers(1, 2)),
        "size": found["size"],
        "kernel": found["kernel"],
        "options": {
            "stride": found["stride"],
            "padding": padding,
            "output_padding": extra,
            "dilation": found["dilation"],
            "groups": groups,
        },
    }


def random_configuration(rng):
    """Draw a configuration that may or may not be possible."""
    dims = int(rng.integers(1, 4))
    groups = int(rng.choice([1, 1, 2, 3]))
    size = rng.integers(1, {1: 10, 2: 7, 3: 5}[dims], dims).tolist()
    kernel = rng.integers(1, {1: 8, 2: 6, 3: 5}[dims], dims).tolist()
    stride, dilation = rng.integers(1, 4, (2, dims)).tolist()
    padding, extra = rng.integers(0, 3, (2, dims)).tolist()
    n, c, o = int(rng.integers(1, 4)), groups * int(rng.integers(1, 4)), int(rng.integers(1, 4))
    return n, c, o, size, kernel, {
        "stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups
    }  # fmt: skip


def relative(ours, theirs):
    return np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())


def needing(framework):
    """Mark tests that are skipped as a whole where a framework is not installed."""
    return pytest.mark.skipif(framework not in installed_frameworks(), reason=_missing(framework))


def needs(framework):
    if framework not in installed_frameworks():
        pytest.skip(_missing(framework))


def _missing(framework):
    return f"{framework} is not installed: pip install 'a4eval-deconv[{framework}]'"


def dense_by_columns(weight, size, **options):
    """Feed unit vectors through the layer."""
    inputs = weight.shape[0] * int(np.prod(size))
    unit = np.eye(inputs).reshape(inputs, weight.shape[0], *size)
    return conv_transpose(unit, weight, **options).reshape(inputs, -1).T
