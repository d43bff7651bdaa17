"""What Predict does beyond one picture: folders, the look of a picture, tags, taking it along."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file

from web.lab import FOUND, Lab, picture
from web.test_page import boxes, drop, open_new

#: How bright the picture on the stage is, from 0 to 255.
_BRIGHTNESS = """async (image) => {
    await image.decode();
    const canvas = new OffscreenCanvas(32, 32);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 32, 32);
    const { data } = context.getImageData(0, 0, 32, 32);
    return data.filter((_, at) => at % 4 === 0).reduce((sum, one) => sum + one, 0) / 1024;
}"""


def scan(page: Page, lab: Lab, user: str) -> None:
    """Sign in, and drop a slice of a computed tomography that comes with pydicom."""
    lab.sign_in(page, user)
    file = Path(str(get_testdata_file("CT_small.dcm")))
    drop(page, file.read_bytes(), "CT.dcm", "application/dicom")
    expect(boxes(page)).to_have_count(2)


def brightness(page: Page) -> float:
    """Of the picture as the server rendered it."""
    shown = page.get_by_alt_text("Image of inference")
    return float(page.evaluate(_BRIGHTNESS, shown.element_handle()))


def test_a_folder_is_sent_without_what_is_no_image(page: Page, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.png").write_bytes(picture(101))
    (tmp_path / "deep" / "two.png").write_bytes(picture(102))
    (tmp_path / "notes.txt").write_text("no image")
    lab.sign_in(page, "uma")
    before = page.get_by_role("navigation", name="Past inferences").get_by_role("link").count()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add a folder").click()
    chooser.value.set_files(tmp_path)
    expect(page.get_by_text("1 file of the folder left out")).to_be_visible()
    expect(page.get_by_text("2 of 2 sent")).to_be_visible()
    past = page.get_by_role("navigation", name="Past inferences").get_by_role("link")
    expect(past).to_have_count(before + 2)


def test_a_window_is_seen_at_once_and_then_rendered(page: Page, lab: Lab) -> None:
    scan(page, lab, "rita")
    before = brightness(page)
    page.get_by_role("button", name="Window and level").click()
    level = page.get_by_role("slider", name="Level")
    with page.expect_response("**/thumbnail?*center=*"):
        level.press("End")
        filtered = page.get_by_alt_text("Image of inference").get_attribute("style") or ""
        assert "filter: url(" in filtered
    expect(page.get_by_alt_text("Image of inference")).not_to_have_attribute("style", filtered)
    assert brightness(page) < before - 20
    page.get_by_role("button", name="Reset").click()
    page.keyboard.press("Escape")
    with page.expect_response("**/thumbnail?*invert=true*"):
        page.keyboard.press("i")
    expect(page.get_by_alt_text("Image of inference")).to_have_attribute(
        "src", re.compile("invert")
    )
    assert brightness(page) == pytest.approx(255 - before, abs=6)


def test_dragging_with_the_right_button_changes_the_window(page: Page, lab: Lab) -> None:
    scan(page, lab, "rita")
    page.get_by_role("button", name="Window and level").click()
    expect(page.get_by_role("slider", name="Window")).to_be_visible()
    page.keyboard.press("Escape")
    frame = page.get_by_role("application").bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    with page.expect_response("**/thumbnail?*width=*"):
        page.mouse.move(x - 120, y + 30, steps=6)
    page.mouse.up(button="right")
    # No box was drawn by it, and none was moved.
    assert lab.inference(page)["annotations"] == []


@pytest.mark.parametrize("user", ["uma", "ada"])
def test_tags_are_shown_as_far_as_the_role_goes(page: Page, lab: Lab, user: str) -> None:
    scan(page, lab, user)
    page.get_by_role("button", name="DICOM tags").click()
    tags = page.get_by_role("dialog", name="DICOM tags")
    expect(tags.get_by_text("Modality", exact=False).first).to_be_visible()
    tags.get_by_role("searchbox").fill("PatientName")
    if user == "ada":
        expect(tags.get_by_text("withheld")).to_have_count(0)
    else:
        expect(tags.get_by_text("withheld")).to_be_visible()
        expect(tags.get_by_text("No tag is like that.")).to_be_visible()


def test_what_is_shown_can_be_taken_along(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=103)
    taken: dict[str, bytes] = {}
    for item in ("The answer", "Picture with boxes", "Boxes of this image", "The file as it came"):
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=item).click()
        taken[item] = Path(str(download.value.path())).read_bytes()

    answer = json.loads(taken["The answer"])
    asked = lab.inference(page)
    assert answer["predictions"] == asked["predictions"]

    coco = json.loads(taken["Boxes of this image"])
    names = {one["id"]: one["name"] for one in coco["categories"]}
    told = [(names[one["category_id"]], one["bbox"]) for one in coco["annotations"]]
    for label, _, (left, top, right, bottom) in (FOUND[0], FOUND[2]):
        box = pytest.approx([left, top, right - left, bottom - top], abs=0.1)
        assert (label, box) in told

    assert taken["The file as it came"] == picture(103)

    drawn = Image.open(io.BytesIO(taken["Picture with boxes"])).convert("RGB")
    original = Image.open(io.BytesIO(picture(103))).convert("RGB")
    assert drawn.size == original.size
    assert drawn.getpixel((5, 5)) == original.getpixel((5, 5))
    # On the left edge of the first box there is its colour, that of RBC.
    edge = {drawn.getpixel((100, y)) for y in range(120, 180)}
    assert (0x4F, 0xB8, 0xF5) in edge


def test_the_look_of_colours_is_taken_along_too(page: Page, lab: Lab) -> None:
    open_new(page, lab, seed=104)
    page.keyboard.press("i")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Picture with boxes").click()
    drawn = Image.open(str(download.value.path())).convert("RGB")
    original = Image.open(io.BytesIO(picture(104))).convert("RGB")
    before = original.getpixel((5, 5))
    assert isinstance(before, tuple)
    assert drawn.getpixel((5, 5)) == tuple(255 - value for value in before)
