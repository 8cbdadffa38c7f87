"""What the parts of a reader give together, held against one whole reading."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from a4eval import DataError, Run, build


def batches_of(node, index=0, count=1):
    """Return the batches of a part, and what is doubted."""
    run = Run(directory=Path())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        batches = list(build("reader", node).part(index, count).batches(run))
    return batches, [*run.warnings, *(str(one.message) for one in caught)]


def rows(batches):
    """Return the images, and the rows of each side in the order of their images, whatever batch they are in."""
    found = {"unit": np.concatenate([one["unit"] for one in batches]).tolist()}
    for side in ("truth", "detection"):
        unit = np.concatenate([one["unit"][one[f"{side}_unit"]] for one in batches])
        order = np.argsort(unit, kind="stable")
        for name in batches[0]:
            if name.startswith(f"{side}_") and name != f"{side}_unit":
                found[name] = np.concatenate([one[name] for one in batches])[order].tolist()
        found[f"{side}_unit"] = unit[order].tolist()
    return found


def statistics(parts):
    """Return the statistics of batches, each part taken in by a metric of its own."""
    whole = build("metric", "coco_detection")
    for batches in parts:
        part = build("metric", "coco_detection")
        for batch in batches:
            part.update(batch)
        whole.merge(part)
    return repr(whole.compute())


def check_parts(node, counts=(2, 3, 9)):
    """Check that parts give together what one whole reading gives, or that one is refused in the same words.

    Returns:
        Whether it is refused.
    """
    try:
        (whole,), doubts = batches_of(node)
    except DataError as error:
        whole, expected = None, str(error)
    for count in counts:
        parts, refused, said = [], [], set()
        for index in range(count):
            try:
                batches, warned = batches_of(node, index, count)
            except DataError as error:
                refused.append(str(error))
                continue
            parts.append(batches)
            said |= set(warned)
        if whole is None:
            assert set(refused) == {expected}, f"{count} parts"
            continue
        assert not refused, f"{count} parts"
        together = [one for part in parts for one in part]
        assert rows(together) == rows([whole])
        assert all(one["class"].tolist() == whole["class"].tolist() for one in together)
        assert statistics(parts) == statistics([[whole]])
        nothing = {one for one in said if one.startswith(("there are no detections", "there is no ground truth"))}
        assert nothing <= set(doubts)
    return whole is None
