"""What is odd about the installed plugins though none is broken by it: each a word to whoever installed them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from a4eval.errors import did_you_mean
from a4eval.plugins import by_precedence, disabled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval.plugins import Plugin

KINDS = ("executor", "layer", "metric", "reader", "task")
"""The kinds of the core."""
_ALIKE = 0.8
"""From here on a kind is taken for a slip of the pen: metrics for metric."""


def doubts(plugins: Sequence[Plugin]) -> Iterator[str]:
    """Yield a line for each oddity.

    A name in ``A4EVAL_DISABLE`` that is none, an unknown kind next to a known one, an experiment of several plugins.
    """
    names = [plugin.name for plugin in plugins]
    for name in sorted(disabled() - set(names)):
        yield f"A4EVAL_DISABLE names {name!r}, which is no plugin{did_you_mean(name, names)}"
    for plugin in plugins:
        others = {one.kind for other in plugins if other is not plugin for one in other.components} | set(KINDS)
        for kind in sorted({one.kind for one in plugin.components} - others):
            for near in get_close_matches(kind, sorted(others), n=1, cutoff=_ALIKE):
                yield (
                    f"plugin {plugin.name!r} brings components of the kind {kind!r}, which nobody else knows; "
                    f"did you mean {near!r}?"
                )
    owners: dict[str, list[str]] = {}
    for plugin in by_precedence(plugins):
        for name in plugin.experiments():
            owners.setdefault(name, []).append(plugin.name)
    for name, some in sorted(owners.items()):
        if len(some) > 1:
            both = " and ".join(map(repr, some))
            yield f"experiment {name!r} is brought by the plugins {both}; that of {some[0]!r} is taken"
