"""A real project with a model, behind a real server, looked at through a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from millpond.project import Project
from millpond.serving.pages import FOLDER
from running import Server, millpond
from web.lab import LABELS, PEOPLE, Lab, detector


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the pages are not built: make install")
    folder = tmp_path_factory.mktemp("web") / "lab"
    millpond(
        "init", folder, "--app", "blood-cells", "--task", "detection", "--labels", ",".join(LABELS)
    )
    with Project.open(folder) as project:
        version = project.registry.register(detector(), by="os:test").version
        project.registry.set_champion("blood-cells", version, by="os:test")
        passwords = {
            name: project.access.add_user(name, role, by="os:test") for name, role in PEOPLE.items()
        }
    server = Server(folder).start()
    yield Lab(server.url, server.token, passwords)
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("MILLPOND_CHROMIUM") or shutil.which("chromium")
    if chromium is None or not Path(chromium).exists():
        pytest.skip("there is no Chromium: install Debian's, or name one in MILLPOND_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a person of their own.

    At its end nothing broke the policy, no script broke, and nothing was asked of
    another server.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    page = context.new_page()
    amiss: list[str] = []
    page.on("pageerror", lambda error: amiss.append(str(error)))
    page.on(
        "console",
        lambda message: amiss.append(message.text) if "Security Policy" in message.text else None,
    )
    page.on(
        "request",
        lambda request: amiss.append(request.url) if _is_foreign(request.url) else None,
    )
    yield page
    context.close()
    assert amiss == []


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1"
