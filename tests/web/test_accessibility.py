"""Nothing that axe-core calls serious or critical, on any page, in both themes and widths."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from web.lab import Lab, picture

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

#: Every page: its address, and what is there once it has what it shows.
PAGES = {
    "sign-in": ("/sign-in", "form"),
    "home": ("/", "article strong"),
    "predict": ("/predict/blood-cells", "#drop"),
    "predict-one": ("/predict/blood-cells/{inference}", "svg [data-key]"),
    "review": ("/review/blood-cells", "svg [data-key]"),
    "review-four": ("/review/blood-cells?view=four", "svg [data-key]"),
    "images": ("/images/blood-cells", "main img"),
    "image": ("/images/blood-cells/{object}", "main img"),
    "nowhere": ("/nowhere", "p"),
}

_RUN = """async () => {
    // The guards of what pops up only send the focus on: it never rests on one.
    const exclude = [["[data-base-ui-focus-guard]"]];
    const { violations } = await axe.run({ exclude }, { resultTypes: ["violations"] });
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, help, nodes }) => [id, help, ...nodes.map(({ html }) => html)]);
}"""


@pytest.fixture(scope="module")
def seen(lab: Lab) -> dict[str, str]:
    """An image that was predicted, so that no page is empty."""
    answer = httpx.post(
        f"{lab.url}/api/v1/apps/blood-cells/predict",
        headers={"Authorization": f"Bearer {lab.token}"},
        files={"file": ("a.png", io.BytesIO(picture(900)), "image/png")},
    )
    answer.raise_for_status()
    found = answer.json()
    return {"inference": found["inference_id"], "object": found["object_id"]}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(page: Page, lab: Lab, seen: dict[str, str], name: str) -> None:
    address, there = PAGES[name]
    if name != "sign-in":
        lab.enter(page, "ada")
    amiss = {}
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.goto(lab.url + address.format(**seen))
            page.locator(there).first.wait_for(state="attached")
            amiss[f"{theme} {width}"] = axe(page)
    assert {where: found for where, found in amiss.items() if found} == {}


def test_axe_finds_nothing_serious_in_what_opens(
    page: Page, lab: Lab, seen: dict[str, str]
) -> None:
    lab.enter(page, "ada")
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{lab.url}/predict/blood-cells/{seen['inference']}")
    for opener in ("Use the API", "Account of ada", "Window and level", "Download", "Keys"):
        page.get_by_role("button", name=opener).click()
        page.locator("[role=dialog], [role=menu]").first.wait_for()
        assert axe(page) == [], opener
        page.keyboard.press("Escape")
        page.locator("[role=dialog], [role=menu]").first.wait_for(state="detached")


def axe(page: Page) -> list[Any]:
    """What axe-core finds serious or critical; it runs in a world that no policy binds."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Page.getFrameTree")
    world = session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    place = {"contextId": world["executionContextId"], "returnByValue": True}
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8"), **place})
    found = session.send(
        "Runtime.evaluate", {"expression": f"({_RUN})()", "awaitPromise": True, **place}
    )
    session.detach()
    assert "exceptionDetails" not in found, found["exceptionDetails"]
    return list(found["result"]["value"])
