"""One thread or two: a layer gives the same numbers up to rounding, and the same bits every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.batches import narrow_rows, no_batch
from a4eval.checks.layers.case import outputs
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.checks.trees import same_bits
from a4eval.context import require
from a4eval.errors import MissingExtraError

if TYPE_CHECKING:
    from a4eval.checks.layers.case import LayerCase

ROWS = 65
"""Enough for a library to share out, and no multiple of two."""

_LOOK = "sums and buffers that threads share, and rows that are dealt out to them"


def threads(case: LayerCase) -> Finding:
    """Call it with one and with two threads of BLAS and OpenMP, on a batch that is worth sharing out."""
    try:
        control = require("threadpoolctl", "a4eval[checks]")
    except MissingExtraError as missing:
        return not_applicable("threads", f"the number of threads cannot be set: {missing}")
    if not no_batch(case) and not getattr(case.layer, "mixes_rows", False):
        case = narrow_rows(case, ROWS, np.float64)
    given = case.layer, case.params, case.x, case.dy
    with control.threadpool_limits(1):
        alone = outputs(*given)
        bound = rounding_bound(case)
    with control.threadpool_limits(2):
        together, again = outputs(*given), outputs(*given)
    where = same_bits(together, again)
    if where:
        meaning = "with two threads the same call twice gives other bits"
        return Finding("threads", "failed", where=where, meaning=meaning, look_at=_LOOK)
    return compare("threads", together, alone, bound, "two threads give something else than one", _LOOK)
