"""The hierarchy of classes of Open Images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def ancestors(hierarchy: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the ancestors of each class of Open Images' hierarchy file, without the root.

    Args:
        hierarchy: nested ``{"LabelName": …, "Subcategory": [...]}``.

    >>> ancestors({"LabelName": "root", "Subcategory": [{"LabelName": "cat", "Subcategory": [{"LabelName": "lion"}]}]})
    {'cat': [], 'lion': ['cat']}
    """
    found: dict[str, list[str]] = {}

    def walk(node: Mapping[str, Any], above: Sequence[str]) -> None:
        for child in node.get("Subcategory", ()):
            name = child["LabelName"]
            known = found.setdefault(name, [])
            known += [one for one in above if one not in known]
            walk(child, [*above, name])

    walk(hierarchy, [])
    return found


def with_ancestors(classes: Sequence[Any], above: Mapping[str, Sequence[str]]) -> tuple[NDArray[np.intp], list[str]]:
    """Return rows repeated for the ancestors of their class, and the class of each.

    Args:
        classes: (n,) names.
        above: from :func:`ancestors`; a class it does not know has none.

    >>> with_ancestors(["lion", "dog"], {"lion": ["cat"]})
    (array([0, 0, 1]), ['lion', 'cat', 'dog'])
    """
    rows, names = [], []
    for row, name in enumerate(classes):
        for one in (name, *above.get(str(name), ())):
            rows.append(row)
            names.append(str(one))
    return np.array(rows, np.intp), names
