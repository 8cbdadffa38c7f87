"""The facts of every similarity, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval_box_metrics.similarities.register import REGISTER

if TYPE_CHECKING:
    from a4eval_box_metrics.similarities.facts import Facts

FACTS: dict[str, Facts] = {name: one.load().facts for name, one in REGISTER.items()}
"""By component name."""
