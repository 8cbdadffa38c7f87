"""The pictures say what is seen, in whole numbers where things are counted."""

import numpy as np
import pytest
from a4eval_deconv import configurations, conv_transpose_matrix
from a4eval_deconv.pictures.style import BLUE, ORANGE, figure_of, whole_ticks

from a4eval import Run, build

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")


Q6 = {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 7}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_matrix_of_q6():
    from a4eval_deconv.pictures.matrix import matrix_figure

    matrix = conv_transpose_matrix(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), (2, 2))
    figure = matrix_figure(matrix, [f"y{i}" for i in range(9)], [f"x{i}" for i in range(4)])
    (axes,) = figure.axes
    assert axes.get_title() == "9 outputs of 4 inputs:\n20 of 36 entries are zero, the rest 4 taps"
    assert sorted(texts(axes)) == sorted(["a = 1", "b = 2", "c = 3", "d = 4"] * 4)
    places = {(text.get_position(), text.get_text()) for text in axes.texts}
    assert {((0, 0), "a = 1"), ((0, 4), "d = 4"), ((3, 4), "a = 1"), ((3, 8), "d = 4")} <= places
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x0", "x1", "x2", "x3"]
    large = conv_transpose_matrix(np.ones((1, 1, 3)), (600,))
    assert matrix_figure(large, [], []) is None


def test_the_alignment_of_tensorflows_same():
    from a4eval_deconv.pictures.alignment import Axis, alignment_figure

    def title(*numbers):
        figure = alignment_figure([Axis("length", *numbers)])
        return figure.axes[0].get_title()

    assert title(16, 3, 2, 1, 0, 1, 0.5) == (
        "16 inputs become 32 outputs, 1 cut off after:\nthe picture lies ½ to the right of its input"
    )
    assert title(3, 4, 2, 1, 1, 1, 0.0) == (
        "3 inputs become 6 outputs, 1 cut off before and 1 cut off after:\nthe picture lies straight below its input"
    )
    assert title(1, 1, 2, 1, 0, -1, -0.5).startswith("1 input becomes 2 outputs, 1 zero added after")
    height, width, depth = (Axis(name, 3, 3, 2, 1, 1, 1, -0.5) for name in ("height", "width", "depth"))
    other = Axis("depth", 4, 3, 2, 1, 1, 1, -0.5)
    assert len(alignment_figure([height, width, depth]).axes) == 1
    both = alignment_figure([other, height, width]).axes
    assert [axes.get_xlabel() for axes in both] == [
        "position of the output along the depth",
        "position of the output along the height and width",
    ]
    many = alignment_figure([Axis("length", 1000, 3, 2, 1, 0, 1, 0.5)]).axes[0]
    assert many.get_xlabel() == "position of the output along the length, the first 40"


def test_the_zeros_that_no_tap_reaches_are_drawn_as_zeros():
    from a4eval_deconv.pictures.alignment import Axis, alignment_figure

    axes = alignment_figure([Axis("length", 4, 2, 3, 1, 0, -2, -0.5)]).axes[0]
    zeros = [text.get_position()[0] for text in axes.texts if text.get_text() == "0" and text.get_position()[1] < 1]
    assert zeros == [2.5, 5.5, 8.5, 11.5, 12.5]


def test_the_configurations_from_3_to_9():
    from a4eval_deconv.pictures.configurations import configurations_figure

    axes = configurations_figure(configurations(3, 9), 3, 9).axes[0]
    assert axes.get_title() == "27 configurations lead from 3 to 9: in 8 the taps overlap evenly"
    cells = {text.get_position(): (text.get_text(), text.get_bbox_patch().get_edgecolor()) for text in axes.texts}
    blue, orange = (matplotlib.colors.to_rgba(colour) for colour in (BLUE, ORANGE))
    assert cells[7, 1] == ("p0", blue)
    assert cells[4, 4] == ("p2+1, p3+3", blue)
    assert cells[7, 3] == ("p2, p3+2", orange)
    assert sum(text.count("p") for text, _ in cells.values()) == 27


def test_conformance_says_where_the_conventions_put_the_output():
    from a4eval_deconv.pictures.conformance import conformance_figure

    cases = [
        {"framework": name, "value_error": error, "gradient_error": None, "size": "3"}
        for name, error in (("torch", 0.0), ("onnx", 2e-7))
    ]
    row = {"measured_before": 0, "measured_after": 1, "kernel_turned": False, "shift_against_this": 1}
    conventions = [
        {"convention": "keras_same", **row},
        {"convention": "onnx_valid, output_padding=1", **row, "measured_after": -1, "shift_against_this": 0},
        {"convention": "jax_same_default", **row, "kernel_turned": True},
        {"convention": "torch_same", **dict.fromkeys(row)},
    ]
    left, right = conformance_figure(cases, conventions).axes
    assert left.get_title() == "1 configuration agrees with ours to 2·10⁻⁷"
    assert right.get_title() == "3 conventions put the output in 2 places; 1 unexplained"
    assert texts(right) == ["cuts 0 and 1", "cuts 0, adds 1", "cuts 0 and 1, turned"]
    broken = [{**cases[0], "value_error": float("inf")}, cases[1]]
    assert conformance_figure(broken, conventions).axes[0].get_title() == "1 configuration differs from ours"


@pytest.mark.parametrize("span", [(0, 1), (-1, 2), (0, 5), (0, 33), (0, 500)])
def test_what_is_counted_has_whole_numbers_on_its_ticks(span):
    figure = figure_of(8, 4)
    axes = figure.subplots()
    axes.set_xlim(*span)
    whole_ticks(axes.xaxis)
    figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert len(set(labels)) == len(labels) >= 2
    assert all(tick == round(tick) for tick in axes.get_xticks())


@pytest.mark.parametrize(
    ("node", "names"),
    [
        ({"name": "conv_matrix", "input_size": 2, "weight": [[1, 2], [3, 4]]}, ["matrix"]),
        ({**Q6, "wanted_output": 9}, ["alignment", "configurations"]),
        ({**Q6, "wanted_output": 100}, ["alignment"]),
    ],
)  # fmt: skip
def test_the_tasks_draw_them(node, names, tmp_path):
    run = Run(directory=tmp_path, pictures=True)
    build("task", node).run(run)
    assert sorted(path.name for path in run.artifacts) == sorted(
        f"{n}.{kind}" for n in names for kind in ("png", "svg")
    )
    assert all(path.stat().st_size > 5000 for path in run.artifacts)
    again = Run(directory=tmp_path / "again", pictures=False)
    build("task", node).run(again)
    assert not again.artifacts


def test_a_matrix_too_large_to_draw_is_said_to_be(tmp_path):
    run = Run(directory=tmp_path, pictures=True)
    build("task", {"name": "conv_matrix", "input_size": 600, "dimensions": 1}).run(run)
    assert any("too large to draw" in warning for warning in run.warnings)
