"""The review in Label Studio, the quickest way that its documentation shows.

In the label stream an answer of the model comes up as an annotation of one's own. A region is
moved by dragging it, and after a click on it the key of a label gives it that label, Backspace
removes it. The key of a label and a drag make a region; the setting "keep label selected after
creating a region" spares the key from the second one on. Ctrl+Enter submits, and the next image
comes. Moves and new regions come first, so that no region has to be let go of.
"""

from __future__ import annotations

import time

from benchmarks.pages.cells import HEIGHT, LABELS, WIDTH, Place, Task, corners, free_point
from benchmarks.pages.hand import Hand
from benchmarks.pages.label_studio import PASSWORD, USER, LabelStudio
from benchmarks.pages.reviewer import of_kind
from millpond.values import Box

#: Read only to know when an image is ready; nothing is done but by mouse and keyboard.
_SHOWN = """() => {
    const kept = window.Htx?.annotationStore?.selected;
    const image = document.querySelector('img[alt="image"]');
    return kept && image?.complete && image.width > 0 ? [Htx.task.id, kept.regions.length] : null;
}"""

_SELECTED = "() => Htx.annotationStore.selected.selectedRegions[0]?.id ?? null"
#: Seconds that an image may take to come.
_MOST = 30


class InLabelStudio:
    """See `Reviewer`."""

    def __init__(self, hand: Hand, studio: LabelStudio, tasks: dict[str, Task]) -> None:
        self.hand = hand
        self._page = hand.page
        self._studio = studio
        self._tasks = tasks
        self._done: int | None = None
        self._shown: int | None = None

    def open(self) -> None:
        """Sign in, ask for labels to be kept selected, and start labelling."""
        page, url = self._page, self._studio.url
        page.goto(f"{url}/user/login")
        page.fill("input[name=email]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda now: "login" not in now)
        page.goto(f"{url}/projects/{self._studio.project}/data?labeling=1")
        self.current()
        page.evaluate("Htx.settings.continuousLabeling || Htx.settings.toggleContinuousLabeling()")

    def current(self) -> str:
        """See `Reviewer.current`."""
        end = time.monotonic() + _MOST
        while time.monotonic() < end:
            shown = self._page.evaluate(_SHOWN)
            if shown and shown[0] != self._done:
                name = self._studio.names[shown[0]]
                if shown[1] == len(self._tasks[name].answer):
                    self._shown = shown[0]
                    return name
            self._page.wait_for_timeout(20)
        raise SystemExit(f"Label Studio shows {shown} after image {self._done}")

    def repair(self, task: Task) -> None:
        """See `Reviewer.repair`."""
        boxes = [one.box for one in task.answer]
        for one in of_kind(task, "move"):
            self.hand.think()
            self._move(one.wrong.box, one.right.box, boxes)
        armed = None
        for one in sorted(of_kind(task, "add"), key=lambda one: one.right.label):
            self.hand.think()
            if one.right.label != armed:
                armed = one.right.label
                self.hand.key(_key(armed))
            start, end = corners(one.right.box, boxes)
            self.hand.drag(self._at(start), self._at(end))
            boxes.append(one.right.box)
        for one in of_kind(task, "relabel"):
            self.hand.think()
            self._select(one.wrong.box, boxes)
            self.hand.key(_key(one.right.label))
        for one in of_kind(task, "delete"):
            self.hand.think()
            self._select(one.wrong.box, boxes)
            self.hand.key("Backspace")
            boxes.remove(one.wrong.box)

    def submit(self) -> None:
        """See `Reviewer.submit`."""
        self._done = self._shown
        self.hand.key("Control+Enter")

    def _move(self, wrong: Box, right: Box, boxes: list[Box]) -> None:
        start = self._grip(wrong, boxes)
        end = (start[0] + right.x_min - wrong.x_min, start[1] + right.y_min - wrong.y_min)
        self.hand.drag(self._at(start), self._at(end))
        boxes[boxes.index(wrong)] = right

    def _select(self, box: Box, boxes: list[Box]) -> None:
        before = self._page.evaluate(_SELECTED)
        self.hand.click(self._at(self._grip(box, boxes)))
        # On a busy machine a person waits for the mark of it.
        self._page.wait_for_function(f"before => ({_SELECTED})() !== before", arg=before)

    def _grip(self, box: Box, boxes: list[Box]) -> Place:
        place = free_point(box, [other for other in boxes if other != box])
        return place or ((box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2)

    def _at(self, place: Place) -> Place:
        """Where a place in the image is on the screen."""
        frame = self._page.locator('img[alt="image"]').bounding_box()
        x = frame["x"] + place[0] * frame["width"] / WIDTH
        return x, frame["y"] + place[1] * frame["height"] / HEIGHT


def _key(label: str) -> str:
    return str(LABELS.index(label) + 1)
