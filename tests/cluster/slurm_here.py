"""The Slurm of two nodes of ``slurm_two_nodes.sh``, for as long as a context lasts."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).with_name("slurm_two_nodes.sh")
PROGRAMS = ["slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "sacct"]
OPTIONS = ["executor=slurm", "executor.partition=debug", "executor.memory=1", "executor.array_size=2"]
"""Of a sweep on it: one job a node."""


class NoSlurmError(Exception):
    """It cannot be had here; the text says why."""


@contextmanager
def slurm_here(folder: Path) -> Iterator[Path]:
    """Start it in *folder* and yield its configuration, which ``SLURM_CONF`` must name.

    The packages are installed if ``A4EVAL_INSTALL_SLURM`` is set.

    Raises:
        NoSlurmError: it cannot be had here.
    """
    missing = [one for one in PROGRAMS if shutil.which(one, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if find_spec("submitit") is None:
        raise NoSlurmError("needs pip install 'a4eval[slurm]'")
    if os.geteuid() != 0:
        raise NoSlurmError("needs to be root: munge and slurmd start as such")
    if missing and not os.environ.get("A4EVAL_INSTALL_SLURM"):
        raise NoSlurmError(f"needs {', '.join(missing)}; A4EVAL_INSTALL_SLURM=1 installs Debian's packages")
    started = subprocess.run([SCRIPT, "start", folder], capture_output=True, text=True, check=False, timeout=600)
    try:
        if started.returncode:
            raise NoSlurmError(f"Slurm does not start here: {started.stderr.strip().splitlines()[-1:]}")
        yield folder / "slurm.conf"
    finally:
        subprocess.run([SCRIPT, "stop", folder], check=False, capture_output=True, timeout=120)
