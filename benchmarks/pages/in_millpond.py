"""The review in Millpond, the quickest way that its sheet of keys shows.

A box is moved by dragging it, and drawn by dragging over empty ground, with the label that
comes first. The key of a label gives it to the box under the pointer, Delete rejects that box.
Space accepts all else, completes the image and leads to the next; with several images at a
time it does so once for all of them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator

from benchmarks.pages.cells import HEIGHT, LABELS, WIDTH, Finding, Place, Task, corners, free_point
from benchmarks.pages.hand import Hand
from benchmarks.pages.reviewer import of_kind
from benchmarks.pages.server import Server
from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import NewObject, object_key, record_object
from millpond.models.candidates import pack
from millpond.project import Project
from millpond.values import Box, Prediction, new_id

APP = "blood-cells"

#: Seconds that an image may take to come.
_MOST = 30


class InMillpond:
    """See `Reviewer`.

    Args:
        names: the names of the images, by object.
        view: how many at a time, as the address says it: ``one``, ``four`` or ``nine``.
    """

    def __init__(self, hand: Hand, server: Server, names: dict[str, str], view: str) -> None:
        self.hand = hand
        self._page = hand.page
        self._server = server
        self._names = names
        self._view = view
        self._shown = ""
        self._done: set[str] = set()

    def open(self) -> None:
        """Open the queue; who reviews is signed in already."""
        address = f"{self._server.url}/review/{APP}?strategy=oldest&view={self._view}"
        self._page.goto(address)
        self.current()

    def current(self) -> str:
        """See `Reviewer.current`."""
        end = time.monotonic() + _MOST
        while time.monotonic() < end:
            ready = self._page.evaluate(_READY)
            left = [one for one in ready if one not in self._done]
            if left:
                self._shown = left[0]
                return self._names[self._shown]
            self._page.wait_for_timeout(20)
        raise SystemExit(f"Millpond shows {self._page.url} after image {self._shown}")

    def repair(self, task: Task) -> None:
        """See `Reviewer.repair`."""
        boxes = [one.box for one in task.answer]
        for one in of_kind(task, "move"):
            self.hand.think()
            self._move(one.wrong.box, one.right.box, boxes)
        for one in sorted(of_kind(task, "add"), key=lambda one: LABELS.index(one.right.label)):
            self.hand.think()
            start, end = corners(one.right.box, boxes)
            self.hand.drag(self._at(start), self._at(end))
            if one.right.label != LABELS[0]:
                self.hand.key(_key(one.right.label))
            boxes.append(one.right.box)
        for one in of_kind(task, "relabel"):
            self.hand.think()
            self._aim(one.wrong.box, boxes)
            self.hand.key(_key(one.right.label))
        for one in of_kind(task, "delete"):
            self.hand.think()
            self._aim(one.wrong.box, boxes)
            self.hand.key("Delete")
            boxes.remove(one.wrong.box)

    def submit(self) -> None:
        """See `Reviewer.submit`."""
        self._done.add(self._shown)
        if self._done.issuperset(self._page.evaluate(_SHOWN)):
            self.hand.key("Space")

    def _aim(self, box: Box, boxes: list[Box]) -> None:
        self.hand.point(self._at(_grip(box, boxes)))
        # On a busy machine a person waits for the mark of it.
        self._stage().locator("g[data-hovered=true]").wait_for(state="attached")

    def _move(self, wrong: Box, right: Box, boxes: list[Box]) -> None:
        start = _grip(wrong, boxes)
        end = (start[0] + right.x_min - wrong.x_min, start[1] + right.y_min - wrong.y_min)
        self.hand.drag(self._at(start), self._at(end))
        boxes[boxes.index(wrong)] = right

    def _stage(self) -> Locator:
        """Where the image is shown that is worked on."""
        picture = self._page.locator(f'img[src*="{self._shown}"]')
        return self._page.get_by_role("application").filter(has=picture)

    def _at(self, place: Place) -> Place:
        """Where a place in the image is on the screen."""
        frame = self._stage().locator("img").bounding_box()
        x = frame["x"] + place[0] * frame["width"] / WIDTH
        return x, frame["y"] + place[1] * frame["height"] / HEIGHT


def fill(folder: Path, tasks: Sequence[Task]) -> dict[str, str]:
    """Keep the images with their answers; their names by object."""
    names = {}
    with Project.open(folder) as project:
        for task in tasks:
            object_id = new_id()
            names[object_id] = task.name
            project.store.put(object_key(object_id), task.jpeg)
            project.commit.run(lambda t, o=object_id, k=task: record_object(t, _object(o, k)))
            project.commit.run(lambda t, o=object_id, k=task: record_inference(t, _answer(o, k)))
    return names


def results(server: Server, names: dict[str, str]) -> dict[str, list[Finding]]:
    """The truth as the interface tells it, by the name of the image."""
    found = {}
    for object_id, name in names.items():
        chain = server.get(f"/api/v1/apps/{APP}/images/{object_id}").json()
        if any(review["is_truth"] for review in chain["reviews"]):
            found[name] = [Finding(one["label"], Box.of(one["box"])) for one in chain["truth"]]
    return found


#: The objects that are shown, in the order of the page.
_SHOWN = """() => [...document.querySelectorAll('[role=application] img')]
    .map((image) => image.src.split('/').at(-2))"""

#: The same, once all the pictures are there and the boxes over them.
_READY = """() => {
    const stages = [...document.querySelectorAll('[role=application]')];
    const images = stages.map((stage) => stage.querySelector('img'));
    const isThere = stages.every((stage, at) =>
        images[at]?.complete && images[at].naturalWidth > 0 && stage.querySelector('[data-key]'));
    return isThere ? images.map((image) => image.src.split('/').at(-2)) : [];
}"""


def _grip(box: Box, boxes: list[Box]) -> Place:
    place = free_point(box, [other for other in boxes if other != box])
    return place or ((box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2)


def _key(label: str) -> str:
    return str(LABELS.index(label) + 1)


def _object(object_id: str, task: Task) -> NewObject:
    digest = hashlib.sha256(task.jpeg).hexdigest()
    size = len(task.jpeg)
    return NewObject(object_id, APP, digest, "image/jpeg", WIDTH, HEIGHT, size, "upload")


def _answer(object_id: str, task: Task) -> NewInference:
    seen = [Prediction(one.label, 0.9, one.box) for one in task.answer]
    return NewInference(
        new_id(), object_id, APP, "cells-1", 0.5, 0.45, 10.0, "user:uma", seen, pack(seen)
    )
