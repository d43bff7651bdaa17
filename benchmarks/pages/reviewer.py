"""What a person does to a picture with boxes, in whichever tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from benchmarks.pages.cells import Repair, Task
from benchmarks.pages.hand import Hand


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
