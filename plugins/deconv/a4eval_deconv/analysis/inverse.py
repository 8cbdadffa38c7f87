"""Backwards: which configurations lead from this input size to that output size?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from a4eval_deconv.geometry import conv_size, per_axis

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Configuration:
    """A transposed convolution along one axis.

    ``overlaps_evenly``: the stride divides the kernel, so that every output gets the same number of taps.
    ``inverts_conv``: the convolution of the same parameters maps the output size back to the input size.
    """

    kernel_size: int
    stride: int
    padding: int
    output_padding: int
    dilation: int
    overlaps_evenly: bool
    inverts_conv: bool


def configurations(
    size: int,
    output: int,
    *,
    kernel_sizes: Iterable[int] = range(1, 8),
    strides: Iterable[int] = range(1, 5),
    dilations: Iterable[int] = (1,),
) -> list[Configuration]:
    """Return all configurations that map one size to the other, with padding up to dilation·(kernel − 1).

    The output padding is not searched: it is what the other terms leave missing, if that is allowed.

    Args:
        size: input size, in elements.
        output: wanted output size.
        kernel_sizes: filter sizes to try.
        strides: strides to try.
        dilations: dilations to try.

    Raises:
        ValueError: a size below 1.

    >>> len(configurations(3, 9))
    27
    """
    size, output = per_axis((size, output), 2, "size and output", 1)
    kernel_sizes, strides, dilations = _tried(kernel_sizes, strides, dilations)
    found = []
    for s in strides:
        for k in kernel_sizes:
            for d in dilations:
                for padding in range(d * (k - 1) + 1):
                    extra = output - ((size - 1) * s + d * (k - 1) + 1 - 2 * padding)
                    if extra != 0 and not 0 < extra < max(s, d):
                        continue
                    reach = d * (k - 1) + 1
                    back = output + 2 * padding >= reach and conv_size(output, k, stride=s, padding=padding, dilation=d)
                    phases = [sum(a * d % s == phase for a in range(k)) for phase in range(s)]
                    even = len(set(phases)) == 1
                    found.append(Configuration(k, s, padding, extra, d, even, back == size))
    return found


def _tried(*ranges: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """Return the numbers to try as Python's: those of numpy's narrow types would wrap."""
    names = ("kernel_sizes", "strides", "dilations")
    listed = zip(names, map(tuple, ranges), strict=True)
    return tuple(per_axis(one, len(one), name, 1) for name, one in listed)


def nearest_outputs(
    size: int,
    output: int,
    *,
    kernel_sizes: Iterable[int] = range(1, 8),
    strides: Iterable[int] = range(1, 5),
    dilations: Iterable[int] = (1,),
) -> list[int]:
    """Return the output sizes nearest to the wanted one that some configuration reaches: itself if it is reachable.

    Args:
        size: input size, in elements.
        output: wanted output size.
        kernel_sizes: filter sizes to try.
        strides: strides to try.
        dilations: dilations to try.

    Raises:
        ValueError: a size below 1.

    >>> nearest_outputs(3, 40)
    [18]
    """
    size, output = per_axis((size, output), 2, "size and output", 1)
    kernel_sizes, strides, dilations = _tried(kernel_sizes, strides, dilations)
    reachable = {
        (size - 1) * s + d * (k - 1) + 1 - 2 * padding + extra
        for k in kernel_sizes
        for s in strides
        for d in dilations
        for padding in range(d * (k - 1) + 1)
        for extra in range(max(s, d))
    }
    distance = min((abs(one - output) for one in reachable if one >= 1), default=0)
    return sorted(one for one in reachable if one >= 1 and abs(one - output) == distance)


def sizes_that_come_back(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[int]:
    """Return the input sizes that the convolution of these parameters maps to *size*: ``stride`` many.

    This is what output padding is for: the transposed convolution leads from *size* back to the first of them, and
    output padding 1, 2, … to the others.

    Args:
        size: output size of the convolution, input size of its transpose.
        kernel_size: filter size, in taps.
        stride: of both.
        padding: of both, on each side.
        dilation: of both.

    Raises:
        ValueError: sizes below 1.

    >>> sizes_that_come_back(16, 3, stride=2, padding=1)
    [31, 32]
    """
    names = "size, kernel_size, stride and dilation"
    size, kernel_size, stride, dilation = per_axis((size, kernel_size, stride, dilation), 4, names, 1)
    (padding,) = per_axis(padding, 1, "padding", 0)
    first = (size - 1) * stride + dilation * (kernel_size - 1) + 1 - 2 * padding
    return [candidate for candidate in range(first, first + stride) if candidate >= 1]
