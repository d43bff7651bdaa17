"""The frame of the pages: from page to page, the calls behind them, the server away."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from playwright.sync_api import Page, Response, expect

from running import Server, millpond
from web.lab import LABELS, Lab

#: Bytes that a first visit may fetch, compressed.
_MOST_FIRST = 300 * 1024


def test_keys_lead_from_page_to_page_and_the_focus_goes_along(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.goto(lab.url)
    expect(page.get_by_role("heading", name="The loop")).to_be_visible()
    for key, path in (("p", "/predict/"), ("r", "/review/"), ("i", "/images/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(f"{lab.url}{path}blood-cells")
        current = page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")
        expect(current).to_have_attribute("href", f"{path}blood-cells")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(f"{lab.url}/")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.go_back()
    expect(page).to_have_url(f"{lab.url}/images/blood-cells")


def test_keys_mean_letters_where_one_writes(page: Page, lab: Lab) -> None:
    page.goto(lab.url)
    page.get_by_label("Name", exact=True).press_sequentially("gp")
    expect(page.get_by_label("Name", exact=True)).to_have_value("gp")


def test_the_first_stop_of_the_tab_key_skips_to_the_content(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.goto(lab.url)
    expect(page.get_by_role("heading", name="The loop")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_calls_of_a_page_work_as_they_are(page: Page, lab: Lab) -> None:
    lab.enter(page, "ada")
    page.goto(f"{lab.url}/predict/blood-cells")
    page.get_by_role("button", name="Use the API").click()
    drawer = page.get_by_role("dialog", name="Use the API")
    call = drawer.get_by_role("region", name="Past inferences")
    environment = {**os.environ, "MILLPOND_TOKEN": lab.token}
    for tab, command in (("curl", ["sh", "-c"]), ("Python", [sys.executable, "-c"])):
        drawer.get_by_role("tab", name=tab).click()
        text = call.inner_text()
        done = subprocess.run(
            [*command, text], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "'inferences':" in done.stdout.replace('"', "'")
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name="Use the API")).to_be_focused()


def test_the_same_data_stands_at_an_address_of_its_own(page: Page, lab: Lab) -> None:
    lab.enter(page, "ada")
    page.goto(lab.url)
    page.get_by_role("button", name="Use the API").click()
    page.get_by_role("dialog").get_by_role("link", name="JSON").click()
    page.wait_for_url("**/api/v1/layers*")
    assert json.loads(page.inner_text("body"))["project"] == "lab"


def test_a_server_that_goes_away_and_comes_back(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("away") / "lab"
    millpond(
        "init", folder, "--app", "blood-cells", "--task", "detection", "--labels", ",".join(LABELS)
    )
    server = Server(folder).start()
    address = server.url
    page.goto(address)
    page.get_by_label("Name", exact=True).fill("admin")
    page.get_by_label("Password", exact=True).fill(server.admin_password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="The loop")).to_be_visible()
    server.stop()
    # The page is not fetched yet: this one stays until it can be.
    page.get_by_role("link", name="Predict", exact=True).click()
    banner = page.get_by_text("The server cannot be reached. You can go on")
    expect(banner).to_be_visible()
    again = Server(folder, port=int(address.rsplit(":", 1)[1])).start()
    try:
        expect(banner).to_have_count(0)
        expect(page.get_by_text("None yet.")).to_be_visible()
        page.goto("about:blank")
    finally:
        again.stop()


def test_an_address_that_leads_nowhere_says_so(page: Page, lab: Lab) -> None:
    lab.enter(page, "uma")
    page.goto(f"{lab.url}/nowhere")
    expect(page.get_by_text("There is no such page.")).to_be_visible()
    page.goto(f"{lab.url}/predict/red-cells")
    expect(page.get_by_text("There is no application “red-cells”.")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/predict/{app}", "/review/{app}", "/images/{app}"])
def test_a_first_visit_is_light(page: Page, lab: Lab, path: str) -> None:
    """What a browser fetches for its first page, as the server sends it."""
    lab.enter(page, "rita")
    fetched: dict[str, int] = {}

    def weigh(answer: Response) -> None:
        # A picture that came over the API is shown from the page's own memory (`blob:`).
        if answer.url.startswith(lab.url) and "/api/" not in answer.url:
            fetched[answer.url] = int(answer.headers["content-length"])

    page.on("response", weigh)
    page.goto(lab.url + path.format(app="blood-cells"), wait_until="networkidle")
    assert 0 < sum(fetched.values()) <= _MOST_FIRST, fetched
