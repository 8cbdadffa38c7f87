"""What the tests of pages share: a real browser."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a screen; a test that asks for it is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium; `apt-get install chromium` brings it")
    with playwright.sync_playwright() as found:
        started = found.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
