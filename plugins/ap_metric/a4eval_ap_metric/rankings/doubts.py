"""Doubts about rankings: what is possible and leaves nothing to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def ranking_doubts(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return warnings about what can hardly be measured.

    Args:
        batch: a ranking batch.

    >>> ranking_doubts({"unit": np.array(["q"]), "row_unit": np.array([0]), "relevance": np.array([0.0])})
    ['nothing is relevant in 1 query of 1: average precision is undefined']
    """
    judged = "judged_relevance" if "judged_relevance" in batch else "relevance"
    of_query = "judged_unit" if "judged_relevance" in batch else "row_unit"
    n = len(batch["unit"])
    relevant = len(np.unique(batch[of_query][batch[judged] > 0]))
    found = []
    if not relevant:
        found.append(f"nothing is relevant in {counted(n, 'query')} of {n:,}: average precision is undefined")
    if not len(batch["row_unit"]):
        found.append(f"nothing is retrieved in {counted(n, 'query')} of {n:,}")
    return found
