"""What an experiment is about, for those who read its results."""

from __future__ import annotations

import re

_TO_GIVE = re.compile(r"([:;.?!])\s+[Gg]ive (?=task\.|--)")


def about(description: str) -> str:
    """Return a description without what it tells those who run it to give: that has been given.

    >>> about("COCO's statistics of boxes: give task.data.detections=FILE.")
    "COCO's statistics of boxes."
    >>> about("How well do boxes agree?  Give task.data.detections=FILE."), about("They give way.")
    ('How well do boxes agree?', 'They give way.')
    """
    found = _TO_GIVE.search(description)
    if found is None:
        return description
    return description[: found.start()] + (found[1] if found[1] in ".?!" else ".")
