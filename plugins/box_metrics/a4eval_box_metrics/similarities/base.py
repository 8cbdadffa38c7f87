"""What the similarities of upright boxes share: a formula, run over pairs, over all pairs, and for slopes."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from a4eval_box_metrics.boxes.types import FORMATS
from a4eval_box_metrics.similarities import apply
from a4eval_box_metrics.similarities.facts import Facts  # noqa: TC001  (a component's types are read at run time)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.apply import Formula
    from a4eval_box_metrics.similarities.pair import Pair


class FormulaSimilarity:
    """What the similarities here share; a subclass says its ``name``, its ``facts`` and its ``formula``."""

    name: ClassVar[str]
    facts: ClassVar[Facts]
    formats: ClassVar[tuple[str, ...]] = FORMATS

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        raise NotImplementedError

    @property
    def slope_formula(self) -> Formula:
        """The formula that is differentiated."""
        return self.formula

    @property
    def higher_is_better(self) -> bool:
        """False for a distance."""
        return self.facts.higher_is_better

    @property
    def unit(self) -> str:
        """``"1"``, or ``"pixels"`` for a distance."""
        return "1" if self.higher_is_better else "pixels"

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare matched pairs: (n, 4) and (n, 4) give (n,)."""
        return apply.elementwise(self.formula, predicted, truth, format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return apply.pairwise(self.formula, predicted, truth, format)

    def gradient(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Differentiate the value with respect to the predicted box: (n, 4) and (n, 4) give (n, 4).

        The four slopes are along the four numbers of *format*; where the value has a corner they are the mean of the
        one-sided ones, where 0 / 0 stands for 0 they are 0.
        """
        return apply.gradient(self.slope_formula, predicted, truth, format)
