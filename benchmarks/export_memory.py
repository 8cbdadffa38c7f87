"""What memory it takes to export a table, of twenty thousand rows and of two million.

``python benchmarks/export_memory.py [--write]``

Beside it the pages of the record that the system keeps in memory while there is room, as of any file that is read.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import environment, publish, table

ROWS = (20_000, 2_000_000)
FORMATS = ("csv", "jsonl", "parquet")
CLASSES = ("cat", "dog", "person")


def written(folder: Path, rows: int) -> Path:
    """Write the record of a run with a table of so many rows, and return its file."""
    import a4eval

    a4eval.run("assignment4/q5_l2_vs_iou", directory=folder)
    file = folder / "result.json"
    content = json.loads(file.read_text()) | {"tables": {"boxes": []}}
    before, after = json.dumps(content).split('"boxes": []')
    with file.open("w") as out:
        out.write(f'{before}"boxes": [')
        for row in range(rows):
            numbers = f'"score": {row / rows}, "iou": {1 / (1 + row)}, "area": {row * 1.5}'
            comma = "," * bool(row)
            out.write(f'{comma}{{"image": {row // 7}, "class": "{CLASSES[row % 3]}", {numbers}, "right": true}}')
        out.write(f"]{after}")
    return file


def peak(folder: Path, out: Path) -> tuple[float, float]:
    """Export the table in a process; return its peak of memory of its own and of files, in MB."""
    words = [sys.executable, "-m", "a4eval", "export", str(folder), str(out), "--table", "boxes"]
    own = mapped = 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            found = dict(re.findall(r"^(RssAnon|RssFile):\s+(\d+) kB$", status.read_text(), re.MULTILINE))
            own, mapped = max(own, int(found.get("RssAnon", 0))), max(mapped, int(found.get("RssFile", 0)))
            time.sleep(0.005)
    assert process.returncode == 0
    return own / 1e3, mapped / 1e3


def main() -> None:
    """Measure and publish."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as place:
        for count in ROWS:
            folder = Path(place) / str(count)
            size = written(folder, count).stat().st_size / 1e6
            for ending in FORMATS:
                own, mapped = peak(folder, Path(place) / f"{count}.{ending}")
                made = sum(1 for _ in (Path(place) / f"{count}.{ending}").open("rb")) if ending != "parquet" else ""
                assert ending == "parquet" or made == count + (ending == "csv")
                rows.append([f"{count:,}", size, f"`.{ending}`", own, mapped])
    header = ["rows", "record, MB", "into", "peak memory, MB", "and pages of files, MB"]
    note = "`a4eval export FOLDER FILE --table boxes`, six columns, sampled every 5 ms."
    head = f"## Exporting a long table\n\n{note}\n{environment('a4eval', 'pyarrow')}"
    publish("export_memory", f"{head}\n\n{table(header, rows)}")


if __name__ == "__main__":
    main()
