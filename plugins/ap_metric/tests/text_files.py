"""Small text files."""

from __future__ import annotations


def lines(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path
