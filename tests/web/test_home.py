"""Home, as people use it: how the layers stand, what to do next, where the applications are."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from web.lab import Lab

LAYERS = ("Raw", "Capture", "History", "Analytics", "Training", "Models")


def test_home_shows_the_loop_with_its_counts(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.goto(lab.url)
    expect(page.get_by_role("heading", level=1, name="lab")).to_be_visible()
    for layer in LAYERS:
        expect(page.get_by_role("heading", level=3, name=layer)).to_be_visible()
    models = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Models"))
    expect(models).to_contain_text("1")
    assert page.title() == "lab · Millpond"


def test_the_next_step_is_open_and_says_how(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.goto(lab.url)
    steps = page.get_by_role("group").filter(has=page.get_by_role("heading", name="First steps"))
    expect(steps.locator("[aria-expanded=true]")).to_have_count(1)
    _open(steps, "See it become history")
    expect(steps.get_by_text("millpond run history")).to_be_visible()
    _open(steps, "Upload an image")
    steps.get_by_role("link", name="Go to Predict").click()
    expect(page.get_by_role("heading", name="Drop images here")).to_be_visible()


def test_an_application_leads_to_its_pages(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.goto(lab.url)
    expect(page.get_by_text("Detection, answered by blood-cells-1")).to_be_visible()
    for label in ("RBC", "WBC", "Platelets"):
        expect(page.get_by_role("list", name="Labels of blood-cells")).to_contain_text(label)
    page.get_by_role("link", name="Predict: blood-cells").click()
    expect(page).to_have_url(f"{lab.url}/predict/blood-cells")


@pytest.mark.parametrize(
    ("user", "pages"),
    [
        ("uma", ["Home", "Predict"]),
        ("rita", ["Home", "Predict", "Review", "Images"]),
        ("sam", ["Home", "Predict", "Review", "Images"]),
        ("eve", ["Home", "Predict", "Review", "Images"]),
        ("olga", ["Home"]),
        ("ada", ["Home", "Predict", "Review", "Images"]),
    ],
)
def test_each_role_is_led_where_it_may_go(
    page: Page, lab: Lab, user: str, pages: list[str]
) -> None:
    lab.enter(page, user)
    page.goto(lab.url)
    expect(page.get_by_role("heading", name="The loop")).to_be_visible()
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    assert links.all_inner_texts() == pages


def test_a_failure_says_so_and_can_be_tried_again(page: Page, lab: Lab) -> None:
    lab.enter(page, "rita")
    page.route("**/api/v1/layers", lambda route: route.fulfill(status=500, body="{}"))
    page.goto(lab.url)
    expect(page.get_by_role("alert")).to_contain_text("did not work")
    page.unroute("**/api/v1/layers")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=3, name="Raw")).to_be_visible()


def _open(steps: Locator, name: str) -> None:
    """Open a step, unless it is the next one and so open already."""
    step = steps.get_by_role("button", name=name).first
    if step.get_attribute("aria-expanded") == "false":
        step.press("Enter")
