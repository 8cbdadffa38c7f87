"""Small copies of images, as WebP, which takes half of what JPEG does; together in little room."""

from __future__ import annotations

import warnings
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING

from a4eval import DataError, require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

IMAGES = "a4eval-ap-metric[images]"
LARGEST_FILE = 100_000_000
"""Bytes of a file."""
MOST_PIXELS = 120_000_000
"""Pixels of an image, however few bytes they are packed into."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
STEPS = ((1.0, 60), (1.0, 45), (0.9, 45), (0.8, 45), (0.72, 45), (0.65, 40), (0.5, 40), (0.4, 35))
"""Share of the longer side and quality, the best first, of which the first is taken that has room for all images."""


def small_copy(path: Path, side: int, size: tuple[float, float] | None = None) -> Any:
    """Return an image of Pillow's as its camera was held (EXIF), of at most *side* pixels.

    Args:
        path: a regular file.
        side: of the longer side, in pixels.
        size: width and height as the annotations have them, if known: an image that has them only as it is stored is
            left as it is stored.

    Raises:
        DataError: it is no image, or too large for one.
        MissingExtraError: Pillow is not installed.
    """
    pillow = require("PIL.Image", IMAGES)
    turned = require("PIL.ImageOps", IMAGES)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path}: got no regular file of at most {LARGEST_FILE:,} bytes, expected an image")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes, which are looked at here
            with pillow.open(path, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    got = f"{image.width} × {image.height} pixels"
                    raise DataError(f"{path}: got {got}, expected at most {MOST_PIXELS:,} of them")
                upright = turned.exif_transpose
                stored = size is not None and image.size == size and image.width != image.height
                image.draft("RGB", (2 * side, 2 * side))
                small = (image if stored else upright(image)).convert("RGB")
                small.thumbnail((side, side))
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is no image that can be read: {error}") from error
    return small


def packed(images: Sequence[Any], room: int) -> list[bytes]:
    """Return images as files: as good and as large as *room* has it for all; of those without room the first.

    Args:
        images: of Pillow's.
        room: bytes of all together.
    """
    found: list[bytes] = []
    for share, quality in STEPS:
        found = [_file(one, share, quality) for one in images]
        if sum(map(len, found)) <= room:
            return found
    taken = list(accumulate(map(len, found)))
    return [one for one, until in zip(found, taken, strict=True) if until <= room]


def _file(image: Any, share: float, quality: int) -> bytes:
    if share < 1:
        image = image.resize([max(1, round(side * share)) for side in image.size], reducing_gap=2.0)
    written = BytesIO()
    image.save(written, "WEBP", quality=quality, method=6)
    return written.getvalue()
