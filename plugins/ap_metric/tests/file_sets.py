"""A small data set in the files of each reader: ``write(folder, rng)`` returns the reader's node and its metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from .lvis_cases import federated_case, written
from .voc_cases import xml

BOXES = [
    "coco_detection",
    "detection_average_precision",
    "detection_f1",
    "confusion_matrix",
    "tide",
    "detection_examples",
]
RANKINGS = ["average_precision", {"name": "trec_eval", "ties": "order"}]


def coco(folder, rng):
    del rng
    truth, found = written(folder, federated_case(8))
    return {"name": "coco", "ground_truth": str(truth), "detections": str(found)}, [*BOXES, "lvis_detection"]


def random_boxes(rng, n):
    """Return n boxes of images a … e, classes x and y, that overlap often."""
    corner = rng.integers(0, 3, (n, 2)) * 10 + 5
    far = corner + rng.choice([10, 12, 15, 20], (n, 2))
    return rng.choice(list("abcde"), n), rng.choice(["x", "y"], n), np.concatenate([corner, far], axis=1)


def voc(folder, rng):
    for name in ("truth", "found"):
        (folder / name).mkdir()
    image, names, box = random_boxes(rng, 30)
    for one in "abcde":
        rows = np.flatnonzero(image == one)
        objects = xml(*((names[row], int(rng.random() < 0.2), *box[row]) for row in rows))
        (folder / "truth" / f"{one}.xml").write_text(objects)
    image, names, box = random_boxes(rng, 60)
    for one in "xy":
        rows = np.flatnonzero(names == one)
        lines = [f"{image[row]} {rng.random():.1f} {' '.join(map(str, box[row]))}\n" for row in rows]
        (folder / "found" / f"results_{one}.txt").write_text("".join(lines))
    return {"name": "voc", "ground_truth": str(folder / "truth"), "detections": str(folder / "found")}, BOXES


def box_text(folder, rng):
    for name, n in (("truth", 30), ("found", 60)):
        (folder / name).mkdir()
        image, names, box = random_boxes(rng, n)
        for one in "abcde":
            rows = np.flatnonzero(image == one)
            score = [f" {rng.random():.1f}" if name == "found" else "" for _ in rows]
            lines = [
                f"{names[row]} {' '.join(map(str, box[row]))}{end}\n" for row, end in zip(rows, score, strict=True)
            ]
            (folder / name / f"{one}.txt").write_text("".join(lines))
    node = {"name": "box_text", "ground_truth": str(folder / "truth"), "detections": str(folder / "found")}
    return node | {"format": "xyxy", "relative": False}, BOXES


def table(path, head, image, names, box, more):
    rows = (",".join(map(str, row)) for row in zip(image, names, *box.T, more, strict=True))
    path.write_text("\n".join([head, *rows]) + "\n")
    return str(path)


def mixed(folder, rng):
    node, metrics = voc(folder, rng)
    lines = {one: [] for one in "abcde"}
    for file in (folder / "found").iterdir():
        for line in file.read_text().splitlines():
            image, score, *box = line.split()
            lines[image].append(f"{file.stem.rpartition('_')[2]} {' '.join(box)} {score}\n")
        file.unlink()
    for image, rows in lines.items():
        (folder / "found" / f"{image}.txt").write_text("".join(rows))
    more = {"truth_format": "voc", "detection_format": "text", "format": "xyxy", "relative": False}
    return node | {"name": "mixed"} | more, metrics


def panoptic(folder, rng):
    """Truths are rectangles over each other; what is found are these moved a little, now and then of another class."""
    image = pytest.importorskip("PIL.Image", reason="Pillow writes PNG files")
    rows = {"truth": [], "found": []}
    for name in rows:
        (folder / name).mkdir()
    for one in range(1, 5):
        truth = np.zeros((12, 16), int)
        for segment in range(1, int(rng.integers(3, 7))):
            y, x = int(rng.integers(0, 10)), int(rng.integers(0, 14))
            truth[y : y + int(rng.integers(3, 10)), x : x + int(rng.integers(3, 10))] = segment * 300
        classes = {int(segment): int(rng.integers(1, 4)) for segment in np.unique(truth[truth > 0])}
        for name, ids in (("truth", truth), ("found", np.roll(truth, int(rng.integers(0, 2)), axis=1))):
            colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=2).astype(np.uint8)
            image.fromarray(colours).save(folder / name / f"{one}.png")
            segments = [
                {
                    "id": segment,
                    "category_id": of_class if rng.random() < 0.8 else 1,
                    "iscrowd": int(rng.random() < 0.1),
                }
                for segment, of_class in classes.items()
            ]
            rows[name].append({"image_id": one, "file_name": f"{one}.png", "segments_info": segments})
    categories = [{"id": one, "name": "xyz"[one - 1], "isthing": int(one < 3)} for one in (1, 2, 3)]
    for name, found in rows.items():
        (folder / f"{name}.json").write_text(json.dumps({"annotations": found, "categories": categories}))
    node = {"name": "panoptic", "ground_truth": str(folder / "truth.json"), "detections": str(folder / "found.json")}
    node |= {"truth_folder": str(folder / "truth"), "detection_folder": str(folder / "found")}
    return node, ["panoptic_quality"]


def oriented_text(folder, rng):
    for name in ("truth", "found"):
        (folder / name).mkdir()
    image, names, box = random_boxes(rng, 30)
    corners = box[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    for one in "abcde":
        lines = [f"{' '.join(map(str, corners[row]))} {names[row]} 0\n" for row in np.flatnonzero(image == one)]
        (folder / "truth" / f"{one}.txt").write_text("gsd:0.1\n" + "".join(lines))
    image, names, box = random_boxes(rng, 60)
    corners = box[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    for one in "xy":
        rows = np.flatnonzero(names == one)
        lines = [f"{image[row]} {rng.random():.1f} {' '.join(map(str, corners[row]))}\n" for row in rows]
        (folder / "found" / f"Task1_{one}.txt").write_text("".join(lines))
    return {"name": "oriented_text", "ground_truth": str(folder / "truth"), "detections": str(folder / "found")}, BOXES


def open_images(folder, rng):
    head = "ImageID,LabelName,XMin,YMin,XMax,YMax"
    truth = table(folder / "truth.csv", f"{head},IsGroupOf", *random_boxes(rng, 30), rng.integers(0, 2, 30))
    found = table(folder / "found.csv", f"{head},Score", *random_boxes(rng, 60), rng.random(60).round(1))
    (folder / "labels.csv").write_text("ImageID,LabelName,Confidence\na,x,1\nb,y,0\nd,x,0\ne,x,1\n")
    node = {"name": "open_images", "ground_truth": truth, "detections": found, "labels": str(folder / "labels.csv")}
    return node, ["open_images_detection", *BOXES]


def detection_table(folder, rng):
    head = "image,class,box_1,box_2,box_3,box_4"
    truth = table(folder / "truth.csv", f"{head},crowd", *random_boxes(rng, 30), rng.integers(0, 2, 30))
    found = table(folder / "found.csv", f"{head},score", *random_boxes(rng, 60), rng.random(60).round(1))
    node = {"name": "detection_table", "ground_truth": truth, "detections": found, "format": "xyxy"}
    return node | {"columns": {"crowd": "crowd"}}, BOXES


def ranking_table(folder, rng):
    rows = zip(rng.integers(0, 6, 40), rng.random(40).round(1), rng.integers(0, 2, 40), strict=True)
    lines = [f"{query},{score},{relevance}" for query, score, relevance in rows]
    (folder / "ranking.csv").write_text("\n".join(["query,score,relevance", *lines]) + "\n")
    return {"name": "ranking_table", "path": str(folder / "ranking.csv")}, RANKINGS


def trec(folder, rng):
    documents = [(f"q{query}", f"d{one}") for query in range(6) for one in range(8)]
    (folder / "qrels").write_text("".join(f"{q} 0 {d} {rng.integers(0, 3)}\n" for q, d in documents[::2]))
    (folder / "run").write_text("".join(f"{q} Q0 {d} 0 {rng.random():.1f} me\n" for q, d in documents[:-8]))
    return {"name": "trec", "qrels": str(folder / "qrels"), "run": str(folder / "run"), "complete": True}, RANKINGS


FILE_SETS = [coco, voc, box_text, mixed, oriented_text, panoptic, open_images, detection_table, ranking_table, trec]
