"""SAHI's, RF-DETR's and mmdetection's own evaluators say the same on the drop-in as on pycocotools."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from ..coco_cases import awkward_case
from .both import pair, said


def imported(name, install):
    """Import a module of a peer; some warn while they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"pip install {install}", exc_type=ImportError)


def a_case(seed):
    """Return an awkward data set with all that these evaluators ask for."""
    case = awkward_case(np.random.default_rng(seed))
    for image in case["images"]:
        image |= {"width": 640, "height": 480, "file_name": f"{image['id']}.jpg"}
    for one in case["categories"]:
        one["name"] = f"class {one['id']}"
    return {key: case[key] for key in ("images", "categories", "annotations")}, case["results"]


def written(folder, seed):
    """Write the files of a case and return their paths."""
    paths = folder / "truth.json", folder / "results.json"
    for path, content in zip(paths, a_case(seed), strict=True):
        path.write_text(json.dumps(content))
    return [str(path) for path in paths]


@pytest.mark.parametrize("seed", range(6))
def test_sahi(tmp_path, seed):
    sahi = imported("sahi.scripts.coco_evaluation", "sahi fire")
    paths = written(tmp_path, seed)

    def steps(library):
        options = {"COCO": library.COCO, "COCOeval": library.COCOeval, "classwise": True, "out_dir": tmp_path}
        return dict(sahi.evaluate_core(*paths, **options)["eval_results"])

    (reference, text), (mine, my_text) = (said(steps, one) for one in pair())
    assert mine == reference
    assert my_text == text
    assert len(mine) > 9


def tensors(torch, truth, results):
    """Return truths and detections of each image as torchmetrics takes them."""
    pairs = []
    for image in truth["images"]:
        rows = [[one for one in given if one["image_id"] == image["id"]] for given in (truth["annotations"], results)]
        columns = []
        for of in rows:
            box = torch.tensor([one["bbox"] for one in of], dtype=torch.float64).reshape(-1, 4)
            box[:, 2:] += box[:, :2]
            columns.append(
                {"boxes": box, "labels": torch.tensor([one["category_id"] for one in of], dtype=torch.int64)}
            )
        columns[0]["iscrowd"] = torch.tensor([one["iscrowd"] for one in rows[0]], dtype=torch.int64)
        columns[1]["scores"] = torch.tensor([one["score"] for one in rows[1]], dtype=torch.float64)
        pairs.append(columns)
    return pairs


@pytest.mark.parametrize("seed", range(6))
def test_rf_detr_in_training(monkeypatch, seed):
    torch = pytest.importorskip("torch", reason="RF-DETR needs it")
    slot = imported("rfdetr.training.coco_map", "rfdetr")
    truth, results = a_case(seed)
    values = []
    for library in pair():

        class Backend(slot._PackageCocoBackend):
            def _package(self, library=library):
                return library

        monkeypatch.setitem(slot._BACKENDS, "this", Backend)
        metric = slot.OnePassCocoMeanAveragePrecision(class_metrics=True, backend="this")
        for true, found in tensors(torch, truth, results):
            metric.update([found], [true])
        values.append(metric.compute())
    reference, mine = values
    assert mine.keys() == reference.keys()
    for name, value in reference.items():
        torch.testing.assert_close(mine[name], value, rtol=0, atol=0, equal_nan=True, msg=name)


@pytest.mark.parametrize("seed", range(6))
def test_rf_detr_of_an_export(monkeypatch, seed):
    torch = pytest.importorskip("torch", reason="RF-DETR needs it")
    module = imported("rfdetr.evaluation.coco_eval", "rfdetr")
    truth, results = a_case(seed)
    values = []
    for library in pair():
        for name, one in (("COCO", library.COCO), ("COCOeval", library.COCOeval), ("mask_util", library.mask)):
            monkeypatch.setattr(module, name, one)
        given = library.COCO()
        given.dataset = copy.deepcopy(truth)
        given.createIndex()
        evaluator = module.CocoEvaluator(given, ["bbox"], log_summary=False)
        for image, (_, found) in zip(truth["images"], tensors(torch, truth, results), strict=True):
            evaluator.update({image["id"]: found})
        evaluator.synchronize_between_processes()
        evaluator.accumulate()
        values.append(evaluator.coco_eval["bbox"].stats)
    np.testing.assert_array_equal(values[1], values[0])


MMDETECTION = """
import json, sys, warnings
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from unittest.mock import MagicMock
warnings.simplefilter("ignore")
if sys.argv[1] == "drop-in":
    from a4eval_ap_metric.pycocotools import coco, cocoeval
    sys.modules.update({"pycocotools.coco": coco, "pycocotools.cocoeval": cocoeval})

class Operators:
    "mmcv's compiled operators, for models, which no evaluator calls."
    def find_spec(self, name, path=None, target=None):
        mine = name == "mmcv._ext" or name == "mmcv.ops" or name.startswith("mmcv.ops.")
        return ModuleSpec(name, self, is_package=True) if mine else None
    def create_module(self, spec):
        return MagicMock(__path__=[], __spec__=spec)
    def exec_module(self, module):
        pass

if find_spec("mmcv._ext") is None:
    sys.meta_path.insert(0, Operators())
import torch
from mmdet.evaluation.metrics.coco_metric import COCOeval, CocoMetric
truth = json.load(open("truth.json"))
metric = CocoMetric(ann_file="truth.json", metric="bbox", classwise=True, proposal_nums=(1, 10, 100))
metric.dataset_meta = {"classes": [one["name"] for one in truth["categories"]]}
place = {one["id"]: index for index, one in enumerate(truth["categories"])}
results = json.load(open("results.json"))
for image in truth["images"]:
    mine = [one for one in results if one["image_id"] == image["id"]]
    box = torch.tensor([one["bbox"] for one in mine], dtype=torch.float64).reshape(-1, 4)
    box[:, 2:] += box[:, :2]
    found = {"bboxes": box, "scores": torch.tensor([one["score"] for one in mine], dtype=torch.float64)}
    found["labels"] = torch.tensor([place[one["category_id"]] for one in mine], dtype=torch.int64)
    metric.process({}, [{"img_id": image["id"], "ori_shape": (480, 640), "pred_instances": found}])
values = {name: str(value) for name, value in metric.evaluate(len(truth["images"])).items()}
json.dump({"values": values, "from": COCOeval.__module__}, open(sys.argv[1] + ".json", "w"))
"""


@pytest.mark.parametrize("seed", range(2))
def test_mmdetection(tmp_path, seed):
    for name, install in (("mmcv", "mmcv-lite==2.1.0"), ("mmengine", "mmengine"), ("pycocotools", "pycocotools")):
        imported(name, install)
    if find_spec("mmdet") is None:
        pytest.skip("pip install mmdet")
    written(tmp_path, seed)
    answers = []
    for library in ("pycocotools", "drop-in"):
        subprocess.run([sys.executable, "-c", MMDETECTION, library], check=True, cwd=tmp_path, capture_output=True)
        answers.append(json.loads((tmp_path / f"{library}.json").read_text()))
    assert [one["from"] for one in answers] == ["pycocotools.cocoeval", "a4eval_ap_metric.pycocotools.cocoeval"]
    assert answers[1]["values"] == answers[0]["values"]
    assert len(answers[0]["values"]) >= 6
