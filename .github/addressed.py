"""Give every distribution the address of the repository that releases it: ``addressed.py ADDRESS TAG``.

Links of a README that lead within the repository lead nowhere on a package index, which shows it alone: they are
written out.  The same address makes the links beside it.
"""

import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(!?\[[^]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


def addressed(text: str, folder: str, address: str, tag: str) -> str:
    """Return a README, which lies in a folder of the repository, with its links written out."""

    def whole(found: re.Match[str]) -> str:
        kind = "raw" if found[1].startswith("!") else "blob"
        return f"{found[1]}({address}/{kind}/{tag}/{normpath(PurePosixPath(folder, found[2]))})"

    return LINK.sub(whole, text)


def main(address: str, tag: str) -> None:
    """Write the address into all of them."""
    urls = {
        "Repository": address,
        "Documentation": f"{address}/tree/{tag}/docs",
        "Changelog": f"{address}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
    table = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    for project in (ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")):
        with project.open("a") as file:
            file.write(f"\n[project.urls]\n{table}")
        readme = project.with_name("README.md")
        folder = project.parent.relative_to(ROOT).as_posix()
        readme.write_text(addressed(readme.read_text(), folder, address, tag))


if __name__ == "__main__":
    main(*sys.argv[1:])
