"""A small data set for each reader: what a config says of it, and its files; ``@`` is the folder that they lie in."""

from __future__ import annotations

import gzip
import io
import json
from importlib.util import find_spec
from typing import Any

Set = tuple[dict[str, Any], dict[str, bytes]]

ARROW = find_spec("pyarrow") is not None
"""Files of Arrow and Parquet can be written."""
MASKS = find_spec("pycocotools") is not None
"""Masks can be read."""
_RECT = [[5, 5, 15, 5, 15, 15, 5, 15]]
_TRUTH: dict[str, Any] = {
    "images": [{"id": 1, "width": 40, "height": 30, "file_name": "a.jpg"}, {"id": 2, "width": 40, "height": 30}],
    "categories": [{"id": 1, "name": "x", "keypoints": ["p", "q"], "skeleton": [[1, 2]]}],
    "annotations": [
        {"id": 7, "image_id": 1, "category_id": 1, "bbox": [5, 5, 10, 10], "area": 100, "iscrowd": 0}
        | {"segmentation": _RECT, "keypoints": [6, 6, 2, 9, 9, 1], "num_keypoints": 2},
    ],
}
_FOUND = [
    {"image_id": 1, "category_id": 1, "bbox": [5, 6.5, 10, 10], "score": 0.5}
    | {"segmentation": {"size": [30, 40], "counts": "k4:[P1"}, "keypoints": [6, 6, 1, 9, 9, 1]},
]
_COCO = {"truth.json": json.dumps(_TRUTH).encode(), "found.json": json.dumps(_FOUND).encode()}
_LVIS = json.dumps(
    _TRUTH
    | {"images": [one | {"neg_category_ids": [], "not_exhaustive_category_ids": [1]} for one in _TRUTH["images"]]}
).encode()
_XML = b"""<annotation><filename>a.jpg</filename><size><width>40</width><height>30</height><depth>3</depth></size>
<object><name>x</name><difficult>0</difficult><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>15</xmax><ymax>15</ymax></bndbox>
</object></annotation>"""
_BOXES = b"image,class,box_1,box_2,box_3,box_4,score\na,x,5,5,15,15,0.5\nb,y,1,2,3,4,0.25\n"
_RANKING = b"query,score,relevance\n1,0.5,1\n1,0.25,0\n"
_PAIR = {"ground_truth": "@truth", "detections": "@found"}


def _arrow(table: bytes, kind: str) -> bytes:
    import pyarrow as pa
    from pyarrow import csv, feather, parquet

    read, file = csv.read_csv(pa.BufferReader(table)), io.BytesIO()
    if kind == "parquet":
        parquet.write_table(read, file)
    else:
        feather.write_feather(read, file)
    return file.getvalue()


def _tables(kind: str) -> Set:
    text = {"truth": _BOXES.replace(b"score", b"crowd").replace(b"0.5", b"1").replace(b"0.25", b"0"), "found": _BOXES}
    files = {f"{name}.{kind}": one if kind == "csv" else _arrow(one, kind) for name, one in text.items()}
    node = {"ground_truth": f"@truth.{kind}", "detections": f"@found.{kind}", "format": "xyxy"}
    return node | {"columns": {"crowd": "crowd"}}, files


SETS: dict[str, list[Set]] = {
    "coco": [
        ({"ground_truth": "@truth.json", "detections": "@found.json"}, _COCO),
        *([({"ground_truth": "@truth.json", "detections": "@found.json", "geometry": "mask"}, _COCO)] if MASKS else []),
        ({"ground_truth": "@truth.json", "detections": "@found.json", "geometry": "keypoints"}, _COCO),
        (
            {"ground_truth": "@truth.json", "detections": "@found.json", "compat": "pycocotools"},
            {"truth.json": _LVIS, "found.json": gzip.compress(_COCO["found.json"], mtime=0)},
        ),
    ],
    "voc": [(_PAIR, {"truth/a.xml": _XML, "found/found_x.txt": b"a 0.5 5 5 15 15\na 0.25 1 2 3 4\n"})],
    "box_text": [
        (
            _PAIR | {"sizes": "@sizes.csv", "clusters": "@clusters.csv"},
            {"truth/a.txt": b"x 0.5 0.5 0.25 0.25\n", "found/a.txt": b"x 0.5 0.5 0.25 0.2 0.9\n"}
            | {"sizes.csv": b"image,width,height\na,40,30\n", "clusters.csv": b"image,cluster\na,1\n"},
        ),
    ],
    "open_images": [
        (
            {"ground_truth": "@truth.csv", "detections": "@found.csv", "labels": "@labels.csv"}
            | {"hierarchy": "@hierarchy.json"},
            {"truth.csv": b"ImageID,LabelName,XMin,YMin,XMax,YMax,IsGroupOf\na,/m/x,0.1,0.1,0.5,0.5,0\n"}
            | {"found.csv": b"ImageID,LabelName,XMin,YMin,XMax,YMax,Score\na,/m/x,0.1,0.1,0.5,0.6,0.5\n"}
            | {"labels.csv": b"ImageID,LabelName,Confidence\na,/m/x,1\n"}
            | {"hierarchy.json": b'{"LabelName": "/m/0", "Subcategory": [{"LabelName": "/m/x"}]}'},
        ),
    ],
    "detection_table": [_tables("csv"), *(_tables(kind) for kind in ("parquet", "arrow") if ARROW)],
    "ranking_table": [
        ({"path": "@ranking.csv"}, {"ranking.csv": _RANKING}),
        ({"path": "@ranking.csv.gz"}, {"ranking.csv.gz": gzip.compress(_RANKING, mtime=0)}),
        *(
            ({"path": f"@ranking.{kind}"}, {f"ranking.{kind}": _arrow(_RANKING, kind)})
            for kind in ("parquet", "feather")
            if ARROW
        ),
    ],
    "trec": [
        ({"qrels": "@qrels", "run": "@run", "complete": True}, {"qrels": b"q 0 d 2\nq 0 e 0\n"}
         | {"run": b"q Q0 d 1 0.5 me\nq Q0 e 2 0.25 me\n"}),
    ],
}  # fmt: skip
