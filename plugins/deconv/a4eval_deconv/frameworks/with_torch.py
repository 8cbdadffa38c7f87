"""Transposed convolution in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]]:
    """Run it; ``arguments`` holds ``padding`` and ``output_padding`` per axis."""
    torch = require("torch", "a4eval-deconv[torch]")
    function = getattr(torch.nn.functional, f"conv_transpose{len(stride)}d")
    inputs, filters = torch.tensor(x, requires_grad=True), torch.tensor(weight, requires_grad=True)
    y = function(
        inputs,
        filters,
        stride=tuple(stride),
        dilation=tuple(dilation),
        padding=tuple(one.get("padding", 0) for one in arguments),
        output_padding=tuple(one.get("output_padding", 0) for one in arguments),
    )

    def gradients(dy: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        dx, dweight = torch.autograd.grad(y, (inputs, filters), torch.tensor(dy))
        return dx.numpy(), dweight.numpy()

    return y.detach().numpy(), gradients
