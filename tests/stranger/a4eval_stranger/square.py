"""A layer that is not linear: y = scale · x²."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from a4eval import param


@dataclass
class Square:
    """y = scale · x², elementwise."""

    complex_step: ClassVar[bool] = True
    width: int = param(3, help="features")
    slip: float = param(1.0, help="a factor on dx: anything but 1 is a wrong gradient")

    def example(self, rng):
        return rng.standard_normal((2, self.width))

    def init(self, rng):
        return {"scale": rng.standard_normal(self.width)}

    def forward(self, params, x):
        return params["scale"] * x**2, x

    def backward(self, params, tape, dy):
        dx = 2 * params["scale"] * tape * dy
        return {"scale": (dy * tape**2).sum(axis=0)}, dx * np.asarray(self.slip, dtype=dx.dtype)
