"""What a similarity of any plugin is, and what it may say of itself."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from a4eval import build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats


@runtime_checkable
class Similarity(Protocol):
    """Compares predicted with true boxes; any plugin may bring one, as a component of the kind ``similarity``.

    It may also say :class:`higher_is_better <Oriented>`, a :class:`unit <WithUnit>` and its
    :class:`formats <WithFormats>`.

    >>> from a4eval_box_metrics import IoU
    >>> isinstance(IoU(), Similarity), isinstance("iou", Similarity)
    (True, False)
    """

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare matched pairs.

        Args:
            predicted: (n, 4) boxes in *format*.
            truth: (n, 4) boxes in *format*.
            format: one of :data:`a4eval_box_metrics.FORMATS`.

        Returns:
            (n,) floats.

        Raises:
            ValueError: a box is unsound.
        """

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare all pairs: (n, 4) and (m, 4) give (n, m); otherwise as :meth:`elementwise`."""


@runtime_checkable
class Oriented(Protocol):
    """A similarity that says whether larger is better; of one that does not, it is."""

    @property
    def higher_is_better(self) -> bool:
        """False for a distance."""


@runtime_checkable
class WithUnit(Protocol):
    """A similarity that says in what unit it is; one that does not is a plain number."""

    @property
    def unit(self) -> str:
        """``"1"``, or the unit of a distance."""


@runtime_checkable
class WithFormats(Protocol):
    """A similarity that says which formats it takes; one that does not takes upright boxes."""

    @property
    def formats(self) -> Sequence[str]:
        """The formats, ``cxcywha`` among them if it takes rotated boxes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A similarity with what it says of itself, asked once.

    Args:
        similarity: the similarity.
        higher_is_better: False for a distance.
        unit: ``"1"``, or the unit of a distance.
        takes_rotated: does it take boxes as ``cxcywha``?
    """

    similarity: Similarity
    higher_is_better: bool
    unit: str
    takes_rotated: bool


def measure(similarity: object) -> Measure:
    """Ask a similarity what it says of itself.

    Args:
        similarity: the similarity, or its name.

    Raises:
        ConfigError: there is no similarity of that name.
        TypeError: it is no similarity.

    >>> measure("centre_l2").unit
    'pixels'
    """
    if isinstance(similarity, str):
        similarity = build("similarity", similarity)
    if not isinstance(similarity, Similarity):
        got = f"{type(similarity).__module__}.{type(similarity).__qualname__}"
        message = f"got {got} as a similarity, expected one with the methods elementwise and pairwise"
        raise TypeError(message)
    return Measure(
        similarity,
        higher_is_better=bool(similarity.higher_is_better) if isinstance(similarity, Oriented) else True,
        unit=similarity.unit if isinstance(similarity, WithUnit) else "1",
        takes_rotated=isinstance(similarity, WithFormats) and "cxcywha" in similarity.formats,
    )
