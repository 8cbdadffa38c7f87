"""The reader ``voc``: PASCAL VOC's annotation files (XML) and result files."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.detections.box_formats import to_xywh
from a4eval_ap_metric.identifiers import texts
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.files import (
    content,
    encoding_of,
    files,
    found_elsewhere,
    is_number,
    lines,
    numbers,
    stem,
)
from a4eval_ap_metric.readers.images import WithImages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from a4eval import Batch, Run


_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def read_annotations(folder: Path, *, but: Collection[str] = ()) -> tuple[list[str], dict[str, Any]]:
    """Read every ``.xml`` of a folder.

    Args:
        folder: the image's id is the name of its file without ``.xml``.
        but: images whose files are not opened.

    Returns:
        The ids of all images, and the columns ``unit``, ``class``, ``box`` (xywh, pixels; the far edge is an inclusive
        pixel), ``difficult``, and ``place``, the file and object.

    Raises:
        DataError: there is no such folder, or a file is not a VOC annotation.
    """
    images, units, classes, boxes, difficult, places = [], [], [], [], [], []
    for path in files(folder, ".xml"):
        image = stem(path)
        images.append(image)
        if image in but:
            continue
        root = _xml(path)
        _check_elements(path, root)
        for number, one in enumerate(root.iter("object"), 1):
            where = f"{path}: object {number}"
            name = (one.findtext("name") or "").strip()
            corners = [one.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
            if not all(is_number(corner) for corner in corners):
                raise DataError(f"{where}: bndbox is {corners}, expected four numbers")
            flag = (one.findtext("difficult") or "0").strip().lower() or "0"
            if flag not in _FLAGS:
                raise DataError(f"{where}: difficult is {flag!r}, expected 0 or 1")
            if not name:
                raise DataError(f"{where} has no name")
            units.append(image)
            places.append(where)
            classes.append(name)
            boxes.append([float(corner) for corner in corners if corner])
            difficult.append(_FLAGS[flag])
    return images, {
        "unit": texts(units, f"{folder}: names"),
        "class": texts(classes, f"{folder}: classes"),
        "box": to_xywh(boxes, "xyxy"),
        "difficult": np.array(difficult, bool),
        "place": places,
    }


def classes_in(folder: Path, images: Collection[str]) -> set[str]:
    """Return the classes of all objects in the files of some images, without a look at what else is in them.

    Raises:
        DataError: a file cannot be read, or has to be parsed for it, and is not XML.
    """
    paths = [one for one in files(folder, ".xml") if stem(one) in images] if images else []
    return {name.strip() for path in paths for name in _object_names(path)}


_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\s)?")
_OBJECT_NAME = re.compile(rb"<object>\s*<name>([^<&\r]*)</name>")


def _object_names(path: Path) -> list[str]:
    """Return the names of a file's objects: by its bytes where these can mean nothing else, else by parsing it."""
    raw = content(path)
    names = _OBJECT_NAME.findall(raw)
    beginning = _BEGINNING.match(raw)
    try:
        if (
            len(names) == raw.count(b"<object")
            and b"<!" not in raw  # comments, CDATA, entities
            and beginning is not None
            and raw.find(b"<?", beginning.end()) < 0
            and _encoding(raw) == "utf-8-sig"
        ):
            return [one.decode() for one in names]
    except (UnicodeDecodeError, LookupError):
        pass
    return [one.findtext("name") or "" for one in _xml(path).iter("object")]


def _check_elements(path: Path, root: ET.Element) -> None:
    """Refuse XML that is no annotation, or whose objects would not be seen: an image without any is a claim.

    Raises:
        DataError: it is that.
    """
    if root.tag != "annotation":
        raise DataError(f"{path}: is not a VOC annotation: got <{root.tag}>, expected <annotation>")
    for one in root.iter():
        if "}" in one.tag or (one.tag != "object" and one.tag.lower() == "object"):
            raise DataError(f"{path}: is not a VOC annotation: got <{one.tag}>; VOC uses small letters, no namespace")


_DECLARATION = re.compile(r"""\s*<\?xml(?:[^>]*?encoding=["']([A-Za-z0-9._-]+)["'])?[^>]*?\?>""")


def _xml(path: Path) -> ET.Element:
    """Return the root of an XML file, in the encoding that its first bytes say, else in that which it declares."""
    raw = content(path)
    try:
        encoding = _encoding(raw)
        written = raw.decode(encoding)
        return ET.fromstring(_DECLARATION.sub("", written, count=1).strip())  # noqa: S314  (nothing is fetched)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not XML in {encoding}: byte {error.start}: {error.reason}") from error
    except (ET.ParseError, LookupError, ValueError) as error:
        raise DataError(f"{path}: is not XML: {error}") from error


def _encoding(raw: bytes) -> str:
    """Return the encoding of an XML file's bytes.

    Raises:
        LookupError: the one it declares is none.
    """
    encoding = encoding_of(raw)
    declared = _DECLARATION.match(raw[:200].decode("latin-1")) if encoding == "utf-8-sig" else None
    return _charset(declared[1]) if declared and declared[1] and not declared[1].lower().startswith("utf") else encoding


def _charset(name: str) -> str:
    """Return the name of an encoding of characters; Python's others take hours, or are programs of their own.

    Raises:
        LookupError: it is none.
    """
    known = codecs.lookup(name).name
    if not re.match(r"(ascii|latin|iso|cp|mac|koi|kz|ptcp|tis|hp|big5|euc|gb|hz|johab|shift|utf)", known):
        raise LookupError(f"{name!r} is no encoding of characters")
    return known


def read_results(paths: Sequence[Path], classes: Collection[str], *, but: Collection[str] = ()) -> dict[str, Any]:
    """Read result files, ``…_CLASS.txt`` or ``CLASS.txt`` with lines ``image score xmin ymin xmax ymax``.

    Args:
        paths: the files.
        classes: those of the ground truth, which say what of a file's name is the class.
        but: images whose lines are left out.

    Raises:
        DataError: a line is not what it should be.
    """
    units, names, rows, places = [], [], [], []
    for path in paths:
        name = class_of_file(stem(path), classes)
        for where, fields in lines(path, but=but):
            values = numbers(where, fields[1:])
            if len(values) != 5:
                raise DataError(f"{where}: got {len(fields)} fields, expected 6: image score xmin ymin xmax ymax")
            units.append(fields[0])
            names.append(name)
            rows.append(values)
            places.append(where)
    table = np.array(rows, np.float64).reshape(-1, 5)
    return {
        "unit": texts(units, "the images of the result files"),
        "class": texts(names, "the classes of the result files"),
        "box": to_xywh(table[:, 1:], "xyxy"),
        "score": table[:, 0],
        "place": places,
    }


_COMPETITION = re.compile(r"comp\d+_(?:det|cls)_[^_]+_(?P<name>.+)")


def class_of_file(stem: str, classes: Collection[str]) -> str:
    """Return the class whose detections a result file has: the longest of *classes* that its name is or ends in.

    Args:
        stem: the file's name without ``.txt``.
        classes: known classes; if none fits, what follows the name of a competition and a set, or the last ``_``.

    >>> class_of_file("comp4_det_test_traffic_light", ["light", "traffic_light"])
    'traffic_light'
    >>> class_of_file("comp4_det_test_fire_hydrant", ["dog"])
    'fire_hydrant'
    """
    words = stem.split("_")
    ends = ("_".join(words[begin:]) for begin in range(len(words)))
    competition = _COMPETITION.fullmatch(stem)
    other = competition["name"] if competition else words[-1]
    return next((one for one in ends if one in classes), other)


@dataclass
class Voc(WithImages):
    """Boxes in PASCAL VOC's own formats.

    A part parses the annotations of its own images and looks into the others for the names of classes alone; of the
    results it takes the lines of its own images.
    """

    batch: ClassVar[str] = "detection"
    may_be_empty: ClassVar[bool] = True
    """The results of a class of which nothing was found."""

    ground_truth: Path = param(help="folder of annotation files (.xml), one an image")
    detections: Path = param(help="folder of result files, …_CLASS.txt: image score xmin ymin xmax ymax")

    def sources(self) -> Sequence[Path]:
        """All files read."""
        return [*files(self.ground_truth, ".xml"), *files(self.detections, ".txt"), *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        elsewhere = self._elsewhere(sorted(stem(path) for path in files(self.ground_truth, ".xml")))
        images, truth = read_annotations(self.ground_truth, but=elsewhere)
        classes = {*truth["class"].tolist(), *classes_in(self.ground_truth, elsewhere)}
        found = read_results(files(self.detections, ".txt"), classes, but=elsewhere)
        warnings: list[str] = []
        batch = detection_batch(
            truth,
            found,
            units=np.array(images, np.str_),
            classes=texts(sorted(classes), f"{self.ground_truth}: classes"),
            names={"truth": str(self.ground_truth), "detection": str(self.detections)},
            warnings=warnings,
            more_elsewhere=found_elsewhere(self.detections, found, elsewhere),
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)
