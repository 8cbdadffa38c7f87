"""Initial weights: the uniform default of the frameworks, and ICNR."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.geometry import check_memory
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray


def uniform_weight(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a weight uniform in ±1/√fan_in, fan_in = shape[1] · Π kernel, as torch's convolutions have it.

    Args:
        rng: random generator.
        shape: (channels, channels / groups, *kernel_size).

    Raises:
        ValueError: it would not fit into the machine's memory.

    >>> import numpy as np
    >>> bool(abs(uniform_weight(np.random.default_rng(0), (3, 4, 2, 2))).max() <= 0.25)
    True
    """
    check_memory(math.prod(shape), 8, f"a weight of shape {shape}")
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    return rng.uniform(-bound, bound, shape)


def icnr_weight(weight: NDArray[Any], stride: tuple[int, ...]) -> NDArray[Any]:
    """Return the weight with all its phases made equal to the first one, so that a constant stays constant.

    ICNR (Aitken et al., arXiv 1707.02937): at its start the layer is a nearest-neighbour resize and a convolution.
    It is defined where the stride divides the kernel.

    Args:
        weight: (in_channels, out_channels, *kernel_size).
        stride: one per axis.

    Raises:
        ValueError: the stride does not divide the kernel.

    >>> import numpy as np
    >>> icnr_weight(np.array([[[1.0, 2.0, 3.0, 4.0]]]), (2,))
    array([[[1., 1., 3., 3.]]])
    """
    kernel = weight.shape[2:]
    for k, s in zip(kernel, stride, strict=True):
        if k % s:
            raise ValueError(
                f"ICNR needs a kernel that the stride divides, got kernel {k} and stride {s}; "
                f"nearest that works: kernel {max(s, round(k / s) * s)}"
            )
    spread = weight[inner(2, (slice(None, None, s) for s in stride))]
    for axis, s in enumerate(stride):
        spread = np.repeat(spread, s, axis=2 + axis)
    return spread
