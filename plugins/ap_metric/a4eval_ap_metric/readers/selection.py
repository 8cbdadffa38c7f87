"""A subset of a data set: some classes, some images, or all classes as one; a rule for every reader of detections."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import dense, distinct
from a4eval_ap_metric.readers.divisible import of_units, rows_of
from a4eval_ap_metric.readers.files import lines, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

_BY_CLASS = ("negative", "not_exhaustive", "verified")
"""Tables that say of an image which classes were looked for: they mean nothing when all classes are one."""
ONE_CLASS = "object"


def list_file(given: Any) -> list[Path]:
    """Return the file that a list of classes or images is in, if it is in one: a text that ends in ``.txt``."""
    return [Path(given)] if isinstance(given, str) and suffix_of(Path(given)) == ".txt" else []


def selected(
    batch: Mapping[str, Any], *, classes: Any = None, image_list: Any = None, class_agnostic: bool = False
) -> dict[str, Any]:
    """Return what a detection batch has of some classes and images.

    Args:
        batch: a detection batch.
        classes: a name or id, a list of them, or a ``.txt`` file with one a line; all if None.
        image_list: likewise; an image is known by its id and by the name of its file, with or without folder and
            ending.
        class_agnostic: all classes are one; detections of classes that the ground truth does not know are left out.

    Raises:
        DataError: a list is empty or cannot be read, or an entry is not known.

    Source: ``catIds``, ``imgIds`` and ``useCats`` of pycocotools' ``Params``.

    >>> box = np.zeros((2, 4))
    >>> batch = {"unit": np.array([7, 8]), "class": np.array([1, 2]), "class_name": np.array(["cat", "dog"]),
    ...     "truth_unit": np.array([0, 1]), "truth_class": np.array([1, 2]), "truth_box": box,
    ...     "detection_unit": np.array([1, 1]), "detection_class": np.array([1, 2]), "detection_box": box}
    >>> some = selected(batch, classes="dog", image_list=[8])
    >>> some["unit"], some["truth_class"], some["detection_unit"]
    (array([8]), array([2]), array([0]))
    """
    if image_list is not None:
        batch = of_units(batch, _chosen(image_list, "image_list", _image_keys(batch)))
    if classes is not None:
        batch = _of_classes(batch, classes)
    if class_agnostic:
        batch = _as_one_class(batch)
    if not (classes is None and image_list is None) and not len(batch["truth_unit"]):
        warnings.warn("there is no ground truth in the images and classes that are chosen", stacklevel=2)
    return dict(batch)


def _of_classes(batch: Mapping[str, Any], classes: Any) -> Mapping[str, Any]:
    known = distinct([batch[one] for one in ("class", "truth_class", "detection_class") if one in batch])
    names: dict[str, str] = {}
    if "class_name" in batch:
        ids = (str(one) for one in batch["class"].tolist())
        names = dict(zip(ids, batch["class_name"].tolist(), strict=True))
    texts = [str(one) for one in known.tolist()]
    chosen = known[_chosen(classes, "classes", [texts, [names.get(one, one) for one in texts]])]
    kept = {f"{side}_": np.isin(batch[f"{side}_class"], chosen) for side in ("truth", "detection")}
    batch = rows_of(batch, kept)
    if "class" not in batch:
        return {**batch, "class": chosen}
    mine = np.isin(batch["class"], chosen)
    of_class = [name for name in batch if name == "class" or name.startswith("class_")]
    return {**batch, **{name: batch[name][mine] for name in of_class}}


def _as_one_class(batch: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the batch with one class; equal scores rank by their former class, as in pycocotools."""
    known = distinct([batch[one] for one in ("class", "truth_class") if one in batch])
    rows = {}
    for side in ("truth", "detection"):
        place = dense(batch[f"{side}_class"], known)
        order = np.argsort(place, kind="stable")
        rows[f"{side}_"] = order[place[order] >= 0]
    batch = rows_of(batch, rows)
    one = {f"{side}_class": np.full(len(rows[f"{side}_"]), ONE_CLASS) for side in ("truth", "detection")}
    left_out = tuple(f"{table}_{what}" for table in _BY_CLASS for what in ("unit", "class"))
    kept = {name: column for name, column in batch.items() if name not in left_out and not name.startswith("class_")}
    return {**kept, **one, "class": np.array([ONE_CLASS])}


def _image_keys(batch: Mapping[str, Any]) -> list[list[str]]:
    """Return what each image may be called: its id, the name of its file, that without folder, and without ending."""
    ids = [str(one) for one in batch["unit"].tolist()]
    names = [str(one) for one in batch["unit_file_name"].tolist()] if "unit_file_name" in batch else ids
    return [ids, names, [_base(one) for one in names], [_stem(one) for one in names]]


def _base(name: str) -> str:
    return os.path.basename(name)  # noqa: PTH119  (of a hundred thousand names)


def _stem(name: str) -> str:
    return os.path.splitext(_base(name))[0]  # noqa: PTH122


def _chosen(given: Any, what: str, keys: Sequence[list[str]]) -> NDArray[np.bool_]:
    """Return which of the images or classes are in a list.

    Args:
        given: of the user.
        what: its name, for messages.
        keys: what each is called, most trusted first; an entry is taken as the first of them that knows it.
    """
    entries, where = _entries(given, what)
    readings: tuple[Callable[[str], str], ...] = (str, str, _base, _stem)
    places: list[dict[str, list[int]]] = [{} for _ in keys]
    for names, known in zip(keys, places, strict=True):
        for index, name in enumerate(names):
            known.setdefault(name, []).append(index)
    chosen = np.zeros(len(keys[0]), bool)
    for entry in entries:
        found = (known.get(read(entry)) for read, known in zip(readings, places, strict=False))
        mine = next((one for one in found if one), None)
        if mine is None:
            few = ", ".join(keys[1][:3]) + (", …" if len(keys[1]) > 3 else "")
            raise DataError(f"{where}: got {entry!r}, expected an id or a name among the {len(keys[0])}: {few}")
        chosen[mine] = True
    return chosen


def _entries(given: Any, what: str) -> tuple[list[str], str]:
    """Return the entries of a list as texts, and where they stand, for messages."""
    where = what
    if found := list_file(given):
        where = f"{what}: {found[0]}"
        given = [" ".join(fields) for _, fields in lines(found[0])]
    rows = given if isinstance(given, list | tuple) else [given]
    odd = [one for one in rows if isinstance(one, bool) or not isinstance(one, str | int)]
    if odd or not rows:
        got = repr(odd[0]) if odd else "none"
        raise DataError(f"{where}: got {got}, expected names or ids, or a .txt file with one a line")
    return [str(one) for one in rows], where
