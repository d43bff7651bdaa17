"""Images, as people use it: filter, look closer, choose many, and take what was found along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from web.lab import Lab, picture

#: So many images are of one subject, the first of them reviewed: right, with a false box, and
#: with one that was missed.
MANY = 30
MISSED = [400, 300, 480, 380]
REVIEWS = (["confirm", "confirm"], ["confirm", "reject"], ["confirm", "confirm", "add"])


class Gallery:
    """The images of one subject, which no other test adds to."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.http = httpx.Client(
            base_url=f"{lab.url}/api/v1",
            headers={"Authorization": f"Bearer {lab.token}"},
            timeout=30,
        )
        answers = [self._upload(500 + seed) for seed in range(MANY)]
        for answer, actions in zip(answers, REVIEWS, strict=False):
            self._review(answer, actions)
        self.ids = [answer["object_id"] for answer in answers]
        chain = self.get(f"/apps/blood-cells/images/{self.ids[0]}")
        self.subject = chain["object"]["subject_id"]

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query or None)
        answer.raise_for_status()
        return answer.json()

    def url(self, query: str = "", page: str = "") -> str:
        """The address of the page, with no images but these."""
        return f"{self.lab.url}/images/blood-cells{page}?subject={self.subject}{query}"

    def _upload(self, seed: int) -> dict[str, Any]:
        answer = self.http.post(
            "/apps/blood-cells/predict", params={"subject": "gallery"}, content=picture(seed)
        )
        answer.raise_for_status()
        return dict(answer.json())

    def _review(self, answer: dict[str, Any], actions: list[str]) -> None:
        said: list[dict[str, Any]] = [
            {"action": action, "prediction_id": prediction["prediction_id"]}
            for action, prediction in zip(actions, answer["predictions"], strict=False)
        ]
        if "add" in actions:
            said.append({"action": "add", "label": "Platelets", "box": MISSED})
        said.append({"action": "complete"})
        kept = self.http.post(f"/inferences/{answer['inference_id']}/annotations", json=said)
        kept.raise_for_status()


@pytest.fixture(scope="module")
def gallery(lab: Lab) -> Iterator[Gallery]:
    gallery = Gallery(lab)
    yield gallery
    gallery.http.close()


def look(page: Page, gallery: Gallery, user: str, query: str = "") -> None:
    """Open the page and wait for its images."""
    gallery.lab.enter(page, user)
    page.goto(gallery.url(query))
    expect(page.get_by_role("grid")).to_be_visible(timeout=20_000)


def cells(page: Page) -> Locator:
    return page.get_by_role("gridcell")


def total(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def focused(page: Page) -> int:
    """The place of the image that has the focus, counted from 0."""
    return int(page.evaluate("document.activeElement.dataset.place"))


def selected(page: Page, number: int) -> None:
    if number == 0:
        expect(page.get_by_role("region", name="Selected images")).to_have_count(0)
    else:
        bar = page.get_by_role("region", name="Selected images")
        expect(bar.get_by_text(f"{number} selected", exact=True)).to_be_visible()


def test_the_grid_draws_every_image_with_what_became_of_its_boxes(
    page: Page, gallery: Gallery
) -> None:
    look(page, gallery, "rita", "&sort=oldest")
    total(page, f"{MANY} images")
    assert page.title() == "Images · blood-cells · Millpond"
    for place in range(4):
        expect(cells(page).nth(place).locator("img[data-state=here]")).to_be_visible()
    marks = [
        sorted(one.get_attribute("data-mark") or "" for one in cell.locator("g[data-mark]").all())
        for cell in cells(page).all()[:4]
    ]
    assert marks == [["tp", "tp"], ["fp", "tp"], ["fn", "tp", "tp"], ["open", "open"]]
    expect(cells(page).nth(1)).to_contain_text("Image 2, RBC, WBC, 1 false, reviewed")


def test_facets_count_and_filter_and_the_address_says_so(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "sam")
    page.get_by_role("checkbox", name=f"RBC {MANY}").click()
    page.wait_for_url("**label=RBC**")
    page.goto(gallery.url("&label=RBC&outcome=fp"))
    expect(page.get_by_text("No image matches these filters")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Take away the filter RBC").click()
    total(page, "1 image")
    assert query_of(page) == {"subject": [gallery.subject], "outcome": ["fp"]}
    page.get_by_role("checkbox", name="Missed").click()
    total(page, "2 images")
    page.go_back()
    total(page, "1 image")
    page.get_by_role("button", name="Take away the filter False positive").click()
    total(page, f"{MANY} images")
    page.get_by_role("checkbox", name="Yes 3").click()
    total(page, "3 images")
    page.get_by_role("button", name="Clear all").click()
    assert query_of(page) == {}


def test_the_confidence_is_bounded_by_its_slider(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "rita")
    lowest = page.get_by_role("slider", name="Lowest confidence")
    lowest.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("No image matches these filters")).to_be_visible()
    assert query_of(page)["min_score"] == ["1"]
    page.go_back()
    total(page, f"{MANY} images")


def test_the_grid_by_keyboard_alone(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "rita", "&sort=oldest")
    columns = int(page.get_by_role("grid").get_attribute("aria-colcount") or 0)
    cells(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == columns + 1
    page.keyboard.press("Space")
    selected(page, 1)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    selected(page, 3)
    page.keyboard.press("Shift+ArrowLeft")
    selected(page, 2)
    page.keyboard.press("Control+a")
    selected(page, MANY)
    page.keyboard.press("Space")
    selected(page, MANY - 1)
    page.keyboard.press("Escape")
    selected(page, 0)
    page.keyboard.press("End")
    assert focused(page) == MANY - 1
    expect(page.locator(":focus")).to_be_in_viewport()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"2 of {MANY}")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"3 of {MANY}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(":focus")).to_have_attribute("data-place", "2")


def test_an_image_tells_what_became_of_it(page: Page, gallery: Gallery) -> None:
    gallery.lab.enter(page, "sam")
    page.goto(gallery.url("&at=2&sort=oldest", page=f"/{gallery.ids[2]}"))
    expect(page.get_by_text("Model blood-cells-1 predicted")).to_be_visible()
    expect(page.get_by_text("2 confirmed, 1 added")).to_be_visible()
    expect(page.get_by_text("This is its truth: 3 true findings")).to_be_visible()
    expect(page.get_by_text("2 right, 0 false, 1 missed")).to_be_visible()
    boxes = page.locator("g[data-mark]")
    expect(boxes).to_have_count(3)
    page.get_by_role("checkbox", name="Truth").click()
    expect(boxes).to_have_count(2)
    page.get_by_role("button", name="Previous image").click()
    expect(page.get_by_text(f"2 of {MANY}")).to_be_visible()
    expect(page.locator("g[data-mark=fp]")).to_have_count(1)
    page.get_by_role("link", name="Open in Predict").click()
    expect(page.get_by_alt_text("Image of inference")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Review").last.click()
    assert urlsplit(page.url).path == f"/review/blood-cells/{gallery.ids[1]}"


def test_chosen_images_are_sent_to_review(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "rita", "&sort=oldest")
    cells(page).nth(5).get_by_role("button", name="Select image 6").click()
    cells(page).nth(8).get_by_role("link").click(modifiers=["Shift"])
    selected(page, 4)
    expect(page.get_by_role("button", name="Freeze a snapshot")).to_have_count(0)
    page.get_by_role("button", name="Send to review").click()
    expect(page.get_by_text("4 images sent to review.")).to_be_visible()
    selected(page, 0)
    asked = gallery.get(
        "/apps/blood-cells/images", subject=gallery.subject, requested="yes", sort="oldest"
    )
    assert [image["object_id"] for image in asked["images"]] == gallery.ids[5:9]
    page.get_by_role("button", name="Open the queue").click()
    assert page.url.endswith("/review/blood-cells?strategy=requested")


def test_all_of_a_filter_are_frozen_as_a_snapshot(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "sam")
    cells(page).first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name=f"Select all {MANY}").click()
    page.get_by_role("button", name="Freeze a snapshot").click()
    expect(page.get_by_text(f"3 of the {MANY} selected go in")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("gallery-1")
    page.get_by_role("button", name="Freeze 3 images").click()
    expect(page.get_by_text("Snapshot gallery-1 holds 3 images")).to_be_visible()
    assert gallery.get("/snapshots/gallery-1")["images"] == 3
    cells(page).first.focus()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Freeze a snapshot").click()
    page.get_by_label("Name", exact=True).fill("gallery-1")
    page.get_by_role("button", name="Freeze 3 images").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("gallery-1")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show them").click()
    total(page, "3 images")
    assert query_of(page) == {"snapshot": ["gallery-1"]}


def test_a_filter_is_kept_under_a_name(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "rita", "&outcome=fp")
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("menuitem", name="Save or remove").click()
    page.get_by_label("Name of this filter").fill("False ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as “False ones”.")).to_be_visible()
    page.keyboard.press("Escape")

    gallery.lab.enter(page, "sam")
    page.goto(f"{gallery.lab.url}/images/blood-cells")
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("menuitem", name="False ones").click()
    total(page, "1 image")
    assert query_of(page) == {"subject": [gallery.subject], "outcome": ["fp"]}
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("menuitem", name="Save or remove").click()
    expect(page.get_by_role("button", name="Remove False ones")).to_have_count(0)

    look(page, gallery, "rita")
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("menuitem", name="Save or remove").click()
    page.get_by_role("button", name="Remove False ones").click()
    expect(page.get_by_text("“False ones” is removed.")).to_be_visible()
    assert gallery.get("/apps/blood-cells/filters") == {"filters": []}


def test_the_data_of_exactly_this_filter_are_taken_along(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "eve", "&reviewed=yes")
    page.get_by_role("button", name="Data").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="As CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert sorted(row["object_id"] for row in rows) == sorted(gallery.ids[:3])
    page.get_by_role("button", name="Data").click()
    address = page.get_by_role("menuitem", name="As JSON").get_attribute("href") or ""
    assert gallery.get(address.removeprefix("/api/v1"))["total"] == 3


@pytest.mark.parametrize(("user", "role"), [("uma", "user"), ("olga", "data-protection officer")])
def test_who_may_not_look_is_told_so(page: Page, gallery: Gallery, user: str, role: str) -> None:
    gallery.lab.enter(page, user)
    for address in (gallery.url(), gallery.url(page=f"/{gallery.ids[0]}")):
        page.goto(address)
        expect(page.get_by_text("You may not look at the images")).to_be_visible()
        expect(page.get_by_text(f"yours is {role}")).to_be_visible()


def test_a_server_that_is_away_is_said_until_it_is_back(page: Page, gallery: Gallery) -> None:
    look(page, gallery, "rita")
    page.context.set_offline(True)
    page.get_by_role("checkbox", name="WBC 30").click()
    away = page.get_by_text("The server cannot be reached")
    expect(away.first).to_be_visible(timeout=20_000)
    page.context.set_offline(False)
    # The page asks again by itself; the button is for those who cannot wait.
    expect(away).to_have_count(0, timeout=20_000)
    total(page, f"{MANY} images")
    expect(cells(page).first).to_be_visible()


def test_an_image_that_is_not_there_is_said_so(page: Page, gallery: Gallery) -> None:
    gallery.lab.enter(page, "rita")
    page.goto(f"{gallery.lab.url}/images/blood-cells/{gallery.subject}")
    expect(page.get_by_text("This image does not exist")).to_be_visible()


def test_on_a_phone_the_filters_are_a_sheet(page: Page, gallery: Gallery) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    look(page, gallery, "rita")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Filters (1)").click()
    page.get_by_role("dialog").get_by_role("checkbox", name="Missed").click()
    page.get_by_role("dialog").get_by_role("button", name="Show 1 image").click()
    total(page, "1 image")
    expect(page.get_by_role("button", name="Filters (2)")).to_be_visible()
    cells(page).first.get_by_role("link").click()
    expect(page.get_by_text("What became of it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
