"""VOC's files in small, and a metric run over them."""

from __future__ import annotations

from a4eval import Run, build


def evaluated(tmp_path, data, **metric):
    run = Run(directory=tmp_path)
    node = {"name": "evaluate", "data": data, "metrics": {"voc": {"name": "detection_average_precision", **metric}}}
    result = build("task", node).run(run)
    return result.metrics["voc"].value, result, run


def xml(*objects):
    text = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, difficult, x1, y1, x2, y2 in objects
    )
    return f"<annotation>{text}</annotation>"


def voc_folder(tmp_path, results="000001 0.9 10 10 19 19\n000002 0.8 100 100 109 109\n"):
    for name in ("Annotations", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "Annotations" / "000001.xml").write_text(xml(("cat", 0, 10, 10, 19, 19), ("cat", 1, 50, 50, 59, 59)))
    (tmp_path / "Annotations" / "000002.xml").write_text(xml(("cat", 0, 10, 10, 19, 19)))
    (tmp_path / "results" / "comp4_det_test_cat.txt").write_text(results)
    return {"name": "voc", "ground_truth": str(tmp_path / "Annotations"), "detections": str(tmp_path / "results")}
