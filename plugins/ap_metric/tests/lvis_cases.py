"""Small data sets as LVIS annotates them."""

from __future__ import annotations

import json

import numpy as np

from .coco_cases import awkward_case


def federated_case(seed):
    rng = np.random.default_rng(seed)
    case = awkward_case(rng, many=seed % 10 == 0)
    ids = [one["id"] for one in case["categories"]]
    for one in case["categories"]:
        one |= {"name": f"class {one['id']}", "frequency": "rcf"[int(rng.integers(3))]}
    for one in case["annotations"]:
        one["iscrowd"] = 0
    for image in case["images"]:
        present = {one["category_id"] for one in case["annotations"] if one["image_id"] == image["id"]}
        absent = [one for one in ids if one not in present]
        image |= {
            "width": 640,
            "height": 480,
            "neg_category_ids": [one for one in absent if rng.random() < 0.5],
            "not_exhaustive_category_ids": [one for one in present if rng.random() < 0.3],
        }
    return case


def written(tmp_path, case):
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "results.json").write_text(json.dumps(case["results"]))
    return tmp_path / "truth.json", tmp_path / "results.json"
