"""The pages, as people use them: sign in, drop a picture, see boxes, move a slider, correct."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Locator, Page, expect

from web.lab import FOUND, Lab, picture

_FILES = """([data, name, type]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], name, { type }));
    return files;
}"""


def drop(page: Page, data: bytes, name: str = "picture.png", kind: str = "image/png") -> None:
    """Drop a file on the page, as the browser tells it."""
    files = page.evaluate_handle(_FILES, [base64.b64encode(data).decode(), name, kind])
    page.dispatch_event("body", "dragover", {"dataTransfer": files})
    page.dispatch_event("body", "drop", {"dataTransfer": files})


def boxes(page: Page) -> Locator:
    return page.locator("svg [data-key]")


def labels(page: Page) -> list[str]:
    """The labels of the boxes over the picture."""
    drawn = page.locator("svg g[data-label]").all()
    return sorted(box.get_attribute("data-label") or "" for box in drawn)


def open_new(page: Page, lab: Lab, seed: int, user: str = "rita") -> None:
    """Sign in, drop a picture and wait for its two boxes."""
    lab.sign_in(page, user)
    drop(page, picture(seed))
    expect(boxes(page)).to_have_count(2)


def drag(page: Page, start: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + by[0] / 2, start[1] + by[1] / 2)
    page.mouse.move(start[0] + by[0], start[1] + by[1])
    page.mouse.up()


def centre(of: Locator) -> tuple[float, float]:
    frame = of.bounding_box()
    assert frame is not None
    return frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2


def saved(page: Page) -> None:
    """Wait until the page says that all is kept."""
    expect(page.get_by_text("All saved")).to_be_visible()


def test_signing_in_says_what_is_wrong_and_returns_to_where_one_was(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.url}/predict/blood-cells")
    page.get_by_label("Name", exact=True).fill("rita")
    page.get_by_label("Password", exact=True).fill("not hers")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    page.get_by_label("Password", exact=True).fill(lab.passwords["rita"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Drop images here")).to_be_visible()
    assert page.url == f"{lab.url}/predict/blood-cells"
    page.get_by_label("Account of rita").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.goto(lab.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_session_that_ended_leads_back_after_signing_in(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=1)
    address = page.url
    page.context.clear_cookies()
    page.reload()
    page.get_by_label("Name", exact=True).fill("rita")
    page.get_by_label("Password", exact=True).fill(lab.passwords["rita"])
    page.get_by_role("button", name="Sign in").click()
    expect(boxes(page)).to_have_count(2)
    assert page.url == address


def test_a_dropped_picture_shows_its_boxes_and_joins_the_past(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=2)
    assert labels(page) == ["RBC", "WBC"]
    expect(page.get_by_role("button", name="WBC 80 % not reviewed")).to_be_visible()
    past = page.get_by_role("navigation", name="Past inferences")
    expect(past.locator("[aria-current=page]")).to_have_count(1)
    shown = page.get_by_alt_text("Image of inference")
    page.wait_for_function("image => image.naturalWidth > 0", arg=shown.element_handle())
    frame = boxes(page).first.bounding_box()
    stage = shown.bounding_box()
    assert frame is not None
    assert stage is not None
    scale = stage["width"] / 640
    (left, top, right, _) = FOUND[2][2]
    assert frame["x"] - stage["x"] == pytest.approx(left * scale, abs=2)
    assert frame["y"] - stage["y"] == pytest.approx(top * scale, abs=2)
    assert frame["width"] == pytest.approx((right - left) * scale, abs=4)


def test_a_pasted_picture_is_predicted_too(page: Page, lab: Lab) -> None:
    lab.sign_in(page, "uma")
    data = base64.b64encode(picture(3)).decode()
    files = page.evaluate_handle(_FILES, [data, "pasted.png", "image/png"])
    page.evaluate(
        "data => dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))", files
    )
    expect(boxes(page)).to_have_count(2)


def test_sliders_filter_the_candidates_without_asking_the_server(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=4)
    expect(page.get_by_text("2 candidates hidden")).to_be_visible()
    page.context.set_offline(True)
    confidence = page.get_by_role("slider", name="Confidence")
    overlap = page.get_by_role("slider", name="Overlap")
    for _ in range(25):
        confidence.press("ArrowLeft")
    expect(boxes(page)).to_have_count(3)
    assert labels(page) == ["Platelets", "RBC", "WBC"]
    for _ in range(4):
        overlap.press("Shift+ArrowRight")
    expect(boxes(page)).to_have_count(4)
    assert labels(page) == ["Platelets", "RBC", "RBC", "WBC"]
    confidence.press("End")
    expect(boxes(page)).to_have_count(0)
    page.get_by_role("button", name="As answered").click()
    expect(boxes(page)).to_have_count(2)
    assert labels(page) == ["RBC", "WBC"]


def test_a_corrected_box_is_found_in_the_api(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=5)
    wbc = page.locator('g[data-label="WBC"] [data-key]')
    page.mouse.click(*centre(wbc))
    scale = page.get_by_alt_text("Image of inference").bounding_box()["width"] / 640  # type: ignore[index]
    drag(page, centre(wbc), (20 * scale, 10 * scale))
    saved(page)
    (moved,) = lab.inference(page)["annotations"]
    assert moved["action"] == "correct"
    assert moved["label"] == "WBC"
    assert moved["box"] == pytest.approx([320, 210, 440, 340], abs=1)

    drag(page, centre(page.locator("[data-handle=se]")), (-40 * scale, -30 * scale))
    page.get_by_role("combobox", name="Label").click()
    page.get_by_role("option", name="Platelets").click()
    saved(page)
    latest = lab.inference(page)["annotations"][-1]
    assert latest["label"] == "Platelets"
    assert latest["box"] == pytest.approx([320, 210, 400, 310], abs=1.5)
    assert latest["target"] == moved["target"]


def test_a_review_by_keyboard_alone(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=6)
    page.get_by_role("application").focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    page.keyboard.press("PageDown")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("button", name="Mark as done").press("Enter")
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    saved(page)
    said = lab.inference(page)["annotations"]
    assert sorted(one["action"] for one in said) == ["add", "complete", "confirm", "reject"]
    added = next(one for one in said if one["action"] == "add")
    assert added["label"] == "Platelets"
    left, top, right, bottom = added["box"]
    assert (left + right) / 2 == pytest.approx(290, abs=1)
    assert bottom - top == pytest.approx(right - left + 1, abs=0.2)
    expect(
        page.get_by_role("navigation").get_by_role("link", name="reviewed").first
    ).to_be_visible()


def test_an_unanswered_candidate_can_be_added(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=7)
    page.get_by_role("slider", name="Confidence").press("Home")
    page.get_by_role("button", name="Platelets 30 % not reviewed").click()
    page.get_by_role("button", name="Add it").click()
    saved(page)
    (added,) = lab.inference(page)["annotations"]
    assert (added["action"], added["label"]) == ("add", "Platelets")
    assert added["box"] == pytest.approx(list(FOUND[3][2]), abs=0.1)
    expect(boxes(page)).to_have_count(3)


def test_nothing_is_lost_while_the_server_is_away(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=8)
    page.route("**/annotations", lambda route: route.abort())
    page.get_by_role("button", name="Confirm all 2").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.reload()
    expect(page.get_by_text("Everything shown is reviewed.")).to_be_visible()
    assert lab.inference(page)["annotations"] == []
    page.unroute("**/annotations")
    saved(page)
    said = lab.inference(page)["annotations"]
    assert [one["action"] for one in said] == ["confirm", "confirm"]


def test_an_answer_lost_on_its_way_back_is_kept_once(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=9)
    lost = 0

    def lose_first(route: object) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/annotations", lose_first)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    saved(page)
    assert lost == 2
    assert [one["action"] for one in lab.inference(page)["annotations"]] == ["complete"]


def test_who_may_not_correct_sees_no_tools(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=10, user="uma")
    page.get_by_role("button", name="RBC 90 % not reviewed").click()
    expect(page.locator('g[data-selected="true"]')).to_have_count(1)
    expect(page.get_by_text("You can look.")).to_be_visible()
    for name in ("Mark as done", "Confirm", "Reject", "Draw a box"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.locator("[data-handle]")).to_have_count(0)


def test_a_file_that_is_no_picture_says_so(page: Page, lab: Lab) -> None:
    lab.sign_in(page, "rita")
    drop(page, b"just some words", "words.jpg", "image/jpeg")
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("words.jpg")
    expect(uploads).to_contain_text("text")
    uploads.get_by_role("button", name="Take words.jpg off the list").click()
    expect(uploads).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_it_all_within_its_width(page: Page, lab: Lab, theme: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    open_new(page, lab, seed=11)
    page.get_by_role("button", name="RBC 90 % not reviewed").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("button", name="Reject")).to_be_in_viewport()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, ground[4:-1].split(","))) > 200) == (theme == "light")
