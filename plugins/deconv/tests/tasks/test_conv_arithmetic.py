"""The task conv_arithmetic in four frameworks' words."""

import pytest

from a4eval import ConfigError, Run, build

SAME = ("tensorflow_same", "jax_same", "onnx_same_upper")


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
        ({"output_shape": 6}, r"torch's output_size .* got 6, expected 5 … 5"),
        ({"stack": [{"kind": "conv"}]}, r"a layer has kind, kernel_size and maybe"),
        ({"stack": [{"kind": "pool", "kernel_size": 2}]}, r"kind must be 'conv' or 'conv_transpose', got 'pool'"),
        ({"wanted_output": 0}, r"wanted_output: got 0, expected at least 1"),
    ],
)
def test_a_wrong_config_is_one_clear_error(options, text):
    with pytest.raises(ConfigError, match=text):
        build("task", {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, **options})
