"""The gallery: what each experiment draws, run when the site is made."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import rst
from threadpoolctl import threadpool_limits

import a4eval
from a4eval.config.presets import experiments

SHORTER: dict[str, dict[str, Any]] = {
    "assignment4/q2_distractors": {"task.steps": 20},
    "recurrent/sequence_study": {"task.steps": 20},
    "detection/report": {"task.interval.resamples": 200},
}
"""What is set so that the site is made in a minute."""
OF_DETECTIONS = (
    "boxes/agreement",
    "boxes/landscape_detector",
    "detection/coco",
    "detection/report",
    "detection/which_ap",
)
"""Those that are given detections made here; the others that need files are only named."""
LEFT_OUT = {
    **dict.fromkeys(("detection/compare", "detection/keypoints", "detection/lvis", "ranking/trec"), "needs files"),
    **dict.fromkeys(("detection/open_images", "detection/voc2007", "detection/voc2010"), "needs files"),
    **dict.fromkeys(("detection/dota", "detection/panoptic"), "needs files"),
    **dict.fromkeys(("frameworks/conformance", "frameworks/conformance_keras"), "a sweep of minutes"),
    "recurrent/inspect": "needs a model",
    "deconv/conformance": "compares with other frameworks for minutes",
}
"""Those that are not run here, and why."""


def write(folder: Path) -> None:
    """Write the page, and the pictures beside it."""
    pictures = folder / "gallery"
    pictures.mkdir()
    parts = [rst.heading("Gallery"), "What the experiments draw.  Each was run when this page was made.\n"]
    others = []
    with tempfile.TemporaryDirectory() as place, threadpool_limits(1):
        detections = _detections(Path(place))
        for one in experiments(None):
            given = {**(detections if one.name in OF_DETECTIONS else {}), **SHORTER.get(one.name, {})}
            why = LEFT_OUT.get(one.name, "draws nothing")
            try:
                shown = [] if one.name in LEFT_OUT else _shown(one.name, given, Path(place, one.name), pictures)
            except a4eval.MissingExtraError as error:
                shown, why = [], str(error)
            parts += shown
            others += [] if shown else [f"- ``{one.name}`` ({why}): {rst.escaped(one.description)}"]
    parts += [rst.heading("Without pictures here", "-"), "", *others, ""]
    (folder / "gallery.rst").write_text("\n".join(parts))


def _shown(name: str, given: dict[str, Any], run: Path, pictures: Path) -> list[str]:
    """Run an experiment, keep its pictures, and return what the page says of it; nothing if it draws none."""
    record = a4eval.run(name, {**given, "pictures": True}, directory=run)
    typed = " ".join(
        f"{key}={Path(value).name if key.startswith('task.data') else value}" for key, value in given.items()
    )
    parts = [
        rst.heading(name, "-"),
        rst.escaped(str(record.config.get("description", ""))),
        "",
        rst.block(f"a4eval run experiment={name} {typed}".strip(), "sh"),
    ]
    drawn = sorted(run.rglob("*.svg"))
    for file in drawn:
        stem = f"{name}-{file.relative_to(run).with_suffix('')}".replace("/", "-").replace(" ", "_")
        shutil.copyfile(file, pictures / f"{stem}.svg")
        parts.append(f".. image:: gallery/{stem}.svg\n   :alt: {file.stem.replace('_', ' ')} of {name}\n")
    return parts if drawn else []


def _detections(folder: Path) -> dict[str, Any]:
    """Make images of cats and dogs, with detections that miss some, and return where they are."""
    draw = random.Random(0)  # noqa: S311  (nobody is to be kept from guessing it)
    truths, found = [], []
    for image in range(1, 61):
        for _ in range(draw.randint(2, 4)):
            box = [draw.uniform(0, 400), draw.uniform(0, 400), draw.uniform(20, 90), draw.uniform(20, 90)]
            one = {"image_id": image, "category_id": draw.randint(1, 2), "bbox": box}
            truths.append({**one, "id": len(truths) + 1, "area": box[2] * box[3], "iscrowd": 0})
            near = [box[0] + draw.gauss(0, 6), box[1] + draw.gauss(0, 6), *box[2:]]
            if draw.random() < 0.85:
                found.append({**one, "bbox": near, "score": draw.betavariate(4, 2)})
            if draw.random() < 0.3:
                far = [draw.uniform(0, 400), draw.uniform(0, 400), *box[2:]]
                found.append({**one, "bbox": far, "score": draw.betavariate(2, 4)})
    images = [{"id": image, "width": 500, "height": 500} for image in range(1, 61)]
    names = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    truth = {"images": images, "categories": names, "annotations": truths}
    for name, content in (("truth", truth), ("found", found)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    return {
        "task.data.ground_truth": str(folder / "truth.json"),
        "task.data.detections": str(folder / "found.json"),
    }
