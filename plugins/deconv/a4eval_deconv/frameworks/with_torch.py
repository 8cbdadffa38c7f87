"""Transposed convolution in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Gradients: TypeAlias = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], Gradients]:
    """Run it; ``arguments`` holds ``padding`` and ``output_padding`` per axis."""
    torch = require("torch", "a4eval-deconv[torch]")
    function = getattr(torch.nn.functional, f"conv_transpose{len(stride)}d")
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    y = function(
        *leaves,
        stride=tuple(stride),
        dilation=tuple(dilation),
        padding=tuple(one.get("padding", 0) for one in arguments),
        output_padding=tuple(one.get("output_padding", 0) for one in arguments),
    )

    def gradients(dy: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        dx, dweight, dbias = torch.autograd.grad(y, leaves, torch.tensor(dy))
        return dx.numpy(), dweight.numpy(), dbias.numpy()

    return y.detach().numpy(), gradients
