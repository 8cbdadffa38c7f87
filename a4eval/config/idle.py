"""Overrides that would do nothing: those of a sweep for a single run, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.errors import ConfigError
from a4eval.experiment import POINT_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

OF_A_SWEEP = POINT_KEYS | {"reuse", "sort", "stop", "objective"}
"""The root keys that only a sweep looks at; `retries`, say, also the parts of a run."""
_OF_HYDRAS = ("hydra.sweep.", "hydra.sweeper.", "hydra.launcher.")
"""Of Hydra's; which sweeper there is (``hydra/sweeper=``) also says whose parameters a config may hold."""


def idle(overrides: Iterable[str], *, sweep: bool) -> list[ConfigError]:
    """Return an error for each override that the command would not heed.

    >>> idle(["hydra.sweep.dir=out", "seed=1"], sweep=False)
    [ConfigError('hydra.sweep.dir: is for a sweep; add -m')]
    >>> idle(["hydra.run.dir=out"], sweep=True)
    [ConfigError('hydra.run.dir: is for a single run; the folder of a sweep is hydra.sweep.dir=FOLDER')]
    """
    found = {}
    for key in (one.partition("=")[0].lstrip("+~").partition("@")[0] for one in overrides):
        if key == "hydra.mode":
            found[key] = "cannot be set: with -m it is a sweep, without it a single run"
        elif sweep and key == "hydra.run.dir":
            found[key] = "is for a single run; the folder of a sweep is hydra.sweep.dir=FOLDER"
        elif not sweep and (key in OF_A_SWEEP or key.startswith(_OF_HYDRAS)):
            found[key] = "is for a sweep; add -m"
    return [ConfigError(why, path=key) for key, why in found.items()]
