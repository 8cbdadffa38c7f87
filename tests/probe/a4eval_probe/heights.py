import os
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from a4eval import DataError, Value, param


@dataclass
class Heights:
    """n heights from a file's seed; reading them goes wrong as told."""

    batch: ClassVar[str] = "heights"
    path: Path = param(help="a file that holds a number, the seed")
    n: int = param(1000, help="how many")
    die: list[int] = param(default_factory=list, help="parts that kill their process, once each")
    crash: list[int] = param(default_factory=list, help="parts that kill their process every time")
    fail: list[int] = param(default_factory=list, help="parts that find their data wrong")
    doubt: list[int] = param(default_factory=list, help="parts that warn")
    wait: float = param(0, help="how long a part takes for each part before it", unit="seconds")
    needs: str | None = param(None, help="a file that the first part must find")
    rewrite: int | None = param(None, help="what a part writes into the file before it is hashed")
    _part: tuple[int, int] = field(default=(0, 1), init=False)

    def part(self, index, count):
        one = replace(self)
        one._part = (index, count)
        return one

    def sources(self):
        if self.rewrite and self._part[1] > 1 and self.path.read_text() != str(self.rewrite):
            self.path.write_text(str(self.rewrite))
        return [self.path]

    def batches(self, run):
        index, count = self._part
        with Path("begun.txt").open("a") as begun:
            begun.write(f"{index}/{count}\n")
        time.sleep(self.wait * index)
        if index == 0 and self.needs and not Path(self.needs).exists():
            raise DataError(f"the first part found no {Path(self.needs).name}")
        if index in self.fail:
            raise DataError(f"{self.path}: part {index} is wrong")
        mark = Path(f"died-{index}")
        if count > 1 and (index in self.crash or (index in self.die and not mark.exists())):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        run.warn("heights are rounded")
        if index in self.doubt:
            run.warn("some are odd")
        heights = np.random.default_rng(int(self.path.read_text())).normal(170, 10, self.n)
        first, last = index * self.n // count, (index + 1) * self.n // count
        cluster = np.arange(self.n) % 7
        yield {"unit": np.arange(first, last), "height": heights[first:last], "family": cluster[first:last]}


@dataclass
class MeanHeight:
    """Their mean, which depends on their order in the last bit."""

    batch: ClassVar[str] = "heights"
    names: ClassVar = ("mean",)
    _heights: list = field(default_factory=list, init=False)

    @property
    def units(self):
        return list(range(len(self._heights)))

    def update(self, batch):
        self._heights += batch["height"].tolist()

    def merge(self, other):
        self._heights += other._heights

    def compute(self, weights=None):
        weights = [1.0] * len(self._heights) if weights is None else weights
        total = 0.0
        for weight, height in zip(weights, self._heights, strict=True):
            total += weight * height
        return {"mean": Value(total / sum(weights), "cm", n=len(self._heights))}
