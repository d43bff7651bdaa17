"""What a person does to a picture with boxes, in whichever tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from benchmarks.pages.cells import Repair, Task, holds
from benchmarks.pages.hand import Hand, Place
from millpond.values import Box


class Reviewer(Protocol):
    """One tool, and the quickest way through it that its documentation shows."""

    hand: Hand

    def open(self) -> None:
        """Come to the first image."""
        ...

    def current(self) -> str:
        """The name of the image that is shown, once it can be worked on."""
        ...

    def repair(self, task: Task) -> None:
        """Make the labels of the image right."""
        ...

    def submit(self) -> None:
        """Say that the image is done, and come to the next."""
        ...


def of_kind(task: Task, kind: str) -> Sequence[Repair]:
    """The repairs of a kind that an image needs."""
    return [repair for repair in task.repairs if repair.kind == kind]


def corners(box: Box, others: Sequence[Box]) -> tuple[Place, Place]:
    """Where to press and where to release to draw a box.

    Begins at a corner that lies in no other box, where there is one: there neither tool takes
    the drag for a move of that other.
    """
    left, top, right, bottom = box.as_list()
    ways = [
        ((left, top), (right, bottom)),
        ((right, bottom), (left, top)),
        ((right, top), (left, bottom)),
        ((left, bottom), (right, top)),
    ]
    free = (way for way in ways if not any(holds(other, way[0]) for other in others))
    return next(free, ways[0])
