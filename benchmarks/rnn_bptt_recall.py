"""The recall study of the worksheet: seven cells, five lengths, three seeds each, as one sweep on all cores."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import environment, publish, table

CELLS = {
    "RNN, uniform": "{name:rnn}",
    "RNN, orthogonal": "{name:rnn,initialisation:orthogonal}",
    "identity RNN": "{name:identity_rnn}",
    "LSTM, forget bias 0": "{name:lstm,forget_bias:0}",
    "LSTM, forget bias 1": "{name:lstm,forget_bias:1}",
    "LSTM, forget bias 3": "{name:lstm,forget_bias:3}",
    "GRU": "{name:gru}",
}
FILLERS = (3, 10, 30, 100, 200)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "a4eval", "run", "-m", "experiment=assignment4/q2_distractors"),
            f"task.layer={','.join(CELLS.values())}",
            f"task.problem.fillers={','.join(str(one) for one in reversed(FILLERS))}",
            "task.flow=false",
            f"hydra.sweep.dir={folder}",
        ]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        lines = (Path(folder) / "results.jsonl").read_text().splitlines()
    accuracy = {}
    for record in map(json.loads, lines):
        task = record["config"]["task"]
        layer = {key: value for key, value in task["layer"].items() if key != "hidden"}
        accuracy[json.dumps(layer, sort_keys=True), task["problem"]["fillers"]] = record["metrics"]["accuracy"]["value"]
    rows = []
    for name, text in CELLS.items():
        pairs = (pair.split(":") for pair in text.strip("{}").split(","))
        layer = json.dumps({key: int(value) if value.isdigit() else value for key, value in pairs}, sort_keys=True)
        rows.append([name, *(f"{accuracy[layer, fillers]:.2f}" for fillers in FILLERS)])
    parts = [
        "## The recall study (rnn_bptt)",
        f"{environment('numpy')}: 105 trainings in {seconds:.0f} s.",
        table(["accuracy after at most 600 steps", *(f"{one} fillers" for one in FILLERS)], rows),
    ]
    publish("rnn_bptt_recall", "\n\n".join(parts))


if __name__ == "__main__":
    main()
