"""Every task passes all checks of the kit: records, repetition, other seeds, files, pictures, silence."""

from a4eval_deconv.plugin import a4eval_components

from a4eval.testing import Check, task_checks

from ..cases import needing
from ..frameworks.test_onnx_file import VARIANTS, saved

ARITHMETIC = {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, "stride": 2, "padding": 1}
MATRIX = {**ARITHMETIC, "name": "conv_matrix"}
CHECKERBOARD = {
    "name": "checkerboard",
    "layer": {"name": "conv_transpose", "kernel_size": 3, "stride": 2},
    "compare": {"icnr": {"name": "conv_transpose", "kernel_size": 4, "stride": 2, "initialisation": "icnr"}},
    "draws": 4,
}


@task_checks(ARITHMETIC, MATRIX, CHECKERBOARD)
def test_tasks(check: Check) -> None:
    check()


@needing("torch")
@task_checks({"name": "conv_conformance", "frameworks": ["torch"], "random": 3})
def test_conformance(check: Check) -> None:
    check()


def onnx_conv_transpose(folder):
    return {"name": "onnx_conv_transpose", "path": str(saved(folder / "model.onnx", VARIANTS[0])), "compare": []}


@needing("onnx")
@task_checks(onnx_conv_transpose)
def test_onnx(check: Check) -> None:
    check()


def test_none_is_left_out():
    names = {one.name for one in a4eval_components() if one.kind == "task"}
    assert names == {"conv_arithmetic", "conv_matrix", "checkerboard", "conv_conformance", "onnx_conv_transpose"}
