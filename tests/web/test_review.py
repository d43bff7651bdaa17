"""The page Review: by mouse, by keys alone, two people at once, and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.project import Project
from running import Server, millpond
from web.lab import HEIGHT, LABELS, WIDTH, detector, picture

SORTS = ("ripe", "raw", "rotten")


class Bench:
    """A served project of two applications, and what its API says."""

    def __init__(self, server: Server, passwords: dict[str, str]) -> None:
        self.server = server
        self.passwords = passwords
        self.seed = 500
        self._sessions: dict[str, dict[str, str]] = {}

    def ask(self, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.server.token}"}
        method = "POST" if options else "GET"
        answer = httpx.request(
            method, f"{self.server.url}/api/v1/{path}", headers=headers, timeout=30, **options
        )
        answer.raise_for_status()
        return answer.json()

    def predict(self, app: str = "blood-cells", number: int = 1) -> list[dict[str, Any]]:
        """Predict pictures that were never there before."""
        made = []
        for _ in range(number):
            self.seed += 1
            made.append(self.ask(f"apps/{app}/predict", content=picture(self.seed)))
        return made

    def said(self, inference: dict[str, Any]) -> list[dict[str, Any]]:
        """The annotations of an inference."""
        return list(self.ask(f"inferences/{inference['inference_id']}")["annotations"])

    def actions(self, inference: dict[str, Any]) -> list[str]:
        return [one["action"] for one in self.said(inference)]

    def session(self, user: str) -> dict[str, str]:
        """The cookies of a person, who signs in once."""
        if user not in self._sessions:
            body = {"user": user, "password": self.passwords[user]}
            answer = httpx.post(f"{self.server.url}/api/v1/login", json=body, timeout=30)
            answer.raise_for_status()
            self._sessions[user] = dict(answer.cookies)
        return self._sessions[user]

    def say(self, user: str, inference: dict[str, Any], *said: dict[str, Any]) -> None:
        """Annotate an inference as a person, elsewhere than in the page."""
        address = f"{self.server.url}/api/v1/inferences/{inference['inference_id']}/annotations"
        cookies = "; ".join(f"{name}={value}" for name, value in self.session(user).items())
        answer = httpx.post(address, json=said, headers={"Cookie": cookies}, timeout=30)
        answer.raise_for_status()

    def enter(self, page: Page, user: str, path: str) -> None:
        """Open an address of the pages as a person."""
        for name, value in self.session(user).items():
            page.context.add_cookies([{"name": name, "value": value, "url": self.server.url}])
        page.goto(f"{self.server.url}/{path}")

    def clear(self, app: str = "blood-cells") -> None:
        """Complete all that is in the queue, so that a test meets only its own images."""
        for item in self.ask(f"apps/{app}/queue?strategy=oldest&limit=500")["items"]:
            self.say("ana", item, {"action": "complete"})


def _sorter() -> ModelPackage:
    """A model that calls every picture ripe."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "fixed"], ["logits"]),
        ],
        "fixed",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, len(SORTS)))],
        [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array([[1.5, 0.5, 0]], np.float32), "fixed"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return ModelPackage(
        app="fruits",
        task="classification",
        labels=SORTS,
        preprocessing=Preprocessing(WIDTH, HEIGHT),
        outputs=Outputs("logits"),
        model=model.SerializeToString(),
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("review") / "bench"
    millpond(
        "init", folder, "--app", "blood-cells", "--task", "detection", "--labels", ",".join(LABELS)
    )
    declaration = Path(folder, "millpond.toml")
    fruits = f'\n[apps.fruits]\ntask = "classification"\nlabels = {list(SORTS)!r}\n'
    declaration.write_text(declaration.read_text() + fruits)
    with Project.open(folder) as project:
        for app, model in (("blood-cells", detector()), ("fruits", _sorter())):
            version = project.registry.register(model, by="os:test").version
            project.registry.set_champion(app, version, by="os:test")
        passwords = {
            name: project.access.add_user(name, role, by="os:test")
            for name, role in (("rita", "reviewer"), ("otto", "reviewer"), ("ana", "reviewer"))
        }
    server = Server(folder).start()
    expect.set_options(timeout=20_000)
    yield Bench(server, passwords)
    expect.set_options(timeout=5_000)
    server.stop()


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """The page of a second person."""
    context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def boxes(page: Page) -> Locator:
    return page.locator("svg [data-key]")


def opened(page: Page) -> str:
    """The image that the page shows, once it is there."""
    expect(boxes(page)).not_to_have_count(0)
    return page.url.rsplit("/", 1)[1].split("?")[0]


def next_one(page: Page, before: str) -> str:
    page.wait_for_url(lambda url: before not in url and url.count("/") == 5, timeout=30_000)
    return opened(page)


def saved(page: Page) -> None:
    """Wait until nothing is left to be sent."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('millpond.unsent'))",
        timeout=40_000,
    )


def drag(page: Page, of: Locator, by: tuple[float, float], at: tuple[float, float]) -> None:
    """Drag from a place within an element, as shares of its width and height."""
    frame = of.bounding_box()
    assert frame is not None
    x, y = frame["x"] + at[0] * frame["width"], frame["y"] + at[1] * frame["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0] / 2, y + by[1] / 2)
    page.mouse.move(x + by[0], y + by[1])
    page.mouse.up()


def scale(page: Page) -> float:
    shown = page.get_by_alt_text("Image of inference").bounding_box()
    assert shown is not None
    return shown["width"] / WIDTH


def test_the_whole_loop_by_mouse(page: Page, bench: Bench) -> None:
    bench.clear()
    first, second = bench.predict(number=2)
    bench.enter(page, "rita", "review/blood-cells?strategy=oldest")
    assert opened(page) == first["object_id"]
    # The box that is wrong is dragged without being chosen first, its edge past the other one.
    wide = page.locator('g[data-label="WBC"] [data-key]')
    wide.hover()
    drag(page, page.locator("[data-handle=e]"), (-200 * scale(page), 0), (0.5, 0.5))
    drag(page, page.get_by_role("application"), (60, 50), (0.1, 0.75))
    expect(boxes(page)).to_have_count(3)
    page.get_by_role("button", name="Accept it and go on").click()
    assert next_one(page, first["object_id"]) == second["object_id"]
    page.get_by_role("button", name="Accept all 2 and go on").click()
    expect(page.get_by_text("Nothing more under “Oldest”")).to_be_visible()
    saved(page)
    assert sorted(bench.actions(first)) == ["add", "complete", "confirm", "correct"]
    [turned] = [one for one in bench.said(first) if one["action"] == "correct"]
    assert turned["box"] == pytest.approx([220, 200, 300, 330], abs=1.5)
    assert bench.actions(second) == ["confirm", "confirm", "complete"]
    expect(page.get_by_text("0 to review")).to_be_visible()


def test_the_whole_loop_by_keys_alone(page: Page, bench: Bench) -> None:
    bench.clear()
    first, second, third = bench.predict(number=3)
    bench.enter(page, "rita", "review/blood-cells?strategy=oldest")
    assert opened(page) == first["object_id"]
    for key in ("PageDown", "3", "PageDown", "Delete", "Escape", "2", "Enter", "Space"):
        page.keyboard.press(key)
    assert next_one(page, first["object_id"]) == second["object_id"]
    page.keyboard.press("s")
    assert next_one(page, second["object_id"]) == third["object_id"]
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Look again")).to_be_visible()
    page.get_by_role("button", name="Look again").press("Enter")
    assert opened(page) == second["object_id"]
    saved(page)
    said = bench.said(first)
    assert sorted(one["action"] for one in said) == ["add", "complete", "correct", "reject"]
    assert {one["action"]: one["label"] for one in said if one["label"]} == {
        "correct": "Platelets",
        "add": "WBC",
    }
    assert bench.actions(second) == []
    assert bench.actions(third) == ["complete"]


def shown(page: Page) -> Locator:
    """The pictures that are shown at once."""
    return page.get_by_role("application")


def test_several_at_once_by_mouse(page: Page, bench: Bench) -> None:
    bench.clear()
    made = bench.predict(number=5)
    bench.enter(page, "rita", "review/blood-cells?strategy=oldest")
    opened(page)
    page.get_by_role("link", name="Four").click()
    expect(shown(page)).to_have_count(4)
    expect(boxes(page)).to_have_count(8)
    assert "view=four" in page.url
    first, second, third, fourth = (shown(page).nth(at) for at in range(4))
    drag(page, first, (60, 50), (0.5, 0.75))
    expect(boxes(first)).to_have_count(3)
    second.locator('g[data-label="WBC"] [data-key]').hover()
    page.keyboard.press("3")
    expect(second.locator('g[data-label="Platelets"]')).to_have_count(1)
    frame = third.locator("img").bounding_box()
    assert frame is not None
    smaller = frame["width"] / WIDTH
    drag(page, third.locator('g[data-label="WBC"] [data-key]'), (40, 20), (0.5, 0.5))
    fourth.locator('g[data-label="RBC"] [data-key]').hover()
    page.keyboard.press("Delete")
    expect(boxes(fourth)).to_have_count(1)
    # Undo is for the picture that was worked on last, wherever the pointer is.
    first.hover()
    page.keyboard.press("Control+z")
    expect(boxes(fourth)).to_have_count(2)
    page.get_by_role("button", name="Redo").click()
    expect(boxes(fourth)).to_have_count(1)
    page.get_by_role("button", name="Accept all 5 and go on").click()
    expect(shown(page)).to_have_count(1)
    expect(page.get_by_text("1 to review")).to_be_visible()
    saved(page)
    assert [sorted(bench.actions(one)) for one in made] == [
        ["add", "complete", "confirm", "confirm"],
        ["complete", "confirm", "correct"],
        ["complete", "confirm", "correct"],
        ["complete", "confirm", "reject"],
        [],
    ]
    [moved] = [one for one in bench.said(made[2]) if one["action"] == "correct"]
    right = [300 + 40 / smaller, 200 + 20 / smaller, 420 + 40 / smaller, 330 + 20 / smaller]
    assert moved["box"] == pytest.approx(right, abs=1.5)
    page.set_viewport_size({"width": 390, "height": 844})
    assert next_one(page, made[0]["object_id"]) == made[4]["object_id"]
    expect(page.get_by_role("link", name="Four")).to_have_count(0)


def test_several_at_once_by_keys_alone(page: Page, bench: Bench) -> None:
    bench.clear()
    made = bench.predict(number=6)
    bench.enter(page, "rita", "review/blood-cells?strategy=oldest&view=four")
    expect(boxes(page)).to_have_count(8)
    expect(shown(page).nth(0)).to_be_focused()
    # A label in the first, a rejected box in the second, a nudged one in the third.
    for key in ("PageDown", "3", "Escape", "ArrowRight", "PageDown", "Delete", "Escape"):
        page.keyboard.press(key)
    page.keyboard.press("Tab")
    expect(shown(page).nth(2)).to_be_focused()
    for key in ("PageDown", "Shift+ArrowRight", "Escape", "ArrowRight", "s"):
        page.keyboard.press(key)
    taken = page.get_by_role("region", name="Image 4 of 4")
    expect(taken).to_have_attribute("data-object", made[4]["object_id"])
    expect(boxes(page)).to_have_count(7)
    page.keyboard.press("Space")
    expect(shown(page)).to_have_count(1)
    expect(boxes(page)).to_have_count(2)
    page.keyboard.press("b")
    expect(shown(page)).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(page.locator('g[data-verdict="open"]')).to_have_count(2)
    page.keyboard.press("Space")
    expect(shown(page)).to_have_count(1)
    saved(page)
    latest = [{one["target"]: one["action"] for one in bench.said(each)} for each in made]
    said = [sorted(action for target, action in one.items() if target) for one in latest]
    assert said == [
        ["confirm", "correct"],
        ["confirm", "reject"],
        ["confirm", "correct"],
        [],
        ["confirm", "confirm"],
        [],
    ]
    page.keyboard.press("o")
    assert next_one(page, made[0]["object_id"]) == made[5]["object_id"]
    assert "view=one" in page.url


def test_what_was_sent_is_taken_back(page: Page, bench: Bench) -> None:
    bench.clear()
    [only] = bench.predict()
    bench.enter(page, "rita", f"review/blood-cells/{only['object_id']}")
    opened(page)
    page.locator('g[data-label="RBC"] [data-key]').hover()
    page.keyboard.press("Enter")
    page.locator('g[data-label="WBC"] [data-key]').hover()
    page.keyboard.press("1")
    saved(page)
    assert bench.actions(only) == ["confirm", "correct"]
    page.get_by_role("button", name="Undo").click()
    page.keyboard.press("Control+z")
    expect(page.locator('g[data-verdict="open"]')).to_have_count(2)
    saved(page)
    assert bench.actions(only)[2:] == ["reopen", "reopen"]
    page.reload()
    expect(page.locator('g[data-verdict="open"]')).to_have_count(2)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator('g[data-verdict="open"]')).to_have_count(2)


def test_two_reviewers_never_meet(page: Page, other: Page, bench: Bench) -> None:
    bench.clear()
    bench.predict(number=10)
    pages = {"rita": page, "otto": other}
    for name, its in pages.items():
        bench.enter(its, name, "review/blood-cells?strategy=oldest")
    seen: dict[str, list[str]] = {name: [opened(its)] for name, its in pages.items()}
    held = page.url
    other.goto(held)
    expect(other.get_by_text("rita is at this image")).to_be_visible()
    other.get_by_role("button", name="Take another one").click()
    assert next_one(other, seen["rita"][0]) == seen["otto"][0]
    for _ in range(3):
        for name, its in pages.items():
            its.keyboard.press("a")
            seen[name].append(next_one(its, seen[name][-1]))
    assert not set(seen["rita"]) & set(seen["otto"])
    assert len({*seen["rita"], *seen["otto"]}) == 8


def test_a_server_that_is_gone_for_a_while_loses_nothing(page: Page, bench: Bench) -> None:
    bench.clear()
    made = bench.predict(number=5)
    bench.enter(page, "rita", "review/blood-cells?strategy=oldest")
    opened(page)
    page.wait_for_load_state("networkidle")
    bench.server.port = int(bench.server.url.rsplit(":", 1)[1])
    bench.server.kill()
    try:
        for before, after in pairwise(made[:4]):
            page.keyboard.press("Space")
            assert next_one(page, before["object_id"]) == after["object_id"]
        expect(page.get_by_text("Not saved: the server cannot be reached")).to_be_visible()
        page.keyboard.press("Space")
        expect(page.get_by_text("The server cannot be reached", exact=True)).to_be_visible()
    finally:
        bench.server.start()
    assert next_one(page, made[3]["object_id"]) == made[4]["object_id"]
    saved(page)
    for one in made[:4]:
        assert bench.actions(one) == ["confirm", "confirm", "complete"]


def test_people_who_differ_are_laid_side_by_side(page: Page, bench: Bench) -> None:
    bench.clear()
    [only] = bench.predict()
    cell, white = only["predictions"]
    its = {"prediction_id": cell["prediction_id"]}
    others = {"prediction_id": white["prediction_id"]}
    bench.say("rita", only, {"action": "confirm", **its}, {"action": "confirm", **others})
    bench.say(
        "otto", only, {"action": "correct", "label": "WBC", **its}, {"action": "reject", **others}
    )
    bench.enter(page, "rita", "review/blood-cells?strategy=disputed")
    expect(page.get_by_role("heading", name="2 differences")).to_be_visible()
    page.get_by_role("button", name="As otto").first.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="As rita").last).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Space")
    saved(page)
    latest = {one["target"]: one for one in bench.said(only) if one["annotator"] == "user:rita"}
    assert latest[cell["prediction_id"]]["label"] == "WBC"
    assert latest[white["prediction_id"]]["action"] == "confirm"
    assert bench.actions(only)[-1] == "complete"


def test_labels_are_reviewed_many_at_once(page: Page, bench: Bench) -> None:
    bench.clear("fruits")
    made = bench.predict("fruits", 5)
    bench.enter(page, "rita", "review/fruits?strategy=oldest")
    cells = page.get_by_role("option")
    expect(cells).to_have_count(5)
    cells.nth(1).click()
    cells.nth(2).click(modifiers=["Shift"])
    page.keyboard.press("2")
    page.keyboard.press("End")
    page.keyboard.press("3")
    for place in (1, 2):
        expect(cells.nth(place)).to_have_accessible_name("raw, labelled")
    expect(cells.nth(0)).to_have_accessible_name("ripe, predicted")
    page.keyboard.press("Control+z")
    expect(cells.nth(4)).to_have_accessible_name("ripe, predicted")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing more under “Oldest”")).to_be_visible()
    saved(page)
    for inference, action in zip(
        made, ("confirm", "correct", "correct", "confirm", "confirm"), strict=True
    ):
        assert bench.actions(inference) == [action, "complete"]


def test_one_label_is_reviewed_by_number_keys(page: Page, bench: Bench) -> None:
    bench.clear("fruits")
    first, second = bench.predict("fruits", 2)
    bench.enter(page, "rita", f"review/fruits/{first['object_id']}?strategy=oldest")
    expect(page.get_by_role("heading", name="What is it?")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="raw")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    page.wait_for_url(lambda url: second["object_id"] in url, timeout=30_000)
    saved(page)
    assert bench.actions(first) == ["correct", "complete"]


def test_the_sheet_lists_the_keys_and_gives_them_back(page: Page, bench: Bench) -> None:
    bench.clear()
    [only] = bench.predict()
    bench.enter(page, "rita", "review/blood-cells")
    opened(page)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_text("Through the queue")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    assert only["object_id"] in page.url
    assert bench.actions(only) == []


def test_home_leads_to_the_application_that_is_chosen_there(page: Page, bench: Bench) -> None:
    bench.enter(page, "rita", "")
    page.get_by_role("combobox", name="Application").click()
    page.get_by_role("option", name="fruits").click()
    expect(page).to_have_url(f"{bench.server.url}/")
    page.get_by_role("link", name="Images", exact=True).click()
    expect(page).to_have_url(f"{bench.server.url}/images/fruits")
