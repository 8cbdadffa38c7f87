"""The table of ``docs/layer-conformance.md``: what ``check_layer`` says of the layers of torch, Keras and flax.

    python -m benchmarks.layer_conformance --write
    python -m benchmarks.layer_conformance --write --as-it-is

It runs the sweeps ``frameworks/conformance`` and, on each backend, ``frameworks/conformance_keras``, and
``deconv/conformance`` for onnxruntime; what is done already in ``multirun/`` is not done again.
With ``--as-it-is`` nothing is run: the table is of what there is, and says of how many.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import a4eval_frameworks

import a4eval
from benchmarks.harness import PAGE, environment, publish, table

CONFIGS = Path(a4eval_frameworks.__file__).parent / "configs" / "experiment"
_AS_IT_IS = "--as-it-is" in sys.argv
FOLDER = Path("multirun") / "layer_conformance"
SWEEPS = {
    "conformance": ("frameworks/conformance", "torch"),
    "keras_torch": ("frameworks/conformance_keras", "torch"),
    "keras_jax": ("frameworks/conformance_keras", "jax"),
}
"""The folder of a sweep to its experiment and Keras' backend."""


def run(*overrides: str, backend: str = "torch") -> None:
    """Run a command of a4eval; a verdict that is no pass, or a layer that dies, is a row of the table."""
    command = [sys.executable, "-m", "a4eval", "run", *overrides]
    done = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": backend}, check=False)
    if done.returncode not in (0, 1, 3, 4):
        raise SystemExit(done.returncode)


def layer_row(record: Any, sweep: str) -> list[str]:
    """Return a row of the table for a record of check_layer."""
    layer = record.config["task"]["layer"]
    framework = layer["name"] + (f" on {SWEEPS[sweep][1]}" if layer["name"] == "keras" else "")
    arguments = layer.get("arguments", [])
    made = _listed(arguments) or "–"
    if layer.get("training"):
        made += ", in training"
    if record.verdict is None:
        return [framework, layer["layer"], made, "–", record.status, record.error.message if record.error else ""]
    ran = f"{record['ran_checks']:.0f}" + (", reference" if record.config["task"].get("reference") else "")
    said = "; ".join(record.verdict.reasons)
    return [framework, layer["layer"], made, ran, record.verdict.outcome, said.replace("|", "∣")]


def _listed(arguments: Any) -> str:
    if isinstance(arguments, dict):
        return ", ".join(f"{key}={_plain(one)}" for key, one in arguments.items())
    return ", ".join(map(_plain, arguments))


def _plain(value: Any) -> str:
    return f"{value['layer']}({_listed(value.get('arguments', []))})" if isinstance(value, dict) else str(value)


def main() -> None:
    """Run what is missing and publish the table."""
    rows, done, header = [], [], ["framework", "layer", "made with", "checks", "verdict", "what is not passed"]
    for name, (experiment, backend) in SWEEPS.items():
        if not _AS_IT_IS:
            run("-m", f"experiment={experiment}", f"hydra.sweep.dir={FOLDER / name}", "timeout=900", backend=backend)
        records = list(a4eval.load(FOLDER / name)) if (FOLDER / name / "results.jsonl").exists() else []
        rows += [layer_row(record, name) for record in records]
        done.append(
            f"{experiment}{f' on {backend}' if 'keras' in name else ''}: {len(records)} of {_points(experiment)}"
        )
    counts = ", ".join(
        f"{sum(row[4] == one for row in rows)} {one}" for one in dict.fromkeys(row[4] for row in sorted(rows, key=_bad))
    )
    onnx = FOLDER / "onnx"
    if not (onnx / "result.json").exists():
        run("experiment=deconv/conformance", "task.frameworks=[onnx]", f"hydra.run.dir={onnx}")
    (record,) = a4eval.load(onnx)
    columns = ["convention", "measured_before", "measured_after", "explained"]
    text = f"{environment('torch', 'keras', 'jax', 'flax', 'onnxruntime')}.\n"
    text += f"{'; '.join(done)} points: {counts}.\n\n{table(header, rows)}\n\n"
    text += "Transposed convolution of ONNX through onnxruntime, which has no gradient: what each convention cuts off\n"
    text += "before and after, and whether that is what it says.\n\n"
    cells = [[one[key] for key in columns] for one in record.tables["conventions"]]
    text += table([one.replace("_", " ") for one in columns], cells)
    publish("layer_conformance", text, PAGE.parent / "layer-conformance.md")


def _points(experiment: str) -> int:
    """Return how many points a sweep has."""
    return (CONFIGS / f"{experiment}.yaml").read_text().count("name: check_layer")


def _bad(row: list[str]) -> int:
    return ["passed", "undecided", "failed"].index(row[4]) if row[4] in {"passed", "undecided", "failed"} else 3


if __name__ == "__main__":
    main()
