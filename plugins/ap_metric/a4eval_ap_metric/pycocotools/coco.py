"""``COCO``: a data set or a list of results in memory, indexed by image and class, as pycocotools has it."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.detections.data import MASKS
from a4eval_ap_metric.pycocotools import mask
from a4eval_ap_metric.pycocotools.said import say
from a4eval_ap_metric.readers.files import text
from a4eval_ap_metric.readers.masks import read_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_COLUMNS = 7
_SAID_EVERY = 1_000_000


class COCO:
    """A COCO data set; every name means what it means in pycocotools.

    Args:
        annotation_file: JSON to read; None for an empty one, whose ``dataset`` is set before ``createIndex``.

    Attributes ``dataset``, ``anns``, ``imgs``, ``cats`` (by id), ``imgToAnns`` and ``catToImgs``.

    Raises:
        DataError: the file cannot be read, or is no JSON object.
    """

    def __init__(self, annotation_file: str | Path | None = None) -> None:
        self.dataset: dict[str, Any] = {}
        self.anns: dict[Any, Any] = {}
        self.cats: dict[Any, Any] = {}
        self.imgs: dict[Any, Any] = {}
        self.imgToAnns: dict[Any, list[Any]] = defaultdict(list)
        self.catToImgs: dict[Any, list[Any]] = defaultdict(list)
        if annotation_file is not None:
            say("loading annotations into memory...")
            begin = time.time()
            self.dataset = _json(Path(annotation_file))
            if not isinstance(self.dataset, dict):
                raise DataError(f"{annotation_file}: got a {type(self.dataset).__name__}, expected a COCO data set")
            say(f"Done (t={time.time() - begin:0.2f}s)")
            self.createIndex()

    def createIndex(self) -> None:
        """Index ``dataset`` by id, image and class."""
        say("creating index...")
        rows = self.dataset.get("annotations", [])
        self.imgToAnns, self.catToImgs = defaultdict(list), defaultdict(list)
        for one in rows:
            self.imgToAnns[one["image_id"]].append(one)
        if "categories" in self.dataset:
            for one in rows:
                self.catToImgs[one["category_id"]].append(one["image_id"])
        self.anns = {one["id"]: one for one in rows}
        self.imgs = {one["id"]: one for one in self.dataset.get("images", [])}
        self.cats = {one["id"]: one for one in self.dataset.get("categories", [])}
        say("index created!")

    def info(self) -> None:
        """Print what the file says of itself."""
        for key, value in self.dataset["info"].items():
            say(f"{key}: {value}")

    def getAnnIds(
        self, imgIds: Any = (), catIds: Any = (), areaRng: Sequence[float] = (), iscrowd: bool | None = None
    ) -> list[Any]:
        """Return the ids of annotations: of these images, of these classes, strictly within the area range, crowds."""
        images, classes = _listed(imgIds), _listed(catIds)
        found = self.dataset["annotations"]
        if len(images):
            found = list(itertools.chain.from_iterable(self.imgToAnns.get(one, ()) for one in images))
        if len(classes):
            wanted = _one_of(classes)
            found = [one for one in found if wanted(one["category_id"])]
        if len(areaRng):
            found = [one for one in found if areaRng[0] < one["area"] < areaRng[1]]
        return [one["id"] for one in found if iscrowd is None or one["iscrowd"] == iscrowd]

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> list[Any]:
        """Return the ids of classes: of these names, of these groups, of these ids."""
        found = self.dataset["categories"]
        for given, key in ((catNms, "name"), (supNms, "supercategory"), (catIds, "id")):
            wanted = _listed(given)
            if len(wanted):
                found = [one for one in found if one[key] in wanted]
        return [one["id"] for one in found]

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list[Any]:
        """Return the ids of images: those given, with annotations of all of these classes."""
        images, classes = _listed(imgIds), _listed(catIds)
        if not len(images) and not len(classes):
            return list(self.imgs.keys())
        found = set(images)
        for place, one in enumerate(classes):
            mine = set(self.catToImgs.get(one, ()))
            found = mine if place == 0 and not found else found & mine
        return list(found)

    def loadAnns(self, ids: Any = ()) -> list[Any]:
        """Return the annotations of these ids."""
        return [self.anns[one] for one in _listed(ids)]

    def loadCats(self, ids: Any = ()) -> list[Any]:
        """Return the classes of these ids."""
        return [self.cats[one] for one in _listed(ids)]

    def loadImgs(self, ids: Any = ()) -> list[Any]:
        """Return the images of these ids."""
        return [self.imgs[one] for one in _listed(ids)]

    def showAnns(self, anns: list[Any], draw_bbox: bool = False) -> Any:
        """Draw annotations on the current axes of matplotlib: pycocotools does it."""
        return _theirs().showAnns(self, anns, draw_bbox)

    def download(self, tarDir: str | None = None, imgIds: Sequence[Any] = ()) -> Any:
        """Fetch the images from where the file says they are: pycocotools does it."""
        return _theirs().download(self, tarDir, list(imgIds))

    def loadRes(self, resFile: Any) -> COCO:
        """Return results as a data set of their own, on these images.

        Args:
            resFile: a JSON file, a list of results, or (n, 7) image, x, y, width, height, score, class.

        Raises:
            AssertionError: it is no list, or a result is of an image that is not there.
            DataError: the file cannot be read, or a mask is none.
        """
        found = type(self)()
        found.dataset["info"] = copy.deepcopy(self.dataset.get("info", {}))
        found.dataset["images"] = list(self.dataset["images"])
        say("Loading and preparing results...")
        begin = time.time()
        rows: Any = resFile
        if isinstance(resFile, str | Path):
            rows = _json(Path(resFile))
        elif isinstance(resFile, np.ndarray):
            rows = self.loadNumpyAnnotations(resFile)
        if not isinstance(rows, list):
            raise AssertionError("results in not an array of objects")  # noqa: TRY004  (what pycocotools raises)
        if not {one["image_id"] for one in rows} <= set(self.getImgIds()):
            raise AssertionError("Results do not correspond to current coco set")
        for place, one in enumerate(rows):
            one["id"] = place + 1
        first = rows[0] if rows else {}
        if "caption" in first:
            named = {one["image_id"] for one in rows}
            found.dataset["images"] = [one for one in found.dataset["images"] if one["id"] in named]
        else:
            found.dataset["categories"] = copy.deepcopy(self.dataset["categories"])
            _complete(rows, first)
        say(f"DONE (t={time.time() - begin:0.2f}s)")
        found.dataset["annotations"] = rows
        found.createIndex()
        return found

    def loadNumpyAnnotations(self, data: NDArray[Any]) -> list[dict[str, Any]]:
        """Return rows image, x, y, width, height, score, class as results."""
        say("Converting ndarray to lists...")
        if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != _COLUMNS:
            raise AssertionError(f"got {np.shape(data)}, expected (n, {_COLUMNS})")
        say(str(data.shape))
        rows = []
        for place, (image, x, y, width, height, score, of_class) in enumerate(data):
            if place % _SAID_EVERY == 0:
                say(f"{place}/{len(data)}")
            box = [x, y, width, height]
            rows.append({"image_id": int(image), "bbox": box, "score": score, "category_id": int(of_class)})
        return rows

    def annToRLE(self, ann: dict[str, Any]) -> Any:
        """Return the mask of an annotation, polygons or run lengths, as a compressed run-length encoding.

        Raises:
            DataError: it is none.
        """
        return self.encoded([ann])[0]

    def annToMask(self, ann: dict[str, Any]) -> Any:
        """Return the mask of an annotation: (height, width) uint8."""
        return mask.decode(self.annToRLE(ann))

    def encoded(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Return the masks of annotations as compressed run-length encodings.

        Raises:
            DataError: one is none; the text names its entry and the cause.
        """
        images = (self.imgs[one["image_id"]] for one in rows)
        sizes = [(one.get("height"), one.get("width")) for one in images]
        return list(_encoded([one["segmentation"] for one in rows], sizes))


def _theirs() -> Any:
    """Return pycocotools' own ``COCO``.

    Raises:
        MissingExtraError: it is not installed.
        RuntimeError: this one stands in its place.
    """
    theirs = require("pycocotools.coco", MASKS).COCO
    if theirs is COCO:
        raise RuntimeError("showAnns and download are pycocotools' own, and its module coco was replaced by this one")
    return theirs


def _complete(rows: list[dict[str, Any]], first: dict[str, Any]) -> None:
    """Give results their areas, boxes and crowd flags; the first says what all of them are."""
    if "bbox" in first and len(first["bbox"]):
        for one in rows:
            x, y, width, height = one["bbox"]
            if "segmentation" not in one:
                one["segmentation"] = [[x, y, x, y + height, x + width, y + height, x + width, y]]
            one["area"] = width * height
            one["iscrowd"] = 0
    elif "segmentation" in first:
        for one, encoding in zip(rows, _encoded([one["segmentation"] for one in rows], None), strict=True):
            one["area"] = mask.area(encoding)
            if "bbox" not in one:
                one["bbox"] = mask.toBbox(encoding)
            one["iscrowd"] = 0
    elif "keypoints" in first:
        for one in rows:
            x, y = one["keypoints"][0::3], one["keypoints"][1::3]
            left, top = np.min(x), np.min(y)
            width, height = np.max(x) - left, np.max(y) - top
            one["area"] = width * height
            one["bbox"] = [left, top, width, height]


def _encoded(shapes: Sequence[Any], sizes: Sequence[tuple[Any, Any]] | None) -> NDArray[np.object_]:
    """Return masks as encodings; letters may be bytes, as pycocotools has them."""
    read = [_in_text(one) if isinstance(one, dict) else one for one in shapes]
    return read_masks(read, sizes or [(None, None)] * len(read), "annotations", any_size=True).encoded


def _in_text(encoding: dict[str, Any]) -> dict[str, Any]:
    counts = encoding["counts"]
    return {"size": list(encoding["size"]), "counts": counts.decode() if isinstance(counts, bytes) else counts}


def _json(path: Path) -> Any:
    try:
        return json.loads(text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not JSON: {error}") from error


def _listed(given: Any) -> Any:
    """Return a list as it is, and anything else as a list of it."""
    return given if hasattr(given, "__iter__") and hasattr(given, "__len__") else [given]


def _one_of(wanted: Sequence[Any]) -> Callable[[Any], bool]:
    """Return whether something is among *wanted*; a text is what it is in, as in pycocotools."""
    return wanted.__contains__ if isinstance(wanted, str) else set(wanted).__contains__
