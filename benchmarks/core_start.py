"""What it costs to start a4eval, and to run one experiment, beside the least that anyone could do.

``python benchmarks/core_start.py [--write]``
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import environment, interleave, publish, table

BARE_HYDRA = """
import hydra

@hydra.main(version_base="1.3", config_path="pkg://a4eval.configs", config_name="config")
def main(config):
    print(config.task.data.relevance)

main()
"""
EXPERIMENT = "experiment=assignment4/q3_interpolated_ap"
ASKED = {
    "_A4EVAL_COMPLETE": "bash_complete",
    "COMP_WORDS": "a4eval run experiment = assignment4/q5_l2_vs_iou task.",
    "COMP_CWORD": "5",
}
"""What bash says of a line that is completed: the keys of an experiment, which costs most."""
COMPLETING = "import sys; sys.argv[0] = 'a4eval'; from a4eval.cli.main import main; main()"


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
                "completing a key in bash": command("-c", COMPLETING, **ASKED),
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


if __name__ == "__main__":
    main()
