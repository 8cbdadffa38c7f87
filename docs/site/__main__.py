"""Make the site of the docs: ``python docs/site FOLDER``.

The pages are laid out in a folder of their own as they stand in the repository, so every link means the same, and
beside them what is made from the code: the reference, the parameters of every component, the keys of a record and the
gallery.
Whatever Sphinx warns of, such as a link that leads nowhere or a page that is in no list, ends it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import components
import gallery
import record
import reference
from sphinx.cmd.build import build_main

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "docs/pictures/*",
    "plugins/*/README.md",
)
SECTIONS = {
    "Begin": ["docs/configs", "docs/sweeps", "docs/python", "docs/report", "docs/trackers", "docs/hydra-apps"],
    "Detection": [
        "docs/detection",
        "docs/detection-input",
        "docs/drop-in",
        "docs/which-ap",
        "docs/boxes",
        "docs/gate",
        "docs/seeds",
    ],
    "Layers": [
        "docs/is-my-part-right",
        "docs/your-own-layer",
        "docs/layer-conformance",
        "docs/gradient-flow",
        "docs/transposed-convolution",
    ],
    "Metrics of others": ["docs/your-own-metric"],
    "Extend": ["docs/plugins", "docs/design", "docs/security", "docs/faults", "docs/benchmarks"],
    "Reference": ["made/gallery", "made/components/index", "made/record", "made/reference/index"],
    "Plugins": [f"plugins/{name}/README" for name in ("ap_metric", "box_metrics", "deconv", "frameworks", "rnn_bptt")],
    "Project": ["CHANGELOG", "CONTRIBUTING", "SECURITY"],
}
"""Every page, in the order of the list beside it; Sphinx warns of one that is left out."""


def lay_out(folder: Path) -> None:
    """Put all pages into an empty folder."""
    for pattern in PAGES:
        for file in ROOT.glob(pattern):
            place = folder / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    lists = (
        f"```{{toctree}}\n:caption: {name}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"
        for name, pages in SECTIONS.items()
    )
    with (folder / "README.md").open("a") as front:
        front.write("\n" + "\n".join(lists))
    made = folder / "made"
    made.mkdir()
    reference.write(made / "reference")
    components.write(made / "components")
    record.write(made / "record.rst")
    gallery.write(made)


def build(source: Path, out: Path) -> int:
    """Make the site of the pages in a folder; return 0, or 1 if Sphinx warned of anything."""
    with tempfile.TemporaryDirectory() as trees:
        options = ["-W", "--keep-going", "-q", "-j", "auto", "-c", str(HERE), "-d", trees]
        return build_main([*options, "-b", "html", str(source), str(out)])


def main() -> int:
    """Make the site in the folder named on the command line."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python docs/site FOLDER\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        return build(Path(folder), Path(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
