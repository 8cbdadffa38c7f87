"""The reader ``coco``: a COCO annotation file and a COCO result list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import DataError, counted, param
from a4eval_ap_metric.detections.checks import NO_DETECTIONS, CheckedBatch, doubts, refuse_impossible
from a4eval_ap_metric.detections.data import Geometry
from a4eval_ap_metric.identifiers import as_ids, dense, distinct, is_text, of_one_kind, texts
from a4eval_ap_metric.matching.doubts import notation_doubts
from a4eval_ap_metric.readers.coco_json import read_ground_truth, refuse_odd_crowds
from a4eval_ap_metric.readers.coco_results import read_detections
from a4eval_ap_metric.readers.coco_shapes import detection_shapes, nothing_collected, truth_shapes
from a4eval_ap_metric.readers.images import WithImages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run
    from a4eval_ap_metric.readers.coco_json import GroundTruth, Image

Compat = Literal["none", "pycocotools"]


def read_coco(
    ground_truth: Path,
    detections: Path,
    *,
    geometry: Geometry = "box",
    compat: Compat = "none",
    warnings: list[str] | None = None,
    elsewhere: Callable[[Sequence[Any]], Collection[Any]] | None = None,
) -> dict[str, NDArray[Any]]:
    """Read COCO files into one detection batch.

    Args:
        ground_truth: annotation file with ``images``, ``annotations`` and ``categories``.
        detections: result list with ``image_id``, ``category_id``, ``bbox`` (xywh, pixels) and ``score``.
        geometry: ``box``; ``mask`` reads ``segmentation`` (polygons or RLE) and ``keypoints`` reads ``keypoints`` of
            both files besides, and the boxes and areas of detections are those of their shapes.
        compat: ``pycocotools`` takes what it takes and means what it means by it, where that differs.
        warnings: doubts are appended to this list.
        elsewhere: says of all images, ascending, whose detections may be left out; those of boxes and masks are, if
            image ids are whole numbers, and masks of their truths are None.

    Returns:
        The columns of a ``detection`` batch; besides, ``class`` and ``class_name`` (k,) of the categories,
        ``unit_width`` and ``unit_height`` (n_images,) in pixels, NaN where the file has none, ``unit_`` and the name of
        whatever else all images have, such as ``unit_file_name``, and with
        ``compat: pycocotools`` ``truth_uncounted`` (g,) bool.

    Raises:
        DataError: a file is not what it should be.
    """
    quirks = compat == "pycocotools"
    notes = warnings if warnings is not None else []
    truth = read_ground_truth(ground_truth, lenient=quirks, shapes=geometry != "box")
    sizes = _sizes(truth.images, ground_truth, notes)
    ids = as_ids([one.id for one in truth.images], f"{ground_truth}: image id")
    shapes: dict[str, NDArray[Any]] = {}
    others = elsewhere(np.unique(ids).tolist()) if elsewhere and ids.dtype.kind == "i" and not quirks else set()
    if geometry == "box":
        but = np.array(list(others), np.int64) if others else None
        found, left_out = read_detections(detections, notes, lenient=quirks, but=but)
    else:
        of_image = {one.id: (size[1], size[0]) for one, size in zip(truth.images, sizes.tolist(), strict=True)}
        with nothing_collected():
            but_of = others if geometry == "mask" else set()  # keypoints are to be as many in all images
            shapes = truth_shapes(ground_truth, truth.shaped, geometry, of_image, any_size=quirks, but=but_of)
            found, left_out = detection_shapes(detections, geometry, of_image, notes, any_size=quirks, but=but_of)
        shapes |= {name: found[name] for name in found if name.startswith("detection_")}
    image, truth_image, found_image = of_one_kind(
        (f"{ground_truth}: image id", ids),
        (f"{ground_truth}: annotations: image_id", truth.annotations["image_id"]),
        (f"{detections}: image_id", found["image_id"]),
        strict=True,
    )
    category, truth_category, found_category = _categories(truth, found, ground_truth, detections, quirks=quirks)
    unit, place = _last_of_each(image, f"{ground_truth}: an image id", refuse=not quirks)
    names = texts([one.name or str(one.id) for one in truth.categories], f"{ground_truth}: the names of categories")
    classes, of_class = _last_of_each(category, f"{ground_truth}: a category id", refuse=not quirks)
    if len(classes) == len(category):  # then in the order of the file
        classes, of_class = category, np.arange(len(category))
    batch = {
        "unit": unit,
        "unit_width": sizes[place, 0],
        "unit_height": sizes[place, 1],
        **{f"unit_{name}": column[place] for name, column in truth.image_columns.items() if len(column)},
        "class": classes,
        "class_name": names[of_class],
        **_truths(truth, dense(truth_image, unit)),
        "truth_class": truth_category,
        **shapes,
        "detection_unit": _known(found_image, unit, str(detections), "images", "image_id"),
        "detection_class": found_category,
        "detection_box": found["bbox"],
        "detection_score": found["score"],
    }
    if all(one.neg_category_ids is not None for one in truth.images) and truth.images:
        batch |= _federated(truth, image, category, ground_truth)
    notes += _odd_annotations(truth, ground_truth, quirks=quirks)
    if quirks:
        batch |= _as_pycocotools(batch, truth.annotations["id"].tolist())
    else:
        _known(truth_image, unit, f"{ground_truth}: annotations", "images", "image_id")
        _known(truth_category, np.sort(category), f"{ground_truth}: annotations", "categories", "category_id")
        refuse_odd_crowds(truth, ground_truth)
        refuse_impossible(batch, {"truth": f"{ground_truth}: annotations", "detection": str(detections)})
        batch = CheckedBatch(batch)
    no_doubt = NO_DETECTIONS if left_out else None
    notes += [one for one in doubts(batch) + notation_doubts(batch) if one != no_doubt]
    return batch


def _categories(
    truth: GroundTruth, found: Mapping[str, NDArray[Any]], ground_truth: Path, detections: Path, *, quirks: bool
) -> list[NDArray[Any]]:
    """Return the ids of the categories, of the truths' and of the detections'."""
    known = as_ids([one.id for one in truth.categories], f"{ground_truth}: category id")
    of_truth, of_found = truth.annotations["category_id"], found["category_id"]
    if quirks and len(known):  # there 1 and '1' are different, and meet no truth
        nobody = np.array(["\0"]) if is_text(known) else np.array([int(known.max()) + 1])
        of_truth, of_found = (
            one if is_text(one) == is_text(known) or not len(one) else np.repeat(nobody, len(one))
            for one in (of_truth, of_found)
        )
    return of_one_kind(
        (f"{ground_truth}: category id", known),
        (f"{ground_truth}: annotations: category_id", of_truth),
        (f"{detections}: category_id", of_found),
        strict=True,
    )


def _last_of_each(ids: NDArray[Any], what: str, *, refuse: bool) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct ids, ascending, and where each stands last, which in pycocotools is what counts."""
    known, place = np.unique(ids[::-1], return_index=True)
    if refuse and len(known) < len(ids):
        raise DataError(f"{what} occurs twice: {_most_common(ids)}")
    return known, len(ids) - 1 - place


def _sizes(images: Sequence[Image], path: Path, notes: list[str]) -> NDArray[np.float64]:
    """Return (n, 2) widths and heights, NaN where the file has none."""
    given = [(one.width, one.height) for one in images]
    text = sum(isinstance(one, str) for pair in given for one in pair)
    if text:
        notes.append(f"{path}: widths and heights of images that are text ({text}) are taken as the numbers they spell")
        given = [(_number_or_nan(width), _number_or_nan(height)) for width, height in given]
    sizes = np.array(given, np.float64).reshape(-1, 2)  # None becomes NaN
    unknown = int(np.count_nonzero((sizes <= 0).any(axis=1)))
    if unknown:
        notes.append(f"{path}: {counted(unknown, 'image')} of width or height 0 or less: taken as not known")
        sizes[sizes <= 0] = np.nan
    return sizes


def _number_or_nan(value: float | str | None) -> float:
    try:
        return float("nan" if value is None else value)
    except ValueError:
        return float("nan")


def _odd_annotations(truth: GroundTruth, path: Path, *, quirks: bool) -> list[str]:
    """Return doubts about the ids and crowds of annotations."""
    notes = []
    ids = truth.annotations["id"]
    known = ids[ids != None]  # noqa: E711  (an array compares each)
    repeated = len(known) - len(set(known.tolist()))
    if repeated:
        means = "the last one stands for all, as in pycocotools" if quirks else "ids are not used: each one counts"
        notes.append(
            f"{path}: {counted(repeated, 'annotation')} with the id of another, such as {_most_common(known)}: {means}"
        )
    zeros = int(np.count_nonzero(known == 0))
    if zeros and not quirks:
        means = "it counts like any other; for pycocotools what matches it is a false positive"
        notes.append(f"{path}: annotations with the id 0: {zeros}; {means}")
    crowd = truth.annotations["iscrowd"]
    if crowd.dtype == object:
        flags = sum(isinstance(one, bool) for one in crowd.tolist())
        if flags:
            notes.append(f"{path}: iscrowd of {counted(flags, 'annotation')} is true or false: taken as 1 or 0")
    return notes


def _federated(truth: GroundTruth, image: NDArray[Any], category: NDArray[Any], path: Path) -> dict[str, NDArray[Any]]:
    """Return LVIS's columns: the pairs of image and class known to be absent, or not exhaustively annotated."""
    found: dict[str, NDArray[Any]] = {"class_frequency": np.array([one.frequency or "" for one in truth.categories])}
    place = dense(image, distinct([image]))
    for column, key in (("negative", "neg_category_ids"), ("not_exhaustive", "not_exhaustive_category_ids")):
        ids = [getattr(one, key) or [] for one in truth.images]
        found[f"{column}_unit"] = np.repeat(place, [len(one) for one in ids])
        classes = as_ids(list(chain.from_iterable(ids)), f"{path}: {key}")
        known = (f"{path}: category id", category)
        _, found[f"{column}_class"] = of_one_kind(known, (f"{path}: {key}", classes), strict=True)
    return found


def _truths(truth: GroundTruth, unit: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    columns = truth.annotations
    box = columns["bbox"]
    return {
        "truth_unit": unit,
        "truth_box": box,
        "truth_area": np.where(truth.lacks_area, box[:, 2] * box[:, 3], columns["area"]),
        "truth_crowd": columns["iscrowd"].astype(bool),
    }


def _as_pycocotools(batch: dict[str, NDArray[Any]], ids: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return the truths as pycocotools ends up with: by image, of known images and classes, the last of an id for all.

    A match with id 0 is stored as 0, which means none.
    """
    ids = [("without id", index) if one is None else one for index, one in enumerate(ids)]
    order = np.argsort(batch["truth_unit"], kind="stable")
    known = np.isin(batch["truth_class"], batch["class"]) & (batch["truth_unit"] >= 0)
    last = {one: index for index, one in enumerate(ids)}
    row = np.array([last[ids[index]] for index in order[known[order]]], np.intp)
    row = row[known[row]]
    columns = {name: values[row] for name, values in batch.items() if name.startswith("truth_")}
    return columns | {"truth_uncounted": np.array([ids[index] == 0 for index in row], bool)}


def _known(ids: NDArray[Any], known: NDArray[Any], what: str, of_what: str, key: str) -> NDArray[np.int32]:
    index = dense(ids, known)
    if (index < 0).any():
        row = int(np.argmax(index < 0))
        raise DataError(f"{what}: entry {row}: {key} {ids[row].item()!r} is not among the {len(known)} {of_what}")
    return index


def _most_common(ids: Sequence[Any] | NDArray[Any]) -> Any:
    values = ids.tolist() if isinstance(ids, np.ndarray) else ids
    return Counter(values).most_common(1)[0][0]


@dataclass
class Coco(WithImages):
    """Boxes from COCO's JSON files.

    A part reads all truths; of detections of boxes it decodes those of its own images, if the file is written as tools
    write it: each entry begins with its ``image_id``, a whole number, and those of an image stand together.
    Of masks it reads all entries and decodes the masks of its own images.
    """

    batch: ClassVar[str] = "detection"

    ground_truth: Path = param(help="COCO annotation file (JSON)")
    detections: Path = param(help="COCO result list (JSON)")
    geometry: Geometry = param("box", help="box, mask (needs the extra masks) or keypoints")
    compat: Compat = param("none", help="pycocotools: take bad input as it does, see docs/detection-input.md")

    def sources(self) -> Sequence[Path]:
        """The two files."""
        return [self.ground_truth, self.detections, *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        warnings: list[str] = []
        try:
            batch = self._read(warnings, self._elsewhere)
        except DataError:
            if self._part[1] == 1:
                raise
            warnings = []  # what is wrong is told of the whole file, where an entry has its number
            batch = self._read(warnings)
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)

    def _read(self, warnings: list[str], elsewhere: Callable[[Sequence[Any]], set[Any]] | None = None) -> Batch:
        return read_coco(
            self.ground_truth,
            self.detections,
            geometry=self.geometry,
            compat=self.compat,
            warnings=warnings,
            elsewhere=elsewhere,
        )
