"""A real photograph, read from an installed package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from a4eval import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

Photograph: TypeAlias = Literal["china", "flower", "camera"]


def photograph(name: Photograph, size: int) -> NDArray[np.float64]:
    """Return the middle square of a photograph in grey, 0 … 1, shrunk by averaging blocks.

    Args:
        name: ``china`` or ``flower`` (scikit-learn, CC BY 2.0), ``camera`` (scikit-image, CC0).
        size: of the square, in pixels.

    Returns:
        (size, size) float64.

    Raises:
        MissingExtraError: the package is not installed.
        ValueError: unknown name, or larger than the photograph.
    """
    if name == "camera":
        image = require("skimage.data", "a4eval-deconv[photo]").camera()
    elif name in ("china", "flower"):
        require("PIL", "a4eval-deconv[photo]")  # scikit-learn needs it to read its own pictures
        image = require("sklearn.datasets", "a4eval-deconv[photo]").load_sample_image(f"{name}.jpg")
    else:
        raise ValueError(f"the photograph must be 'china', 'flower' or 'camera', got {name!r}")
    grey = np.asarray(image, np.float64)
    grey = (grey if grey.ndim == 2 else grey @ np.array([0.299, 0.587, 0.114])) / 255
    block = min(grey.shape) // size
    if block < 1:
        raise ValueError(f"the photograph is {grey.shape[0]} × {grey.shape[1]} pixels, smaller than {size}")
    top, left = ((n - block * size) // 2 for n in grey.shape)
    square = grey[top : top + block * size, left : left + block * size]
    small: NDArray[np.float64] = square.reshape(size, block, size, block).mean(axis=(1, 3))
    return small
