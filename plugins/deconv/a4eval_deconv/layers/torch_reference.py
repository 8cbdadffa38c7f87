"""The convolution and its transpose in torch, which ``check_layer`` holds the layers against; torch is optional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require
from a4eval_deconv.geometry import padding_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

Outcome = tuple["NDArray[Any]", "dict[str, NDArray[Any]]", "NDArray[Any]"]


def torch_conv_transpose(params: Mapping[str, Any], x: Any, dy: Any, options: Mapping[str, Any]) -> Outcome:
    """Return y, the gradients of the parameters and dx of a transposed convolution, computed by torch.

    Padding that differs between the sides is cut off the full output, which torch cannot do itself.

    Raises:
        MissingExtraError: torch is not installed.
    """
    torch = _torch()
    dims = x.ndim - 2
    pairs = padding_pairs(options["padding"], dims)
    rest = {name: value for name, value in options.items() if name != "padding"}
    function = getattr(torch.nn.functional, f"conv_transpose{dims}d")

    def compute(inputs: Any, weight: Any, bias: Any) -> Any:
        if all(before == after for before, after in pairs):
            return function(inputs, weight, bias, padding=[before for before, _ in pairs], **rest)
        full = function(inputs, weight, bias, **rest)
        crop = tuple(slice(b, full.shape[2 + axis] - a) for axis, (b, a) in enumerate(pairs))
        return full[(slice(None), slice(None), *crop)]

    return _differentiate(compute, params, x, dy)


def torch_conv(params: Mapping[str, Any], x: Any, dy: Any, options: Mapping[str, Any]) -> Outcome:
    """Return y, the gradients of the parameters and dx of a convolution, computed by torch.

    Raises:
        MissingExtraError: torch is not installed.
    """
    torch = _torch()
    dims = x.ndim - 2
    sides = [side for before, after in reversed(padding_pairs(options["padding"], dims)) for side in (before, after)]
    rest = {name: value for name, value in options.items() if name != "padding"}
    function = getattr(torch.nn.functional, f"conv{dims}d")

    def compute(inputs: Any, weight: Any, bias: Any) -> Any:
        return function(torch.nn.functional.pad(inputs, sides), weight, bias, **rest)

    return _differentiate(compute, params, x, dy)


def _torch() -> Any:
    return require("torch", "a4eval-deconv[torch]")


def _differentiate(compute: Callable[..., Any], params: Mapping[str, Any], x: Any, dy: Any) -> Outcome:
    torch = _torch()
    inputs = torch.tensor(x, requires_grad=True)
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in params.items()}
    y = compute(inputs, tensors["weight"], tensors.get("bias"))
    y.backward(torch.tensor(dy))
    return y.detach().numpy(), {name: one.grad.numpy() for name, one in tensors.items()}, inputs.grad.numpy()
