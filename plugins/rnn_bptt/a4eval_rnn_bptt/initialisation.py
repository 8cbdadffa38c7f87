"""Named initialisations of recurrent weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Initialisation: TypeAlias = Literal["uniform", "glorot", "he", "orthogonal", "identity", "gaussian"]


def initialise(
    name: Initialisation, shape: tuple[int, int], rng: np.random.Generator, *, hidden: int, gain: float = 1.0
) -> NDArray[np.float64]:
    """Draw one weight matrix.

    Args:
        name: ``uniform`` in ±gain/√hidden (torch's default for recurrent layers); ``glorot`` uniform in
            ±gain·√(6/(fan_in + fan_out)) (Glorot & Bengio 2010); ``he`` N(0, 2·gain²/fan_in) (He et al. 2015);
            ``orthogonal`` gain times a Haar-random orthogonal matrix, or one with orthonormal rows or columns
            (Saxe et al. 2014); ``identity`` gain on the diagonal (Le et al. 2015, arXiv 1504.00941);
            ``gaussian`` N(0, gain²/fan_in), spectral radius ≈ gain when square.
        shape: (fan_out, fan_in).
        rng: the random generator.
        hidden: the number of hidden units, for ``uniform``.
        gain: the scale.

    Returns:
        float64, of *shape*.

    Raises:
        ValueError: an unknown name.

    >>> initialise("identity", (2, 2), np.random.default_rng(0), hidden=2, gain=0.5)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    fan_out, fan_in = shape
    if name == "uniform":
        bound = gain / hidden**0.5
        return rng.uniform(-bound, bound, shape)
    if name == "glorot":
        bound = gain * (6 / (fan_in + fan_out)) ** 0.5
        return rng.uniform(-bound, bound, shape)
    if name == "he":
        return rng.normal(0, gain * (2 / fan_in) ** 0.5, shape)
    if name == "gaussian":
        return rng.normal(0, gain / fan_in**0.5, shape)
    if name == "identity":
        return gain * np.eye(fan_out, fan_in)
    if name == "orthogonal":
        q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
        q *= np.sign(np.diag(r))  # without this QR's own sign convention shows through and the matrix is not Haar
        return gain * (q if fan_out >= fan_in else q.T)
    raise ValueError(f"got initialisation {name!r}, expected uniform, glorot, he, orthogonal, identity or gaussian")


def chrono_bias(hidden: int, longest: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw gate biases for memories of up to *longest* steps: log U(1, longest − 1).

    Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", arXiv 1804.11188, equation 16.

    Args:
        hidden: how many.
        longest: the longest lag expected, in steps; at least 3.
        rng: the random generator.

    >>> chrono_bias(3, 100, np.random.default_rng(0)).round(2)
    array([4.15, 3.31, 1.61])
    """
    return np.log(rng.uniform(1, longest - 1, hidden))
