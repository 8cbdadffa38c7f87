"""Small copies of images, as JPEG."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from a4eval import DataError, require

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = "a4eval-ap-metric[images]"
LARGEST_FILE = 100_000_000
"""Bytes of a file."""
MOST_PIXELS = 120_000_000
"""Pixels of an image, however few bytes they are packed into."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
_QUALITY = 72


def thumbnail(path: Path, side: int, size: tuple[float, float] | None = None) -> bytes:
    """Return a JPEG of an image as its camera was held (EXIF), of at most *side* pixels.

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
        written = BytesIO()
        small.save(written, "JPEG", quality=_QUALITY, optimize=True)
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is no image that can be read: {error}") from error
    return written.getvalue()
