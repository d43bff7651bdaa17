"""An application that keeps a part only: its page tells what was found, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from millpond.project import Project
from running import Server, millpond
from web.lab import LABELS, Lab, detector, picture
from web.test_page import drop

POLICY = '\n[apps.blood_cells.capture]\npolicy = "rate"\nrate = 0\n'


@pytest.fixture
def careless(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """A project that keeps nothing, served; `lab` says whether there are pages to look at."""
    folder = tmp_path / "careless"
    labels = ",".join(LABELS)
    millpond("init", folder, "--app", "blood-cells", "--task", "detection", "--labels", labels)
    with (folder / "millpond.toml").open("a") as settings:
        settings.write(POLICY)
    with Project.open(folder) as project:
        version = project.registry.register(detector(), by="os:test").version
        project.registry.set_champion("blood-cells", version, by="os:test")
        passwords = {"uma": project.access.add_user("uma", "user", by="os:test")}
    server = Server(folder).start()
    yield Lab(server.url, server.token, passwords)
    server.stop()


def test_what_was_found_is_told_though_nothing_is_kept(page: Page, careless: Lab) -> None:
    careless.sign_in(page, "uma")
    drop(page, picture(1), "cell.png", "image/png")
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("not kept: RBC 90 %, WBC 80 %")
    expect(uploads.get_by_role("link")).to_have_count(0)
    expect(page).to_have_url(f"{careless.url}/predict/blood-cells")
    page.get_by_role("button", name="Take cell.png off the list").click()
    expect(uploads).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    drop(page, picture(2), "other.png", "image/png")
    expect(uploads).to_contain_text("not kept: RBC 90 %")
