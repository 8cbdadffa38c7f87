"""Sizes, conventions and translations: the reference's table, the frameworks themselves, and brute force."""

from fractions import Fraction

import numpy as np
import pytest
from a4eval_deconv import (
    CONVENTIONS,
    Crop,
    centre_shift,
    configurations,
    conv,
    conv_size,
    conv_transpose,
    conv_transpose_size,
    convention_crop,
    explicit_crop,
    nearest_outputs,
    receptive_field,
    shift,
    sizes_that_come_back,
    translate,
)

from a4eval import ConfigError, Run, build

SAME = ("tensorflow_same", "jax_same", "onnx_same_upper")


@pytest.mark.parametrize(
    ("kernel", "upper", "lower"),
    [(2, (0, 0), (0, 0)), (3, (0, 1), (1, 0)), (4, (1, 1), (1, 1)), (5, (1, 2), (2, 1))],
)
def test_the_table_of_conventions_at_stride_2(kernel, upper, lower):
    for name in SAME:
        crop = convention_crop(name, kernel, 2)
        assert (crop.before, crop.after, crop.flipped) == (*upper, False)
        assert crop.output(3, kernel, 2) == 6
    for name in ("torch_same", "onnx_same_lower"):
        assert convention_crop(name, kernel, 2) == Crop(*lower)
    if kernel % 2:  # the usual torch idiom
        assert explicit_crop("torch", kernel, padding=((kernel - 1) // 2,) * 2, output_padding=1) == Crop(*lower)
    assert convention_crop("jax_same_default", kernel, 2) == Crop(*upper, flipped=True)
    assert shift(convention_crop("tensorflow_same", kernel, 2), convention_crop("torch_same", kernel, 2)) == kernel % 2


def test_every_same_convention_gives_stride_times_the_input():
    for kernel in range(1, 8):
        for stride in range(1, 5):
            for name in ("tensorflow_same", "jax_same", "torch_same"):
                wanted = 3 * stride + (name == "torch_same" and stride == 1 and kernel % 2 == 0)
                assert convention_crop(name, kernel, stride).output(3, kernel, stride) == wanted


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


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax", "onnx"])
def test_a_translation_describes_the_same_crop(framework):
    for name in CONVENTIONS:
        for kernel in range(1, 6):
            for stride in range(1, 4):
                crop = convention_crop(name, kernel, stride)
                found = translate(crop, framework, size=3, kernel_size=kernel, stride=stride)
                assert found.possible == (
                    found.crop == crop or (crop.flipped and found.crop == Crop(crop.before, crop.after))
                )
                assert bool(found.remedy) == (not found.possible or (crop.flipped and framework != "jax"))
                if framework == "torch":
                    pair = (found.arguments["padding"],) * 2
                    extra = found.arguments.get("output_padding", 0)
                    assert explicit_crop("torch", kernel, padding=pair, output_padding=extra) == Crop(
                        found.crop.before, found.crop.after
                    )
                    conv_transpose_size(3, kernel, stride=stride, padding=pair, output_padding=extra)
                if framework == "jax":
                    again = explicit_crop("jax", kernel, padding=found.arguments["padding"])
                    assert (again.before, again.after) == (crop.before, crop.after)
                    assert found.arguments["transpose_kernel"] == (not crop.flipped)


def influence(layers, size):
    """Return, by brute force, which inputs each output of a stack hears: (outputs, inputs) bool."""
    x = np.eye(size)[:, None, :]
    for layer in layers:
        options = {key: value for key, value in layer.items() if key not in ("kind", "kernel_size")}
        weight = np.ones((1, 1, layer["kernel_size"]))
        x = conv(x, weight, **options) if layer["kind"] == "conv" else conv_transpose(x, weight, **options)
    return x[:, 0].T > 0


@pytest.mark.parametrize(
    "layers",
    [
        [{"kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1}],
        [{"kind": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1}],
        [{"kind": "conv_transpose", "kernel_size": 5, "stride": 3, "padding": 2, "output_padding": 1}],
        [{"kind": "conv", "kernel_size": 3, "dilation": 2}, {"kind": "conv", "kernel_size": 4, "stride": 2}],
        [
            {"kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1},
            {"kind": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1},
            {"kind": "conv", "kernel_size": 3, "padding": 1},
        ],
    ],
)
def test_receptive_field_against_brute_force(layers):
    size = 24
    last = receptive_field(size, layers)[-1]
    heard = influence(layers, size)
    assert last.size == len(heard)
    middle = range(len(heard) // 3, 2 * len(heard) // 3)
    spans = [(np.flatnonzero(heard[o]).min(), np.flatnonzero(heard[o]).max()) for o in middle]
    assert last.field == max(high - low + 1 for low, high in spans) or layers[-1]["kind"] == "conv"
    assert last.field >= max(high - low + 1 for low, high in spans)
    # an output's centre is, on average over the phases, the middle of what it hears
    centres = [
        Fraction(int(low + high), 2) - (last.centre + o * last.step)
        for o, (low, high) in zip(middle, spans, strict=True)
    ]
    assert all(abs(error) <= 1 for error in centres)
    if all(layer["kind"] == "conv" for layer in layers):
        assert set(centres) == {0}


def test_centre_shift_is_the_shift_of_a_blob():
    """A symmetric kernel moves the centre of mass of an impulse by exactly the stated shift."""
    for name in ("tensorflow_same", "torch_same", "onnx_same_lower"):
        for kernel, stride in ((3, 2), (4, 2), (5, 2), (5, 3), (7, 4)):
            crop = convention_crop(name, kernel, stride)
            x = np.zeros((1, 1, 21))
            x[0, 0, 10] = 1
            full = conv_transpose(x, np.ones((1, 1, kernel)), stride=stride)[0, 0]
            y = full[crop.before : full.size - crop.after]
            centre = np.average(np.arange(y.size), weights=y)
            aligned = stride * 10 + (stride - 1) / 2
            assert centre - aligned == pytest.approx(centre_shift(crop, kernel, stride), abs=1e-12)


def test_the_task_in_four_frameworks_words(tmp_path):
    run = Run(directory=tmp_path)
    node = {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, "stride": 2}
    result = build("task", {**node, "convention": "tensorflow_same"}).run(run)
    assert result.metrics["output_width"].value == 6
    assert result.metrics["centre_shift_width"].value == 0.5
    table = {(row["axis"], row["convention"]): row for row in result.tables["conventions"]}
    assert table["width", "torch_same"]["shift_against_this"] == -1
    assert table["width", "jax_same"]["same_as_this"] is True
    words = {row["framework"]: row for row in result.tables["translations"] if row["axis"] == "height"}
    assert not words["torch"]["possible"]
    assert "drop the last 1" in words["torch"]["remedy"]
    assert words["tensorflow"]["arguments"] == "padding=SAME, output_shape=6"
    result = build("task", {**node, "padding": 1, "output_padding": 1, "wanted_output": 9}).run(run)
    assert result.metrics["configurations"].value == len(result.tables["configurations"]) == 27
    assert result.tables["axes"][0]["sizes_that_come_back"] == "5, 6"
    jax = build("task", {**node, "framework": "jax", "padding": [[2, 1], [1, 1]]}).run(run)
    assert jax.metrics["output_height"].value == 6
    onnx = build("task", {**node, "framework": "onnx", "output_shape": [6, 5]}).run(run)
    assert [(row["cut_before"], row["cut_after"], row["output"]) for row in onnx.tables["axes"]] == [
        (1, 0, 6),
        (1, 1, 5),
    ]
    down, up = {"kind": "conv", "kernel_size": 3}, {"kind": "conv_transpose", "kernel_size": 4, "stride": 2}
    stack = build("task", {**node, "input_size": 9, "stack": [down, up]}).run(run).tables["stack"]
    assert [(row["size"], row["effective_stride"], row["receptive_field"]) for row in stack] == [
        (7, "1", "3"),
        (16, "1/2", "4"),
    ]
    assert not run.warnings
    build("task", {**node, "wanted_output": 100}).run(run)
    assert "nearest: 18" in run.warnings[0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"convention": "torch_sam"}, r"unknown convention 'torch_sam'; known: torch_full"),
        ({"convention": "torch_same", "padding": 1}, r"leave padding out"),
        ({"framework": "jax", "output_padding": 1}, r"jax has no output_padding"),
        ({"padding": [[0, 1], 0]}, r"torch pads both sides alike, got 0 before and 1 after"),
        ({"framework": "tensorflow", "padding": 9}, r"output size is -13"),
        ({"framework": "tf"}, r"task\.framework: got 'tf'"),
        ({"output_shape": 6}, r"output_shape is ONNX's: set framework=onnx"),
        ({"stack": [{"kind": "conv"}]}, r"a layer has kind, kernel_size and maybe"),
        ({"stack": [{"kind": "pool", "kernel_size": 2}]}, r"kind must be 'conv' or 'conv_transpose', got 'pool'"),
        ({"wanted_output": 0}, r"wanted_output must be at least 1"),
    ],
)
def test_a_wrong_config_is_one_clear_error(options, text):
    with pytest.raises(ConfigError, match=text):
        build("task", {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, **options})


@pytest.mark.parametrize(
    "call",
    [
        lambda: explicit_crop("caffe", 3),
        lambda: translate(Crop(0, 0), "caffe", size=3, kernel_size=3, stride=1),
        lambda: receptive_field(3, [{"kind": "pool", "kernel_size": 2}]),
        lambda: configurations(0, 3),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError, match=r"must be|at least 1"):
        call()
