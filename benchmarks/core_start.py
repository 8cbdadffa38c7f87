"""What it costs to start a4eval, to run one experiment, and to complete what is typed, beside the least there is.

``python benchmarks/core_start.py [--write]``
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import environment, interleave, publish, table

from tests.cli.shells import pressed

BARE_HYDRA = """
import hydra

@hydra.main(version_base="1.3", config_path="pkg://a4eval.configs", config_name="config")
def main(config):
    print(config.task.data.relevance)

main()
"""
EXPERIMENT = "experiment=assignment4/q3_interpolated_ap"
COMPLETED = {
    "a command": ("a4eval exper", "experiments"),
    "an experiment": ("a4eval run experiment=detection/voc", "detection/voc2007"),
    "a component": ("a4eval components coco_d", "coco_detection"),
    "a key": ("a4eval run experiment=assignment4/q5_l2_vs_iou task.", "task.W="),
}
"""What is completed: a line, and what comes of it."""


def command(*arguments: str, **environment: str) -> object:
    """Return a call that runs a fresh Python process in an empty folder."""

    def call() -> None:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                env={**os.environ, **environment},
                check=True,
                capture_output=True,
            )

    return call


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as folder:
        bare, with_numpy = Path(folder) / "bare.py", Path(folder) / "with_numpy.py"
        bare.write_text(BARE_HYDRA)
        with_numpy.write_text(f"import numpy\n{BARE_HYDRA}")
        seconds = interleave(
            {
                "python": command("-c", "pass"),
                "import pluggy, click": command("-c", "import pluggy, click"),
                "a4eval --version": command("-m", "a4eval", "--version"),
                "a4eval plugins": command("-m", "a4eval", "plugins"),
                "a4eval experiments": command("-m", "a4eval", "experiments"),
                "bare Hydra app": command(str(bare), EXPERIMENT, "hydra/sweeper=basic"),
                "bare Hydra app that imports numpy": command(str(with_numpy), EXPERIMENT, "hydra/sweeper=basic"),
                "a4eval run": command("-m", "a4eval", "run", EXPERIMENT),
            },
            rounds=15,
            at_least=0,
        )
    least, hydra = seconds["import pluggy, click"], seconds["bare Hydra app"]
    rows = [
        [f"`{name}`", 1000 * second, f"{second / least:.2f}", f"{1000 * (second - hydra):+.0f}"]
        for name, second in seconds.items()
    ]
    header = ["fresh process", "ms (median of 15)", "× `import pluggy, click`", "ms over the bare Hydra app"]
    packages = environment("a4eval", "hydra-core", "pluggy", "click", "msgspec", "rich", "numpy")
    note = "A run computes average precision, so it loads numpy, writes its record with fsync and shows it."
    publish("core_start", f"## Starting, and one run\n\n{note}\n{packages}\n\n{table(header, rows)}")
    completion()


def completion() -> None:
    """Measure and publish how long each shell waits for an answer."""
    there = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    tool = Path(sys.executable).parent
    surroundings = {**os.environ, "PATH": f"{tool}:{os.environ['PATH']}"}
    seconds: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        scripts = {shell: Path(folder) / shell for shell in there}
        for shell, script in scripts.items():
            taught = subprocess.run([tool / "a4eval", "completion", shell], check=True, capture_output=True)
            script.write_bytes(taught.stdout)
        for _ in range(7):
            for shell, script in scripts.items():
                for what, (line, answer) in COMPLETED.items():
                    took = pressed(shell, line, answer, surroundings, script)
                    seconds.setdefault((what, shell), []).append(took)
    rows = [[what, *(1000 * median(seconds[what, shell]) for shell in there)] for what in COMPLETED]
    note = "Milliseconds from Tab to the answer, the median of 7: bash and zsh at a terminal, fish by `complete -C`."
    head = f"## Completing on Tab\n\n{note}\n{environment('a4eval', 'click')}"
    publish("completion", f"{head}\n\n{table(['completed', *there], rows)}")


if __name__ == "__main__":
    main()
