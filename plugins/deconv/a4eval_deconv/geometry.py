"""The geometry of a transposed convolution: sizes, crops and the rules a configuration must obey.

Everything rests on one formula per axis (Dumoulin & Visin, arXiv 1603.07285; ``torch.nn.ConvTranspose2d``)::

    output = (input − 1)·stride + dilation·(kernel − 1) + 1 − padding_before − padding_after + output_padding

The first three terms are the *full* output, which the padding then crops; output padding gives back a part at the end.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, SupportsIndex, TypeAlias

PerAxis: TypeAlias = int | Sequence[int]
"""One number for all axes, or one an axis."""

Padding: TypeAlias = int | Sequence[int | Sequence[int]]
"""One number for all sides, one an axis, or a pair (before, after) for an axis."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A transposed convolution on a given input size: one entry per axis in each tuple.

    ``before`` is how many of the first elements of the full output are cut off;
    an ``output`` that reaches past the full output is zero there.
    """

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def taps(self) -> int:
        """How many entries one filter has."""
        return math.prod(self.kernel)

    @property
    def pixels(self) -> int:
        """How many positions the input has."""
        return math.prod(self.size)


def per_axis(value: PerAxis, dimensions: int, name: str, minimum: int) -> tuple[int, ...]:
    """Return *value* as one int per axis.

    Raises:
        ValueError: wrong number of entries, not whole numbers, or below *minimum*.

    >>> per_axis(2, 3, "stride", 1)
    (2, 2, 2)
    """
    entries = tuple(value) if isinstance(value, Iterable) else (value,) * dimensions
    if len(entries) != dimensions:
        raise ValueError(f"{name} has {len(entries)} entries, expected 1 or {dimensions}: one per spatial axis")
    for entry in entries:
        if not isinstance(entry, SupportsIndex):
            raise ValueError(f"{name} must be whole numbers, got {value!r}")  # noqa: TRY004  (as for any bad value)
        if entry < minimum:
            raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return tuple(int(entry) for entry in entries)


def padding_pairs(padding: Padding, dimensions: int) -> tuple[tuple[int, int], ...]:
    """Return *padding* as a (before, after) pair per axis.

    Raises:
        ValueError: wrong number of entries, or negative.

    >>> padding_pairs([1, [0, 2]], 2)
    ((1, 1), (0, 2))
    """
    entries = tuple(padding) if isinstance(padding, Iterable) else (padding,) * dimensions
    if len(entries) != dimensions:
        raise ValueError(f"padding has {len(entries)} entries, expected 1 or {dimensions}: one per spatial axis")
    return tuple(_sides(entry) for entry in entries)


def _sides(padding: PerAxis) -> tuple[int, int]:
    """Return the *padding* of one axis as (before, after)."""
    if isinstance(padding, Iterable) and len(tuple(padding)) != 2:
        raise ValueError(f"padding of one axis must be a number or a pair [before, after], got {padding!r}")
    before, after = per_axis(padding, 2, "padding", 0)
    return before, after


def _axis(size: int, kernel_size: int, stride: int, dilation: int) -> tuple[int, ...]:
    """Return the numbers of one axis as Python's: those of numpy's narrow types would wrap."""
    return per_axis((size, kernel_size, stride, dilation), 4, "size, kernel_size, stride and dilation", 1)


def conv_transpose_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the output size of a transposed convolution along one axis.

    Args:
        size: input size, in elements.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        padding: how much of the full output is cut off, on both sides or (before, after).
        output_padding: how much of what was cut off at the end is kept after all (or zeros, where nothing was).
        dilation: distance between the taps.

    Raises:
        ValueError: the configuration is impossible; the text names the rule and the nearest value that works.

    >>> conv_transpose_size(3, 7)
    9
    >>> conv_transpose_size(16, 3, stride=2, padding=1, output_padding=1)
    32
    """
    size, kernel_size, stride, dilation = _axis(size, kernel_size, stride, dilation)
    before, after = _sides(padding)
    (output_padding,) = per_axis(output_padding, 1, "output_padding", 0)
    if output_padding and output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding {output_padding} must be smaller than the stride {stride} or the dilation {dilation}: "
            f"it only chooses among the {max(stride, dilation)} sizes that lead back to the same input size; "
            f"nearest that works: {max(stride, dilation) - 1}"
        )
    full = (size - 1) * stride + dilation * (kernel_size - 1) + 1
    output = full - before - after + output_padding
    if output < 1:
        most = (full + output_padding - 1) // 2
        raise ValueError(
            f"the output size is ({size} − 1)·{stride} + {dilation}·({kernel_size} − 1) + 1 − {before} − {after}"
            f" + {output_padding} = {output}, but must be at least 1; "
            f"nearest that works: padding {most} on both sides"
        )
    return output


def conv_size(
    size: int, kernel_size: int, *, stride: int = 1, padding: int | tuple[int, int] = 0, dilation: int = 1
) -> int:
    """Return the output size of a convolution along one axis.

    It is ⌊(size + padding before and after − dilation·(kernel − 1) − 1)/stride⌋ + 1.

    Raises:
        ValueError: the filter does not fit; the text names the padding that makes it fit.

    >>> conv_size(32, 3, stride=2, padding=1)
    16
    """
    size, kernel_size, stride, dilation = _axis(size, kernel_size, stride, dilation)
    before, after = _sides(padding)
    reach = dilation * (kernel_size - 1) + 1
    room = size + before + after
    if room < reach:
        raise ValueError(
            f"a filter of {kernel_size} taps with dilation {dilation} spans {reach}, but the input has "
            f"{size} + {before} + {after} = {room}; nearest that works: padding {-(-(reach - size) // 2)} on both sides"
        )
    return (room - reach) // stride + 1


def transposed_geometry(
    size: Sequence[int],
    kernel_size: Sequence[int],
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> Geometry:
    """Return the geometry of a transposed convolution.

    The arguments are those of :func:`conv_transpose_size`, for all axes or one per axis.

    Raises:
        ValueError: the configuration is impossible.

    >>> transposed_geometry((3, 3), (7, 7)).output
    (9, 9)
    """
    return _transposed(
        tuple(size), tuple(kernel_size), frozen(stride), frozen(padding), frozen(output_padding), frozen(dilation)
    )


@lru_cache(maxsize=1024)
def _transposed(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: PerAxis,
    padding: Padding,
    output_padding: PerAxis,
    dilation: PerAxis,
) -> Geometry:
    n = len(kernel)
    size, kernel = per_axis(size, n, "the input's size", 1), per_axis(kernel, n, "kernel_size", 1)
    stride, dilation = per_axis(stride, n, "stride", 1), per_axis(dilation, n, "dilation", 1)
    extra, pairs = per_axis(output_padding, n, "output_padding", 0), padding_pairs(padding, n)
    axes = zip(size, kernel, stride, pairs, extra, dilation, strict=True)
    output = tuple(
        conv_transpose_size(i, k, stride=s, padding=p, output_padding=e, dilation=d) for i, k, s, p, e, d in axes
    )
    return Geometry(size, kernel, stride, dilation, tuple(before for before, _ in pairs), output)


@lru_cache(maxsize=1024)
def conv_geometry(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: PerAxis, padding: Padding, dilation: PerAxis
) -> Geometry:
    """Return the geometry of the transposed convolution whose adjoint is this convolution.

    Its ``output`` is the convolution's input and its ``size`` the convolution's output.

    Raises:
        ValueError: the configuration is impossible.
    """
    n = len(kernel)
    size, kernel = per_axis(size, n, "the input's size", 1), per_axis(kernel, n, "kernel_size", 1)
    stride, dilation = per_axis(stride, n, "stride", 1), per_axis(dilation, n, "dilation", 1)
    pairs = padding_pairs(padding, n)
    axes = zip(size, kernel, stride, pairs, dilation, strict=True)
    result = tuple(conv_size(i, k, stride=s, padding=p, dilation=d) for i, k, s, p, d in axes)
    return Geometry(result, kernel, stride, dilation, tuple(before for before, _ in pairs), size)


def frozen(value: Any) -> Any:
    """Return *value* with its lists made tuples, so that it can be a cache's key.

    >>> frozen([1, [0, 2]])
    (1, (0, 2))
    """
    if isinstance(value, Iterable):
        return tuple(tuple(entry) if isinstance(entry, Iterable) else entry for entry in value)
    return value


def check_memory(count: int, itemsize: int, what: str) -> None:
    """Refuse an array that could not fit into this machine's memory, before it is allocated.

    Raises:
        ValueError: it is too large; the text has the estimate.
    """
    needed, memory = count * itemsize, _physical_memory()
    if needed > memory:
        raise ValueError(
            f"{what} would take {needed / 2**30:,.1f} GiB ({count:,} elements of {itemsize} bytes), "
            f"more than this machine's {memory / 2**30:,.1f} GiB"
        )


@lru_cache(maxsize=1)
def _physical_memory() -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2**36  # a system that does not say: 64 GiB
