"""Names of spatial axes and of flattened positions in metrics and tables."""

from __future__ import annotations

from itertools import product

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_names(dimensions: int) -> tuple[str, ...]:
    """Return the names of the spatial axes.

    >>> axis_names(2)
    ('height', 'width')
    """
    return _AXES[dimensions]


def position_names(letter: str, channels: int, size: tuple[int, ...]) -> list[str]:
    """Return a name for each entry of a flattened (channels, *size) array.

    >>> position_names("x", 1, (2, 2))
    ['x00', 'x01', 'x10', 'x11']
    >>> position_names("y", 2, (1, 12))[-1]
    'y1_0_11'
    """
    joint = "" if channels == 1 and max(size) <= 10 else "_"
    channel = [()] if channels == 1 else [(index,) for index in range(channels)]
    positions = product(*(range(n) for n in size))
    return [letter + joint.join(str(i) for i in (*c, *p)) for c, p in product(channel, list(positions))]
