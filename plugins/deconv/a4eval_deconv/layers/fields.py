"""The parameters that layers and tasks of convolutions share, said once; and what they check and do alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from a4eval import param
from a4eval_deconv.geometry import per_axis
from a4eval_deconv.initialisation import uniform_weight
from a4eval_deconv.operands import check_divides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

Array: TypeAlias = NDArray[Any]

Numbers: TypeAlias = int | list[int]

Sides: TypeAlias = int | list[int | list[int]]

SMALLEST = 3
"""The size of an example along each axis, where it fits: small, with a rim and an inside."""

_SHARED: dict[str, tuple[Any, str, str, int | None]] = {
    "in_channels": (2, "channels of the input", "", 1),
    "out_channels": (2, "channels of the output", "", 1),
    "kernel_size": (3, "filter size, for all axes or one per axis", "taps", 1),
    "dimensions": (2, "how many spatial axes", "", 1),
    "stride": (1, "distance between the outputs of neighbouring inputs", "elements", 1),
    "padding": (0, "cut off the full output: all sides, per axis, or [before, after]", "elements", 0),
    "output_padding": (0, "kept at the end of what the padding cuts off", "elements", 0),
    "dilation": (1, "distance between the taps", "elements", 1),
    "groups": (1, "independent groups of channels", "", 1),
    "bias": (True, "add a bias per output channel", "", None),
    "scale": (2, "the factor by which each axis grows", "", 1),
    "input_size": (None, "input size, for all axes or one per axis", "elements", 1),
}
"""Default, help, unit and the least number by name."""

_MOST = {"dimensions": 3}
"""The greatest number by name, where there is one."""


def shared(name: str, **changes: Any) -> Any:
    """Return the parameter of this name, with what is said otherwise: ``default``, or ``help`` and its ``unit``.

    Args:
        name: of a transposed convolution's parameter.
        changes: keywords of :func:`a4eval.param` in place of the shared ones.
    """
    default, text, unit, least = _SHARED[name]
    told = {"help": text, "unit": unit, "minimum": least, "maximum": _MOST.get(name), **changes}
    return param(**told) if default is None else param(**{"default": default, **told})


@runtime_checkable
class Priced(Protocol):
    """A layer that says what it costs."""

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""


def check_dimensions(dimensions: int) -> None:
    """Check the number of spatial axes.

    Raises:
        ValueError: it is not 1, 2 or 3.
    """
    if dimensions not in (1, 2, 3):
        raise ValueError(f"dimensions must be 1, 2 or 3, got {dimensions}")


def check_channels(
    in_channels: int, out_channels: int, groups: int, kernel_size: Numbers, dimensions: int
) -> tuple[int, ...]:
    """Check what all convolution layers have in common, and return the kernel size per axis.

    Raises:
        ValueError: something does not fit.
    """
    check_dimensions(dimensions)
    per_axis((in_channels, out_channels), 2, "in_channels and out_channels", 1)
    check_divides(groups, in_channels, "input channels")
    check_divides(groups, out_channels, "output channels")
    return per_axis(kernel_size, dimensions, "kernel_size", 1)


def check_framework(framework: str) -> None:
    """Check the name of a reference framework.

    Raises:
        ValueError: it is not ``torch``.
    """
    if framework != "torch":
        raise ValueError(f"the reference must be 'torch', got {framework!r}")


def smallest_size(dimensions: int, geometry: Callable[[tuple[int, ...]], object]) -> tuple[int, ...]:
    """Return the smallest input size from ``SMALLEST`` up that the configuration accepts.

    Raises:
        ValueError: there is none up to 64; the text is that of the configuration's own check.
    """
    for size in range(SMALLEST, 65):
        try:
            geometry((size,) * dimensions)
        except ValueError as error:
            last = error
        else:
            return (size,) * dimensions
    raise last


def with_bias(weight: Array, channels: int, rng: np.random.Generator, *, wanted: bool) -> dict[str, Array]:
    """Return the parameters, with a bias from the same range as torch's where one is wanted."""
    if not wanted:
        return {"weight": weight}
    return {"weight": weight, "bias": uniform_weight(rng, (channels, *weight.shape[1:])).reshape(channels, -1)[:, 0]}


def named(dweight: Array, dbias: Array, params: Mapping[str, Array]) -> dict[str, Array]:
    """Return the gradients under the names of *params*."""
    return {"weight": dweight, "bias": dbias} if "bias" in params else {"weight": dweight}


def same_padding(kernel: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return the padding that keeps the size of a convolution of stride 1; an even kernel pads one more after.

    >>> same_padding((3, 4))
    ((1, 1), (1, 2))
    """
    return tuple(((k - 1) // 2, k // 2) for k in kernel)
