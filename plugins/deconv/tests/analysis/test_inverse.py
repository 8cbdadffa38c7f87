"""Configurations backwards: complete, and what output padding is for."""

import numpy as np
from a4eval_deconv import (
    configurations,
    conv_size,
    conv_transpose,
    conv_transpose_size,
    nearest_outputs,
    sizes_that_come_back,
)


def test_27_configurations_lead_from_3_to_9():
    found = configurations(3, 9)
    assert len(found) == len({(one.kernel_size, one.stride, one.padding) for one in found}) == 27
    for one in found:
        options = {"stride": one.stride, "padding": one.padding, "dilation": one.dilation}
        assert conv_transpose_size(3, one.kernel_size, output_padding=one.output_padding, **options) == 9
        y = conv_transpose(
            np.ones((1, 1, 30)), np.ones((1, 1, one.kernel_size)), stride=one.stride, dilation=one.dilation
        )[0, 0, 10:-10]
        assert one.overlaps_evenly == (len(set(y)) == 1)
        try:
            assert one.inverts_conv == (conv_size(9, one.kernel_size, **options) == 3)
        except ValueError:
            assert not one.inverts_conv


def test_the_search_is_complete():
    """Every accepted configuration in the ranges is found, for several targets, with dilation."""
    ranges = {"kernel_sizes": range(1, 5), "strides": range(1, 4), "dilations": (1, 2)}
    for target in (1, 4, 7, 10):
        expected = set()
        for k in ranges["kernel_sizes"]:
            for s in ranges["strides"]:
                for d in ranges["dilations"]:
                    for p in range(d * (k - 1) + 1):
                        for extra in range(4):
                            try:
                                size = conv_transpose_size(3, k, stride=s, padding=p, output_padding=extra, dilation=d)
                            except ValueError:
                                continue
                            if size == target:
                                expected.add((k, s, p, extra, d))
        found = {
            (one.kernel_size, one.stride, one.padding, one.output_padding, one.dilation)
            for one in configurations(3, target, **ranges)
        }
        assert found == expected
        assert nearest_outputs(3, target, **ranges) == [target]
    assert configurations(3, 100) == []
    assert nearest_outputs(3, 100) == [18]


def test_output_padding_chooses_among_the_sizes_that_come_back():
    for k in range(1, 6):
        for s in range(1, 4):
            for p in range(k):
                if (4 - 1) * s + k - 2 * p < 1:
                    continue
                sizes = sizes_that_come_back(4, k, stride=s, padding=p)
                assert all(conv_size(size, k, stride=s, padding=p) == 4 for size in sizes if size + 2 * p >= k)
                for extra, size in enumerate(sizes):
                    if extra == 0 or extra < s:
                        assert conv_transpose_size(4, k, stride=s, padding=p, output_padding=extra) == size
