"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_ARITHMETIC = "Dumoulin & Visin 2016, arXiv 1603.07285"


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return [
        Component(
            kind="layer",
            name="conv_transpose",
            factory="a4eval_deconv.layers.convolution:ConvTranspose",
            summary="transposed convolution in 1, 2 or 3 dimensions",
            references=(_ARITHMETIC, "torch.nn.ConvTranspose1d, 2d, 3d"),
        ),
        Component(
            kind="layer",
            name="conv",
            factory="a4eval_deconv.layers.convolution:Conv",
            summary="convolution, the adjoint of conv_transpose",
            references=("torch.nn.Conv1d, 2d, 3d",),
        ),
        Component(
            kind="layer",
            name="resize_conv",
            factory="a4eval_deconv.layers.upsampling:ResizeConv",
            summary="nearest or linear resize, then a convolution",
            references=("Odena et al. 2016, Deconvolution and Checkerboard Artifacts, Distill",),
        ),
        Component(
            kind="layer",
            name="pixel_shuffle",
            factory="a4eval_deconv.layers.upsampling:PixelShuffle",
            summary="a convolution to more channels, shuffled into pixels; ICNR initialisation",
            references=("Shi et al. 2016, arXiv 1609.05158", "Aitken et al. 2017, arXiv 1707.02937"),
        ),
        Component(
            kind="layer",
            name="unpool_conv",
            factory="a4eval_deconv.layers.upsampling:UnpoolConv",
            summary="zeros between the values, then a convolution",
            references=("Zeiler & Fergus 2014, arXiv 1311.2901",),
        ),
        Component(
            kind="task",
            name="conv_arithmetic",
            factory="a4eval_deconv.tasks.conv_arithmetic:ConvArithmetic",
            summary="output size and position, forwards and backwards, in five frameworks' words",
            references=(_ARITHMETIC,),
        ),
        Component(
            kind="task",
            name="onnx_conv_transpose",
            factory="a4eval_deconv.tasks.onnx_conv_transpose:OnnxConvTranspose",
            summary="the transposed convolutions of an ONNX file, in every framework's words",
            references=("ONNX operator ConvTranspose",),
        ),
        Component(
            kind="task",
            name="conv_matrix",
            factory="a4eval_deconv.tasks.conv_matrix:ConvMatrix",
            summary="the matrix that a transposed convolution is",
            references=(_ARITHMETIC,),
        ),
        Component(
            kind="task",
            name="checkerboard",
            factory="a4eval_deconv.tasks.checkerboard:Checkerboard",
            summary="how much checkerboard any upsampling layers make, and why",
            references=(
                "Odena et al. 2016, Deconvolution and Checkerboard Artifacts, Distill",
                "Aitken et al. 2017, arXiv 1707.02937",
            ),
        ),
        Component(
            kind="task",
            name="conv_conformance",
            factory="a4eval_deconv.tasks.conv_conformance:ConvConformance",
            summary="a configuration through every installed framework, against ours",
            version=2,
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_deconv.configs"]
