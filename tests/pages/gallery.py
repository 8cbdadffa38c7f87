"""A record with pictures of errors, as a detector's run leaves it."""

from __future__ import annotations

import base64
import hashlib

from a4eval.runs import record as records

from . import record

SIZE = (640.0, 480.0)
MARK = ("picture", "outcome", "class", "score", "error", "cost", "truth", "detected", "x", "y", "width", "height")
MARKS = [
    ("one", "missed", "dog", None, "missed", 0.02, "dog", "background", 20.0, 40.0, 200.0, 100.0),
    ("one", "false", "cat", 0.9, "classification", 0.01, "bird", "cat", 300.0, 200.0, 100.0, 120.0),
    ("one", "missed", "bird", None, None, None, "bird", "cat", 305.0, 205.0, 100.0, 120.0),
    ("one", "hit", "person", 0.75, None, None, None, None, 10.0, 300.0, 60.0, 150.0),
    ("one", "found", "person", None, None, None, None, None, 12.0, 302.0, 60.0, 150.0),
    ("two", "false", "dog", 0.3, "background", 0.004, "background", "dog", 100.5, 100.25, 50.0, 50.0),
    ("two", "hit", "dog", 0.6, None, None, None, None, 400.0, 100.0, 50.0, 50.0),
    ("three", "missed", "cat", None, "missed", 0.001, "cat", "background", 0.0, 0.0, 10.0, 10.0),
]
"""Eight marks on three pictures."""


JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H///"
    "/6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wAARCAAG"
    "AAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAABP/EAB"
    "QRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AKAKS//Z"
)
"""Eight pixels by six, all orange."""


def gallery_record(**given):
    """Return a record with the tables of pictures and marks, and tables and charts that lead to them."""
    content = JPEG
    pictures = [
        {
            "picture": name,
            "file": f"thumbnails/{name}.jpg" if name == "one" else None,
            "width": SIZE[0],
            "height": SIZE[1],
            "cost": cost,
        }
        for name, cost in (("one", 0.03), ("two", 0.004), ("three", 0.001))
    ]
    confusion = [
        {"truth": "bird", "detected": "cat", "count": 1},
        {"truth": "cat", "detected": "background", "count": 1},
        {"truth": "person", "detected": "person", "count": 1},
    ]
    curves = [{"recall": one / 4, "dog": 1 - one / 8, "zebra": 1 - one / 4} for one in range(5)]
    side = {"type": "nominal"}
    return record(
        config={"task": {"name": "evaluate", "metrics": {"examples": {"name": "detection_examples"}}}},
        tables={
            "classes": [{"class": name, "AP": value} for name, value in (("dog", 0.5), ("cat", 0.25), ("zebra", 1.0))],
            "confusion": confusion,
            "curves": curves,
            "examples/pictures": pictures,
            "examples/marks": [dict(zip(MARK, row, strict=True)) for row in MARKS],
        },
        charts={
            "classes": {
                "data": {"name": "classes"},
                "mark": "bar",
                "encoding": {"x": {"field": "AP", "type": "quantitative"}, "y": {"field": "class"}},
            },
            "confusion": {
                "data": {"name": "confusion"},
                "mark": "rect",
                "encoding": {
                    "x": {"field": "detected", **side},
                    "y": {"field": "truth", **side},
                    "color": {"field": "count", "type": "quantitative", "scale": {"scheme": "blues"}},
                },
            },
            "curves": {
                "data": {"name": "curves"},
                "transform": [{"fold": ["dog", "zebra"], "as": ["class", "precision"]}],
                "mark": "line",
                "encoding": {
                    "x": {"field": "recall", "type": "quantitative"},
                    "y": {"field": "precision", "type": "quantitative"},
                    "color": {"field": "class", "type": "nominal", "title": None},
                },
            },
        },
        artifacts=[records.FileRecord("thumbnails/one.jpg", hashlib.sha256(content).hexdigest(), len(content))],
        **given,
    )


def flips_record():
    """Return a record of ``compare`` with marks on two panes."""
    found = gallery_record()
    marks = [
        {"pane": pane, **row, "flip": "lost" if row["outcome"] == "missed" and pane == "second" else ""}
        for pane in ("first", "second")
        for row in found.tables["examples/marks"]
    ]
    found.tables["examples/marks"] = marks
    return found


def written(found, folder):
    """Write a record and its picture."""
    records.write(found, folder)
    (folder / "thumbnails").mkdir()
    (folder / "thumbnails" / "one.jpg").write_bytes(JPEG)
    return folder
