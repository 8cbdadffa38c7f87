"""``COCOeval``: pycocotools' evaluation by its names, with matching done for all images at once."""

from __future__ import annotations

import copy
import datetime as dt
import time
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.measures.coco import coco_arrays
from a4eval_ap_metric.pycocotools import uncertainty
from a4eval_ap_metric.pycocotools.columns import data_of, matched, similarity_of
from a4eval_ap_metric.pycocotools.params import Params
from a4eval_ap_metric.pycocotools.per_image import accumulated, image_results
from a4eval_ap_metric.pycocotools.said import say, summarized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from a4eval import Interval
    from a4eval_ap_metric.matching.coco import Matches
    from a4eval_ap_metric.pycocotools.coco import COCO


class COCOeval:
    """Evaluate results against a data set: ``evaluate()``, ``accumulate()``, ``summarize()``.

    Args:
        cocoGt: the data set; any object with the methods of pycocotools' ``COCO``.
        cocoDt: the results, of its ``loadRes``.
        iouType: ``segm``, ``bbox`` or ``keypoints``.

    Attributes ``params``, ``eval``, ``stats``, ``evalImgs`` and ``ious`` are pycocotools'; the last two are made when
    they are first looked at.  :meth:`interval` and :meth:`compare_to` are beyond it.
    """

    def __init__(self, cocoGt: Any = None, cocoDt: Any = None, iouType: str = "segm") -> None:
        if not iouType:
            say("iouType not specified. use default iouType segm")
        self.cocoGt: COCO | Any = cocoGt
        self.cocoDt: COCO | Any = cocoDt
        self.params = Params(iouType=iouType)
        self.eval: dict[str, Any] = {}
        self.stats: Any = []
        self._paramsEval: Any = {}
        self._gts: dict[Any, list[Any]] = defaultdict(list)
        self._dts: dict[Any, list[Any]] = defaultdict(list)
        self._matches: Matches | None = None
        self._evalImgs: Any = None
        self._ious: dict[Any, Any] | None = None
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    def _prepare(self) -> None:
        p = self.params
        classes = {"catIds": p.catIds} if p.useCats else {}
        rows = [one.loadAnns(one.getAnnIds(imgIds=p.imgIds, **classes)) for one in (self.cocoGt, self.cocoDt)]
        if p.iouType == "segm":
            for coco, mine in zip((self.cocoGt, self.cocoDt), rows, strict=True):
                encode = getattr(coco, "encoded", None)
                masks = encode(mine) if encode else [coco.annToRLE(one) for one in mine]
                for one, encoding in zip(mine, masks, strict=True):
                    one["segmentation"] = encoding
        for one in rows[0]:
            one["ignore"] = one.get("iscrowd", 0)
            if p.iouType == "keypoints":
                one["ignore"] = one["num_keypoints"] == 0 or one["ignore"]
        self._gts, self._dts = (defaultdict(list), defaultdict(list))
        for index, mine in zip((self._gts, self._dts), rows, strict=True):
            for one in mine:
                index[one["image_id"], one["category_id"]].append(one)
        self._matches = self._evalImgs = self._ious = None
        self.eval = {}

    def evaluate(self) -> None:
        """Match detections to truths in every image."""
        begin = time.time()
        say("Running per image evaluation...")
        p = self.params
        if p.useSegm is not None:
            p.iouType = "segm" if p.useSegm == 1 else "bbox"
            say(f"useSegm (deprecated) is not None. Running {p.iouType} evaluation")
        say(f"Evaluate annotation type *{p.iouType}*")
        p.imgIds = list(np.unique(p.imgIds))
        if p.useCats:
            p.catIds = list(np.unique(p.catIds))
        p.maxDets = sorted(p.maxDets)
        self._prepare()
        self._matches = self._matched(p.imgIds, p.catIds if p.useCats else [-1], p)[0]
        self._paramsEval = copy.deepcopy(p)
        say(f"DONE (t={time.time() - begin:0.2f}s).")

    def _matched(
        self, images: Sequence[Any], classes: Sequence[Any], params: Any, *, with_id_0: bool = False
    ) -> tuple[Matches, list[Any], list[Any]]:
        """Return the matches in some images and classes, and the annotations in the order that they refer to.

        A match with the annotation id 0 does not count, and is there if *with_id_0*.
        """
        unit_of = {one: place for place, one in enumerate(images)}
        # where classes do not count, they still say in which order annotations come
        class_of = {one: place for place, one in enumerate(classes if params.useCats else params.catIds)}
        rows: list[list[Any]] = [[], []]
        places: list[tuple[list[int], list[int]]] = [([], []), ([], [])]
        for index, mine, (units, of_class) in zip((self._gts, self._dts), rows, places, strict=True):
            keys = index if len(images) > 1 else [(images[0], one) for one in class_of]
            known = [key for key in keys if key in index and key[0] in unit_of and key[1] in class_of]
            for key in sorted(known, key=lambda one: class_of[one[1]]):
                n = len(index[key])
                mine.extend(index[key])
                units.extend([unit_of[key[0]]] * n)
                of_class.extend([class_of[key[1]] if params.useCats else 0] * n)
        counts = (len(images), len(classes))
        data = data_of(rows[0], rows[1], *places, counts=counts, kind=params.iouType)
        return matched(replace(data, truth_uncounted=None) if with_id_0 else data, params), rows[0], rows[1]

    @property
    def evalImgs(self) -> Any:
        """What became of each image, class and area range; pycocotools' list."""
        if self._evalImgs is None:
            p = self._paramsEval
            self._evalImgs = self._image_results(p.imgIds, p.catIds if p.useCats else [-1], p) if p else []
        return self._evalImgs

    @evalImgs.setter
    def evalImgs(self, results: Any) -> None:
        self._evalImgs = results

    def _image_results(self, images: Sequence[Any], classes: Sequence[Any], params: Any) -> list[Any]:
        matches, truths, found = self._matched(images, classes, params, with_id_0=True)
        maximum = params.maxDets[-1]
        return image_results(matches, truths, found, params, images=images, classes=classes, maximum=maximum)

    def evaluateImg(self, imgId: Any, catId: Any, aRng: Any, maxDet: int) -> dict[str, Any] | None:
        """Return what became of one image, class and area range; None where there is nothing."""
        params = copy.copy(self.params)
        params.areaRng, params.maxDets = [aRng], [maxDet]
        found: dict[str, Any] | None = self._image_results([imgId], [catId], params)[0]
        return found

    @property
    def ious(self) -> dict[Any, Any]:
        """The overlaps (d, g) of each image and class, detections by score; an empty list where there are none."""
        if self._ious is None:
            p = self._paramsEval or self.params
            classes = p.catIds if p.useCats else [-1]
            self._ious = {(one, of_class): self._overlaps(one, of_class, p) for one in p.imgIds for of_class in classes}
        return self._ious

    @ious.setter
    def ious(self, overlaps: dict[Any, Any]) -> None:
        self._ious = overlaps

    def computeIoU(self, imgId: Any, catId: Any) -> Any:
        """Return the overlaps (d, g) of an image and class, detections by score; an empty list where there are none."""
        return self._overlaps(imgId, catId, self.params)

    computeOks = computeIoU

    def _overlaps(self, image: Any, of_class: Any, p: Any) -> Any:
        keys = [(image, one) for one in ([of_class] if p.useCats else p.catIds)]
        truths, found = ([row for key in keys for row in index.get(key, ())] for index in (self._gts, self._dts))
        order = np.argsort([-one["score"] for one in found], kind="mergesort")[: p.maxDets[-1]]
        found = [found[one] for one in order]
        if not truths or not found:
            return []
        nothing = [([0] * len(rows), [0] * len(rows)) for rows in (truths, found)]
        data = data_of(truths, found, *nothing, counts=(1, 1), kind=p.iouType)
        rows, columns = np.arange(len(found)), np.arange(len(truths))
        pairs = similarity_of(p)(data, rows, columns)(np.repeat(rows, len(truths)), np.tile(columns, len(found)))
        return pairs.reshape(len(found), len(truths))

    def accumulate(self, p: Any = None) -> None:
        """Make precision, recall and scores of the matches, in ``eval``.

        Args:
            p: parameters of their own, among those that were evaluated.
        """
        say("Accumulating evaluation results...")
        begin = time.time()
        if self._matches is None and not self._evalImgs:
            say("Please run evaluate() first")
        p = self.params if p is None else p
        p.catIds = p.catIds if p.useCats == 1 else [-1]
        precision, recall, scores = self._arrays(p)
        self.eval = {
            "params": p,
            "counts": list(precision.shape),
            "date": f"{dt.datetime.now():%Y-%m-%d %H:%M:%S}",  # noqa: DTZ005  (as pycocotools has it)
            "precision": precision,
            "recall": recall,
            "scores": scores,
        }
        say(f"DONE (t={time.time() - begin:0.2f}s).")

    def _arrays(self, p: Any) -> tuple[NDArray[np.float64], ...]:
        # what was looked at may have been changed, and what was set by others is theirs
        if self._matches is None or self._evalImgs is not None or not _same(p, self._paramsEval):
            return accumulated(self.evalImgs, p, self._paramsEval)
        levels = tuple(float(one) for one in p.recThrs)
        parameters = replace(self._matches.parameters, recalls=levels)
        arrays = coco_arrays(replace(self._matches, parameters=parameters))
        back = np.argsort(np.argsort(p.iouThrs, kind="stable"), kind="stable")
        undefined = np.isnan(arrays.precision)
        found = (
            np.where(undefined, -1.0, arrays.precision),
            np.where(np.isnan(arrays.recall), -1.0, arrays.recall),
            np.where(undefined, -1.0, arrays.scores),
        )
        return tuple(one[back] for one in found)

    def summarize(self) -> None:
        """Print the statistics and keep them in ``stats``.

        Raises:
            RuntimeError: ``accumulate`` did not run.
        """
        if not self.eval:
            raise RuntimeError("Please run accumulate() first")
        self.stats = summarized(self.params, self.eval)

    def interval(
        self, *, resamples: int = 1000, level: float = 0.95, seed: int = 0, clusters: ArrayLike | None = None
    ) -> dict[str, Interval]:
        """Return a confidence interval of each statistic, from images drawn with replacement.

        Args:
            resamples: how often the images are drawn.
            level: the nominal coverage.
            seed: of the random numbers.
            clusters: (n,) labels of ``params.imgIds``; images of one label, as frames of a video, are drawn together.

        Returns:
            By name: ``AP``, ``AP50``, … in the order of ``stats``.
        """
        return uncertainty.interval(self._done(), self._paramsEval, resamples, level, seed, clusters)

    def compare_to(
        self, other: COCOeval, *, resamples: int = 1000, level: float = 0.95, seed: int = 0, clusters: Any = None
    ) -> dict[str, Any]:
        """Return how each statistic differs from that of another evaluation on the same images and classes.

        Args:
            other: evaluated too.
            resamples: how often the images are drawn, for both alike.
            level: the nominal coverage.
            seed: of the random numbers.
            clusters: as for :meth:`interval`.

        Returns:
            By name: ``difference`` (this minus the other), ``interval`` and ``p_value``.

        Raises:
            ValueError: the two have other images, classes or parameters.
        """
        pair = (other._done(), self._done())
        return uncertainty.compared(pair, (other._paramsEval, self._paramsEval), resamples, level, seed, clusters)

    def _done(self) -> Matches:
        if self._matches is None:
            raise RuntimeError("Please run evaluate() first")
        return self._matches


def _same(p: Any, evaluated: Any) -> bool:
    """Return whether the matches of *evaluated* are those that *p* asks for."""
    names = ("imgIds", "areaRng", "maxDets", "iouThrs", *(("catIds",) if p.useCats else ()))
    return bool(p.useCats) == bool(evaluated.useCats) and all(
        np.array_equal(getattr(p, name), getattr(evaluated, name)) for name in names
    )
