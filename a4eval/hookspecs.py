"""The hooks of a4eval.  This page is all a plugin author needs to begin.

A plugin is an installed distribution with an entry point in the group ``a4eval`` that names a module::

    [project.entry-points.a4eval]
    my_metrics = "my_metrics.plugin"

The module says which API it was written for and implements the hooks it wants, each of which returns data::

    from a4eval import Component, hookimpl

    A4EVAL_API = 1

    @hookimpl
    def a4eval_components():
        return [Component(kind="metric", name="hits", factory="my_metrics.hits:Hits", summary="share of hits")]

Keep that module light: it is imported to list plugins.  What is heavy stands behind the ``"module:Class"`` string.
A plugin that fails is reported and left out; it never stops the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from a4eval.component import Component
    from a4eval.context import Run
    from a4eval.contracts import ReportSection

API_VERSION = 1
"""The version of this page.  A plugin module states the one it was written for as ``A4EVAL_API``."""

hookspec = pluggy.HookspecMarker("a4eval")
hookimpl = pluggy.HookimplMarker("a4eval")


@hookspec
def a4eval_components() -> Iterable[Component]:  # type: ignore[empty-body]
    """Return the components this plugin brings, each a :class:`a4eval.Component`.

    A kind the core does not know is a new kind: any plugin may then bring components of it.
    """


@hookspec
def a4eval_config_packages() -> Iterable[str]:  # type: ignore[empty-body]
    """Return the names of importable packages that hold Hydra config groups, such as ``["my_metrics.configs"]``.

    They join Hydra's search path, so ``my_metrics/configs/experiment/hits.yaml`` is ``experiment=hits``.
    The package needs an ``__init__.py``.
    """


@hookspec
def a4eval_provenance() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return facts for every record's ``environment``, such as the version of a compiled library.

    A process asks once, and again when something has been imported since.
    """


@hookspec
def a4eval_report_sections(record: Mapping[str, Any]) -> Iterable[ReportSection]:  # type: ignore[empty-body]
    """Return sections of your own for the page of a record, such as of tables that your tasks make.

    *record* is a copy as plain JSON types.  An exception here is shown in place of the section; the page goes on.
    """


@hookspec
def a4eval_run_finished(run: Run, record: Mapping[str, Any]) -> None:
    """Act on a finished run: its record is written already and *record* is a copy as plain JSON types.

    An exception here is shown as a warning; the run keeps its status.
    """


@hookspec
def a4eval_sweep_finished(sweep: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    """Act on a sweep that has ended; an exception here is shown as a warning.

    Args:
        sweep: ``sweep_id``; ``folder``, where its journal is; ``points``, how many it has.
        summary: ``ok`` and ``failed``, how many points have such a record; ``interrupted``, whether it was.
    """
