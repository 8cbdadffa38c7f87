"""Evaluators that others wrote for pycocotools run on the drop-in unchanged, and say the same."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest

from ..coco_cases import awkward_case
from .both import pair, said


@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.parametrize("more", [{}, {"class_metrics": True}, {"extended_summary": True}, {"average": "micro"}])
def test_torchmetrics(monkeypatch, kind, more):
    torch = pytest.importorskip("torch", reason="torchmetrics needs it")
    detection = pytest.importorskip("torchmetrics.detection", reason="pip install torchmetrics")
    helpers = pytest.importorskip("torchmetrics.detection.helpers", reason="torchmetrics without backends")
    rng = np.random.default_rng(0)

    def boxes(n):
        corner = torch.tensor(rng.integers(0, 20, (n, 2)), dtype=torch.float32)
        return torch.cat([corner, corner + torch.tensor(rng.integers(5, 20, (n, 2)))], dim=1)

    def shapes(given):
        masks = torch.zeros(len(given), 48, 48, dtype=torch.bool)
        for mask, (left, top, right, bottom) in zip(masks, given.int().tolist(), strict=True):
            mask[top:bottom, left:right] = True
        return {"boxes": given} if kind == "bbox" else {"masks": masks}

    truth, found = [], []
    for _ in range(6):
        box = boxes(4)
        labels = torch.tensor(rng.integers(0, 3, 4))
        truth.append({**shapes(box), "labels": labels, "iscrowd": torch.tensor([0, 0, 0, int(rng.random() < 0.3)])})
        near = torch.cat([box + torch.tensor(rng.integers(0, 3, (4, 4))), boxes(3)])
        scores = torch.tensor(rng.random(7).round(1), dtype=torch.float32)
        found.append({**shapes(near), "labels": torch.tensor([*labels.tolist(), 0, 1, 2]), "scores": scores})

    values = []
    for library in pair():
        backend = (library.COCO, library.COCOeval, library.mask)
        monkeypatch.setattr(helpers, "_load_coco_backend_tools", lambda _, backend=backend: backend)
        metric = detection.MeanAveragePrecision(iou_type=kind, **more)
        metric.update(found, truth)
        values.append(metric.compute())
    reference, mine = values
    assert reference.keys() == mine.keys()
    assert reference["map"] > 0.1
    for name, value in reference.items():
        if name == "ious":
            assert value.keys() == mine[name].keys()
            continue
        torch.testing.assert_close(mine[name], value, rtol=0, atol=0, equal_nan=True)


class CocoEvaluator:
    """torchvision's reference evaluator in small: batches of images, put together at the end.

    Source: references/detection/coco_eval.py of torchvision.
    """

    def __init__(self, library, truth, kinds):
        self.library, self.truth = library, truth
        self.evaluators = {kind: library.COCOeval(truth, iouType=kind) for kind in kinds}
        self.images, self.parts = [], {kind: [] for kind in kinds}

    def update(self, results):
        images = sorted({one["image_id"] for one in results})
        self.images += images
        for kind, evaluator in self.evaluators.items():
            found = self.truth.loadRes(copy.deepcopy(results)) if results else self.library.COCO()
            evaluator.cocoDt = found
            evaluator.params.imgIds = list(images)
            evaluator.evaluate()
            shape = (-1, len(evaluator.params.areaRng), len(evaluator.params.imgIds))
            self.parts[kind].append(np.asarray(evaluator.evalImgs).reshape(shape))

    def statistics(self):
        images, first = np.unique(np.array(self.images), return_index=True)
        found = {}
        for kind, evaluator in self.evaluators.items():
            whole = np.concatenate(self.parts[kind], 2)[..., first]
            evaluator.evalImgs = list(whole.flatten())
            evaluator.params.imgIds = list(images)
            evaluator._paramsEval = copy.deepcopy(evaluator.params)
            evaluator.accumulate()
            evaluator.summarize()
            found[kind] = evaluator.stats
        return found


@pytest.mark.parametrize("seed", range(12))
def test_torchvision(seed):
    case = awkward_case(np.random.default_rng(seed))
    images = sorted({one["image_id"] for one in case["results"]})

    def steps(library):
        truth = library.COCO()
        truth.dataset = copy.deepcopy({key: case[key] for key in ("images", "categories", "annotations")})
        truth.createIndex()
        evaluator = CocoEvaluator(library, truth, ["bbox"])
        for image in reversed(images):
            evaluator.update([one for one in case["results"] if one["image_id"] == image])
        return evaluator.statistics()

    (reference, text), (mine, my_text) = (said(steps, one) for one in pair())
    assert my_text == text
    np.testing.assert_array_equal(mine["bbox"], reference["bbox"])


def test_an_evaluator_that_goes_image_by_image():
    """As older evaluators do it: through ``_prepare``, ``computeIoU`` and ``evaluateImg``."""
    case = awkward_case(np.random.default_rng(5))

    def steps(library):
        truth = library.COCO()
        truth.dataset = copy.deepcopy({key: case[key] for key in ("images", "categories", "annotations")})
        truth.createIndex()
        one = library.COCOeval(truth, truth.loadRes(copy.deepcopy(case["results"])), "bbox")
        p = one.params
        one._prepare()
        one.ious = {(image, of): one.computeIoU(image, of) for image in p.imgIds for of in p.catIds}
        one.evalImgs = [
            one.evaluateImg(image, of, area, p.maxDets[-1])
            for of in p.catIds
            for area in p.areaRng
            for image in p.imgIds
        ]
        one._paramsEval = copy.deepcopy(p)
        one.accumulate()
        one.summarize()
        return one

    (reference, text), (mine, my_text) = (said(steps, one) for one in pair())
    assert my_text == text
    np.testing.assert_array_equal(mine.eval["precision"], reference.eval["precision"])


def test_a_subclass_whose_matching_is_its_own():
    """As detectron2's fast evaluator: it takes what ``_prepare`` and ``computeIoU`` give, and leaves ``eval``."""
    case = awkward_case(np.random.default_rng(5))
    shape = (10, 101, len(case["categories"]), 4, 3)

    def steps(library):
        class Fast(library.COCOeval):
            def evaluate(self):
                p = self.params
                p.imgIds, p.catIds = list(np.unique(p.imgIds)), list(np.unique(p.catIds))
                self._prepare()
                keys = [(image, of) for image in p.imgIds for of in p.catIds]
                self.ious = {key: self.computeIoU(*key) for key in keys}
                self.taken = [
                    [
                        (one["id"], one.get("score"), one["area"], one.get("iscrowd"), one.get("ignore"))
                        for one in side[key]
                    ]
                    for side in (self._gts, self._dts)
                    for key in keys
                ]
                self._evalImgs = None
                self._paramsEval = copy.deepcopy(p)

            def accumulate(self):
                level = np.linspace(1, 0, 101)[None, :, None, None, None]
                self.eval = {"params": self._paramsEval, "counts": list(shape)}
                self.eval |= {"precision": np.broadcast_to(level, shape), "recall": np.full((10, *shape[2:]), 0.5)}

        truth = library.COCO()
        truth.dataset = copy.deepcopy({key: case[key] for key in ("images", "categories", "annotations")})
        truth.createIndex()
        one = Fast(truth, truth.loadRes(copy.deepcopy(case["results"])), "bbox")
        one.evaluate()
        one.accumulate()
        one.summarize()
        return one.taken, {key: np.asarray(value).tolist() for key, value in one.ious.items()}, one.stats.tolist()

    (reference, text), (mine, my_text) = (said(steps, one) for one in pair())
    assert my_text == text
    assert mine == reference
    assert mine[2][0] == pytest.approx(0.5)


def test_code_that_imports_pycocotools_itself(monkeypatch):
    pair()
    from a4eval_ap_metric.pycocotools import coco, cocoeval

    monkeypatch.setitem(sys.modules, "pycocotools.coco", coco)
    monkeypatch.setitem(sys.modules, "pycocotools.cocoeval", cocoeval)
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    assert COCOeval is cocoeval.COCOeval
    with pytest.raises(RuntimeError, match="showAnns and download are pycocotools' own"):
        COCO().showAnns([])
