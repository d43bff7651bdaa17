"""The pages together: every one as every role, and the whole loop by mouse and by keys alone."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from web.lab import PEOPLE, Lab, picture
from web.test_page import boxes, centre, drag, open_new, saved

APP = "blood-cells"
#: Who sees what a page is for; the others are told that they may not.
SEES = {
    "": set(PEOPLE.values()),
    f"predict/{APP}": set(PEOPLE.values()) - {"officer"},
    f"review/{APP}": {"reviewer", "scientist", "engineer", "admin"},
    f"images/{APP}": {"reviewer", "scientist", "engineer", "admin"},
}
#: What each is for.
CONTENT = {
    "": "article",
    f"predict/{APP}": "nav li a",
    f"review/{APP}": "a[href*='strategy=']",
    f"images/{APP}": "[role=gridcell]",
}


def ask(lab: Lab, path: str) -> Any:
    headers = {"Authorization": f"Bearer {lab.token}"}
    return httpx.get(f"{lab.url}/api/v1/{path}", headers=headers).raise_for_status().json()


@pytest.fixture(scope="module")
def seen(lab: Lab) -> str:
    """The id of an image that is there for all, sent by uma."""
    body = {"user": "uma", "password": lab.passwords["uma"]}
    with httpx.Client(base_url=lab.url) as client:
        client.post("/api/v1/login", json=body).raise_for_status()
        sent = client.post(f"/api/v1/apps/{APP}/predict", content=picture(900))
    return str(sent.raise_for_status().json()["object_id"])


@pytest.mark.parametrize("user", PEOPLE)
def test_every_role_sees_every_page_or_is_told(page: Page, lab: Lab, seen: str, user: str) -> None:
    lab.enter(page, user)
    role = PEOPLE[user]
    for path, roles in SEES.items():
        page.goto(f"{lab.url}/{path}")
        main = page.locator("main")
        if role in roles:
            expect(main.locator(CONTENT[path]).first).to_be_visible()
            expect(main.get_by_text("may not")).to_have_count(0)
        else:
            expect(main.get_by_text("may not").first).to_be_visible()
    page.goto(f"{lab.url}/images/{APP}/{seen}")
    if role in SEES[f"images/{APP}"]:
        expect(page.get_by_role("img", name="Image").first).to_be_visible()
    else:
        expect(page.get_by_text("You may not look at the images")).to_be_visible()


def test_the_whole_loop_by_mouse(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=901, user="ada")
    object_id = lab.inference(page)["object_id"]
    wbc = page.locator('g[data-label="WBC"] [data-key]')
    drag(page, centre(wbc), (30, 20))
    page.get_by_role("button", name="Confirm").first.click()
    page.get_by_role("button", name="Mark as done").click()
    saved(page)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Images").click()
    page.get_by_role("group", name="Reviewed", exact=True).get_by_text("Yes").click()
    expect(page).to_have_url(f"{lab.url}/images/{APP}?reviewed=yes")
    first = page.get_by_role("gridcell").first
    expect(first.get_by_role("link")).to_have_attribute("href", containing(object_id))
    first.hover()
    first.get_by_role("button", name="Select image 1").click()
    page.get_by_role("button", name="Freeze a snapshot").click()
    page.get_by_label("Name", exact=True).fill("by-mouse")
    page.get_by_role("button", name="Freeze 1 image").click()
    expect(page.get_by_text("Snapshot by-mouse holds 1 image")).to_be_visible()
    assert frozen(lab, object_id) == ["by-mouse"]


def test_the_whole_loop_by_keys_alone(page: Page, lab: Lab) -> None:
    lab.sign_in(page, "ada")
    with page.expect_file_chooser() as chooser:
        press(page, page.get_by_role("button", name="choose files"))
    file = {"name": "cells.png", "mimeType": "image/png", "buffer": picture(902)}
    chooser.value.set_files([file])  # type: ignore[list-item]
    expect(boxes(page)).to_have_count(2)
    object_id = lab.inference(page)["object_id"]
    page.get_by_role("application").focus()
    for key in ("PageDown", "3", "Shift+ArrowDown", "PageDown", "Enter", "Escape"):
        page.keyboard.press(key)
    press(page, page.get_by_role("button", name="Mark as done"))
    saved(page)
    page.keyboard.press("g")
    page.keyboard.press("i")
    cell = page.get_by_role("gridcell").first
    expect(cell.get_by_role("link")).to_have_attribute("href", containing(object_id))
    reach(page, cell)
    page.keyboard.press("Space")
    press(page, page.get_by_role("button", name="Freeze a snapshot"))
    reach(page, page.get_by_label("Name", exact=True))
    page.keyboard.type("by-keys")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Snapshot by-keys holds 1 image")).to_be_visible()
    assert frozen(lab, object_id) == ["by-keys"]
    truth = ask(lab, f"apps/{APP}/images/{object_id}")["truth"]
    assert sorted(one["label"] for one in truth) == ["Platelets", "WBC"]


def frozen(lab: Lab, object_id: str) -> list[str]:
    """The snapshots that an image is in."""
    return [one["name"] for one in ask(lab, f"apps/{APP}/images/{object_id}")["snapshots"]]


def containing(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def reach(page: Page, wanted: Locator) -> None:
    """Go on by Tab until something has the focus: the keyboard reaches it."""
    wanted.wait_for()
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


def press(page: Page, button: Locator) -> None:
    reach(page, button)
    page.keyboard.press("Enter")
