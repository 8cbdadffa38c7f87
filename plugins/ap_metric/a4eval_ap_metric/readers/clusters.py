"""Which units belong together: frames of a video, pictures of a patient, queries of a topic."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import dense, of_one_kind
from a4eval_ap_metric.readers.columns import column_names, read_columns
from a4eval_ap_metric.readers.files import suffix_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_TABLES = (".csv", ".parquet", ".arrow", ".feather")
_IDS = ("image", "query", "unit")


def is_table(clusters: str) -> bool:
    """Return whether clusters are said by a table; else by a pattern."""
    return suffix_of(Path(clusters)) in _TABLES


def cluster_labels(clusters: str, batch: Mapping[str, Any]) -> NDArray[Any]:
    """Return the label of each unit's cluster.

    Args:
        clusters: a table with the columns ``image`` (or ``query`` or ``unit``) and ``cluster``; or a regular expression
            that is looked for in the name of each image's file, or in the unit's id where the batch has no
            ``unit_file_name``: its first group, or all that it finds, is the label.
        batch: with ``unit``.

    Raises:
        DataError: the table cannot be read, the pattern is none, or a unit has no cluster.

    >>> cluster_labels("^([a-z]+)_", {"unit": np.array(["walk_001", "walk_002", "run_001"])}).tolist()
    ['walk', 'walk', 'run']
    """
    if is_table(clusters):
        return _from_table(Path(clusters), np.asarray(batch["unit"]))
    try:
        pattern = re.compile(clusters)
    except re.error as error:
        raise DataError(
            f"clusters: got {clusters!r}, expected a table {', '.join(_TABLES)} or a pattern: {error}"
        ) from error
    names = np.asarray(batch.get("unit_file_name", batch["unit"])).astype(np.str_).tolist()
    found = [pattern.search(name) for name in names]
    for name, one in zip(names, found, strict=True):
        if one is None:
            raise DataError(f"clusters: the pattern {clusters!r} finds nothing in {name!r}")
    return np.array([one[1 if pattern.groups else 0] or "" for one in found if one], np.str_)


def _from_table(path: Path, unit: NDArray[Any]) -> NDArray[Any]:
    header = column_names(path)
    column = next((one for one in _IDS if one in header), _IDS[0])
    table = read_columns(path, {"unit": column, "cluster": "cluster"}, ids=("unit", "cluster"))
    ids, wanted = of_one_kind((f"{path}: {column}", table["unit"]), ("the units", unit))
    order = np.argsort(ids, kind="stable")
    known, first = np.unique(ids[order], return_index=True)
    if len(known) < len(ids):
        twice = known[np.argmax(np.diff(first, append=len(ids)) > 1)]
        raise DataError(f"{path}: {column} {twice.item()!r} stands in several rows, expected one cluster for each")
    place = dense(wanted, known)
    if (place < 0).any():
        row = int(np.argmax(place < 0))
        raise DataError(f"{path}: there is no cluster of {unit[row].item()!r}")
    (labels,) = of_one_kind(("cluster", table["cluster"]))
    return labels[order[first[place]]]
