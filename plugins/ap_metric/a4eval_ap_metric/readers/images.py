"""Readers of detections whose images may lie in a folder, to be looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.readers.divisible import Divisible
from a4eval_ap_metric.readers.files import unreadable
from a4eval_ap_metric.readers.selection import list_file, selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(kw_only=True)
class WithImages(Divisible):
    """What all readers of detections share."""

    images: Path | None = param(
        None, help="folder of the images, for the pictures of detection_examples; nothing else reads them"
    )

    classes: Any = param(None, help="only these classes: names or ids, or a .txt file with one a line")
    image_list: Any = param(
        None, help="only these images: ids or names of files, or a .txt file with one a line, as YOLO's lists are"
    )
    class_agnostic: bool = param(False, help="all classes are one, as with pycocotools' useCats=0")

    @property
    def _every_image_alike(self) -> bool:
        """Whether nothing is said of some images or classes alone, so that a piece needs no other."""
        said = (self.images, self.classes, self.image_list, self.clusters)
        return not self.class_agnostic and all(one is None for one in said)

    def _elsewhere(self, images: Sequence[Any]) -> set[Any]:
        """Return which of all images, in their order, are of other parts: what is found in them need not be read.

        Where classes or images are chosen there are none, since what is chosen is known by all.
        """
        all_are_taken = self.classes is None and self.image_list is None
        return set(images) - set(images[self._mine(len(images))]) if all_are_taken else set()

    def _further_files(self) -> list[Path]:
        return [*super()._further_files(), *list_file(self.classes), *list_file(self.image_list)]

    def _chosen(self, batch: Batch) -> Batch:
        if self.classes is None and self.image_list is None and not self.class_agnostic:
            return batch
        return selected(batch, classes=self.classes, image_list=self.image_list, class_agnostic=self.class_agnostic)

    def _added(self, batch: Batch) -> dict[str, Any]:
        added = super()._added(batch)
        return added if self.images is None else {**added, "unit_image": image_paths(self.images, batch)}


def image_paths(folder: Path, batch: Mapping[str, Any]) -> NDArray[np.str_]:
    """Return (n,) the file of each image of a batch below *folder*, empty where there is none.

    It is the one named in ``unit_file_name``, or one whose name without its ending is the image's id.

    Raises:
        DataError: the folder cannot be read, or has none of the images.
    """
    try:
        with os.scandir(folder) as listed:
            here = {one.name for one in listed if one.is_file()}
    except OSError as error:
        raise unreadable(folder, error) from error
    by_stem: dict[str, str] = {}
    for name in sorted(here, reverse=True):
        stem, ending = os.path.splitext(name)  # noqa: PTH122  (of a hundred thousand names)
        if ending.lower() in ENDINGS:
            by_stem[stem] = name
    inside = folder.resolve()

    def path_of(name: str) -> str:
        base = os.path.basename(name)  # noqa: PTH119
        found = base if base in here else by_stem.get(base) or by_stem.get(name)
        if found is None and base != name and "\0" not in name and (folder / name).is_file():
            found = name
        if found is None or not (folder / found).resolve().is_relative_to(inside):
            return ""
        return str(folder / found)

    names = batch.get("unit_file_name", batch["unit"])
    paths = [path_of(str(one)) for one in np.asarray(names).tolist()]
    if paths and not any(paths):
        raise DataError(f"images: {folder} has none of the {len(paths)} images, such as {names[0]!s}")
    return np.array(paths, np.str_)
