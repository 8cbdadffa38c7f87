"""Rows of how each framework says a crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval_deconv.frameworks.translation import FRAMEWORKS, translate

if TYPE_CHECKING:
    from a4eval import Row
    from a4eval_deconv.frameworks.conventions import Crop


def translation_rows(axis: str, crop: Crop, *, size: int, kernel_size: int, stride: int, dilation: int) -> list[Row]:
    """Return a row per framework, for one axis."""
    rows: list[Row] = []
    for framework in FRAMEWORKS:
        found = translate(crop, framework, size=size, kernel_size=kernel_size, stride=stride, dilation=dilation)
        words = ", ".join(f"{key}={value}" for key, value in found.arguments.items())
        rows.append(
            {
                "axis": axis,
                "framework": framework,
                "possible": found.possible,
                "arguments": words,
                "remedy": found.remedy,
            }
        )
    return rows
