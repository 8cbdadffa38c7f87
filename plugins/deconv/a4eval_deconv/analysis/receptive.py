"""Receptive field, effective stride and alignment of a stack of convolutions and transposed convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from a4eval_deconv.geometry import conv_size, conv_transpose_size, padding_pairs, per_axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Reception:
    """How one axis of a layer's output lies on the input of the whole stack, in input elements.

    Args:
        size: output size.
        step: distance between neighbouring outputs (effective stride); 1/2 after enlarging twofold.
        centre: position of the middle of what output 0 sees; input element 0 is at 0.
        field: how far the farthest inputs that one output sees are apart, at most, plus one.
        shift: ``centre`` less where output 0 would lie in a resize with aligned areas.
    """

    size: int
    step: Fraction
    centre: Fraction
    field: Fraction
    shift: Fraction


_KEYS = {"kind", "kernel_size", "stride", "padding", "output_padding", "dilation"}


def receptive_field(size: int, layers: Sequence[Mapping[str, Any]]) -> list[Reception]:
    """Return how each layer's output lies on the input, along one axis.

    Araujo et al., Computing Receptive Fields of Convolutional Neural Networks (Distill 2019), extended to transposed
    convolution, whose outputs are 1/stride apart.

    Args:
        size: input size, in elements.
        layers: each a mapping with ``kind`` (``conv`` or ``conv_transpose``), ``kernel_size`` and, where they differ
            from the default, ``stride``, ``padding`` (a number or a pair), ``output_padding`` and ``dilation``.

    Raises:
        ValueError: an unknown kind, or an impossible configuration.

    >>> down = {"kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1}
    >>> up = {"kind": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1}
    >>> [(one.size, str(one.step), str(one.shift)) for one in receptive_field(8, [down, up])]
    [(4, '2', '-1/2'), (8, '1', '-1/2')]
    """
    step, centre, field = Fraction(1), Fraction(0), Fraction(1)
    found = []
    for layer in layers:
        if not {"kind", "kernel_size"} <= set(layer) <= _KEYS:
            raise ValueError(f"a layer has kind, kernel_size and maybe {', '.join(sorted(_KEYS))}; got {dict(layer)}")
        numbers = (layer["kernel_size"], layer.get("stride", 1), layer.get("dilation", 1))
        kernel, stride, dilation = per_axis(numbers, 3, "kernel_size, stride and dilation", 1)
        ((before, after),) = padding_pairs([layer.get("padding", 0)], 1)
        half = Fraction(dilation * (kernel - 1), 2)
        if layer["kind"] == "conv":
            size = conv_size(size, kernel, stride=stride, padding=(before, after), dilation=dilation)
            centre += (half - before) * step
            field += dilation * (kernel - 1) * step
            step *= stride
        elif layer["kind"] == "conv_transpose":
            size = conv_transpose_size(
                size,
                kernel,
                stride=stride,
                padding=(before, after),
                output_padding=layer.get("output_padding", 0),
                dilation=dilation,
            )
            # output o hears from the inputs (o + before − a·dilation)/stride that are whole
            centre += (before - half) / stride * step
            field += (inputs_per_output(kernel, stride, dilation) - 1) * step
            step /= stride
        else:
            raise ValueError(f"kind must be 'conv' or 'conv_transpose', got {layer['kind']!r}")
        found.append(Reception(size, step, centre, field, centre - (step - 1) / 2))
    return found


def inputs_per_output(kernel: int, stride: int, dilation: int) -> int:
    """Return over how many neighbouring inputs, at most, those spread that meet in one output.

    >>> inputs_per_output(5, 2, 1)
    3
    """
    shifts: dict[int, list[int]] = {}
    for tap in range(kernel):
        whole, phase = divmod(tap * dilation, stride)
        shifts.setdefault(phase, []).append(whole)
    return max(max(found) - min(found) for found in shifts.values()) + 1
