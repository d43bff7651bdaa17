"""Debian's Chromium, as the tests of the pages use it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

WINDOW = {"width": 1440, "height": 900}


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser that ends with the block; `flags` are added to its command line."""
    command = os.environ.get("MILLPOND_CHROMIUM") or shutil.which("chromium")
    if command is None:
        raise SystemExit("there is no Chromium: install Debian's, or name one in MILLPOND_CHROMIUM")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", *flags]
        browser = playwright.chromium.launch(executable_path=command, args=arguments)
        yield browser
        browser.close()
