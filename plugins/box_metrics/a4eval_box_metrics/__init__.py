"""How boxes agree: similarities, losses and their gradients.

Plain functions on numpy arrays; each is loaded when first used, so that listing the plugin stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_box_metrics.overlap import crowd_iou, iou, pairwise_crowd_iou, pairwise_iou

_EXPORTS = {
    "crowd_iou": "overlap",
    "iou": "overlap",
    "pairwise_crowd_iou": "overlap",
    "pairwise_iou": "overlap",
}

__all__ = ["crowd_iou", "iou", "pairwise_crowd_iou", "pairwise_iou"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
