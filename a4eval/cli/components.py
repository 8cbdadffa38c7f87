"""``a4eval components``: what configs may name."""

from __future__ import annotations

import click

from a4eval.cli import complete
from a4eval.cli.options import json_option


@click.command()
@click.argument("name", metavar="[KIND|NAME]", required=False, shell_complete=complete.components)
@click.option("--kind", help="Only this kind, such as metric.")
@click.option("--search", metavar="WORD", help="Only those that mention it.")
@json_option
def components(name: str | None, kind: str | None, search: str | None, as_json: bool) -> None:
    """List the components, those of a kind, or describe one.

    A description gives the parameters with their types, defaults and units, and the references.
    """
    from a4eval.contracts import KINDS
    from a4eval.registry import registry
    from a4eval.results.describe import describe, list_components

    if kind is None and name in {*KINDS, *(one.component.kind for one in registry().components())}:
        name, kind = None, name
    if name is None:
        list_components(kind, as_json=as_json, search=search)
    else:
        describe(name, kind, as_json=as_json)
