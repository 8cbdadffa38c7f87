"""What stands beside YOLO's label files: names of classes, lists and folders of images."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from a4eval import DataError, require
from a4eval_ap_metric.readers.files import lines, stem, suffix_of, text, unreadable
from a4eval_ap_metric.readers.images import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

IMAGES = "a4eval-ap-metric[images]"


def class_names(path: Path) -> list[str]:
    """Return the names of classes by their index: ``names`` of a data.yaml, or the lines of any other file.

    Raises:
        DataError: it cannot be read, holds no names, or one twice.
    """
    if suffix_of(path) in (".yaml", ".yml"):
        names = _yaml_names(path)
    else:
        names = [" ".join(fields) for _, fields in lines(path)]
    twice = [one for one, n in Counter(names).items() if n > 1]
    if not names or twice:
        got = f"{min(twice)!r} twice" if twice else "none"
        raise DataError(f"{path}: names: got {got}, expected a name for each class")
    return names


def _yaml_names(path: Path) -> list[str]:
    import yaml

    try:
        whole = yaml.safe_load(text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    names = whole.get("names") if isinstance(whole, dict) else None
    if isinstance(names, dict):
        if sorted(names, key=str) != sorted(range(len(names)), key=str):
            raise DataError(f"{path}: names: got the keys {list(names)[:5]}, expected 0, 1, 2, …")
        names = [names[one] for one in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(one, str | int) for one in names):
        raise DataError(f"{path}: names: got {names!r:.60}, expected a list of names, or each by its index")
    return [str(one) for one in names]


def named(classes: Sequence[str], names: Path, places: Sequence[str]) -> list[str]:
    """Return classes by their names; an index is the place in *names*, from 0.

    Args:
        classes: indices or names.
        names: the file of the names.
        places: where each stands, for messages.

    Raises:
        DataError: one is neither, or the file of names is none.
    """
    known_names = class_names(names)
    known = {str(index): name for index, name in enumerate(known_names)} | {name: name for name in known_names}
    for place, one in zip(places, classes, strict=True):
        if one not in known:
            expected = f"an index below {len(known_names)} or one of the names in {names}"
            raise DataError(f"{place}: got the class {one!r}, expected {expected}")
    return [known[one] for one in classes]


def outline_box(numbers: Sequence[float]) -> list[float]:
    """Return centre and size of the box around a polygon x, y, x, y, ….

    >>> outline_box([0.25, 0.5, 0.75, 0.5, 0.5, 1.0])
    [0.5, 0.75, 0.5, 0.5]
    """
    x, y = numbers[0::2], numbers[1::2]
    left, right, top, bottom = min(x), max(x), min(y), max(y)
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]


def images_in(folder: Path) -> dict[str, Path]:
    """Return the files of images in a folder by their names without ending.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        return {stem(one): one for one in sorted(folder.iterdir()) if suffix_of(one) in ENDINGS}
    except OSError as error:
        raise unreadable(folder, error) from error


def sizes_of(files: Mapping[str, Path]) -> dict[str, tuple[float, float]]:
    """Return width and height of images, from their first bytes, as they are to be looked at.

    Raises:
        DataError: one is no image.
        MissingExtraError: Pillow is not installed.
    """
    image: Any = require("PIL.Image", IMAGES)
    found = {}
    for name, path in files.items():
        try:
            with image.open(path) as opened:
                turned = opened.getexif().get(0x0112, 1) >= 5  # Exif's orientations on a side
                width, height = opened.size
        except (OSError, ValueError, image.DecompressionBombError) as error:
            raise DataError(f"{path}: is no image: {error}") from error
        found[name] = (float(height), float(width)) if turned else (float(width), float(height))
    return found
