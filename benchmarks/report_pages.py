"""How long ``a4eval report`` takes and how large its pages are, beside Vega-Lite drawing the same charts.

``python benchmarks/report_pages.py [--write]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import environment, interleave, publish, table

from a4eval.drawing.picture import picture
from a4eval.results.report.build import report
from a4eval.runs.record import read, write
from tests.pages import record, sweep_lines

ROUNDS = 5
COCO = Path(__file__).parent.parent.parent / "shared" / "data" / "coco_val2014_100"


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(record(), folder / "small")
        pages = {"a small run": folder / "small"}
        if COCO.exists():
            data = ["ground_truth=" + str(COCO / "instances_val2014_100.json")]
            data.append("detections=" + str(COCO / "instances_val2014_fakebbox100_results.json"))
            options = ["task.interval.resamples=200", "pictures=false", f"hydra.run.dir={folder / 'detection'}"]
            run = ["run", "-q", "experiment=detection/report", *(f"task.data.{one}" for one in data), *options]
            subprocess.run([sys.executable, "-m", "a4eval", *run], check=True, stdout=subprocess.DEVNULL)
            pages["`detection/report`, 100 images, 80 classes, intervals"] = folder / "detection"
            images = noise(folder / "images")
            run[-1] = f"hydra.run.dir={folder / 'pictured'}"
            subprocess.run(
                [sys.executable, "-m", "a4eval", *run, f"task.data.images={images}"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            pages["the same with `task.data.images`, of noise, which is hard to pack"] = folder / "pictured"
        for title, seeds in (("a sweep of 300 points", 5), ("a sweep of 10,020 points", 167)):
            pages[title] = folder / title.replace(" ", "_")
            pages[title].mkdir()
            (pages[title] / "results.jsonl").write_bytes(b"\n".join(sweep_lines(seeds=seeds)))
        sizes = {title: len(report([path], None).encode()) for title, path in pages.items()}
        seconds: dict[str, list[float]] = {title: [] for title in pages}
        for _ in range(ROUNDS):  # in turns, so that a slow spell of the machine falls on all alike
            for title, path in pages.items():
                seconds[title].append(processor_time(path))
        rows = [[title, f"{size / 1000:,.0f}", median(seconds[title])] for title, size in sizes.items()]
        text = table(["page of", "kB", "processor seconds of the whole command"], rows)
        if COCO.exists():
            text += f"\n\n{drawing(folder / 'detection')}"
    here = environment("numpy", "vl-convert-python")
    publish("report_pages", f"## Pages of `a4eval report`\n\n{text}\n\n{here}; `python benchmarks/report_pages.py`")


def noise(folder: Path) -> Path:
    """Make an image of each in the annotations, and return their folder."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    rng = np.random.default_rng(0)
    for one in json.loads((COCO / "instances_val2014_100.json").read_bytes())["images"]:
        pixels = rng.integers(0, 256, (one["height"], one["width"], 3), np.uint8)
        Image.fromarray(pixels).save(folder / one["file_name"])
    return folder


def processor_time(path: Path) -> float:
    """Return the processor time of the whole command, in a process of its own."""
    before = os.times()
    words = [sys.executable, "-m", "a4eval", "report", str(path), "-o", "-"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def drawing(folder: Path) -> str:
    """Return a table of the time for all charts of one record, ours and Vega-Lite's through vl-convert."""
    import vl_convert

    found = read(folder / "result.json")
    charts = [(chart, found.tables[chart["data"]["name"]]) for chart in found.charts.values()]

    def ours() -> int:
        return sum(len(picture(chart, rows).svg) for chart, rows in charts)

    def vega() -> int:
        whole = ({**chart, "data": {"values": rows}} for chart, rows in charts)
        return sum(len(vl_convert.vegalite_to_svg(one)) for one in whole)

    seconds = interleave({"a4eval": ours, "vl-convert, warm": vega}, rounds=5, at_least=0)
    sizes = {"a4eval": ours(), "vl-convert, warm": vega()}
    rows = [[name, second, f"{sizes[name] / 1000:,.0f}"] for name, second in seconds.items()]
    return table([f"{len(charts)} charts as SVG", "seconds", "kB"], rows)


if __name__ == "__main__":
    main()
