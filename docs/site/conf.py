"""How Sphinx makes the site; ``__main__.py`` lays out the pages that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rst

from a4eval import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "a4eval"
version = release = __version__
copyright = "the a4eval contributors"  # noqa: A001  (Sphinx's name)
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
suppress_warnings = ["myst.header"]  # a README may begin with its badges
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
maximum_signature_line_length = 90
napoleon_numpy_docstring = False
html_theme = "furo"
html_title = f"a4eval {version}"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def setup(app: Sphinx) -> None:
    """Let formulas in docstrings be formulas, before Google's sections are read."""
    app.connect("autodoc-process-docstring", _formulas, priority=100)


def _formulas(_app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = rst.plain("\n".join(lines)).split("\n")
