"""The seam of the trainer: examples in, a model package out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from millpond.errors import Invalid
from millpond.models.package import ModelPackage
from millpond.seams import load_backend
from millpond.snapshots.examples import Example
from millpond.values import Task

#: The entry-point group in which trainers are found, by task.
TRAINERS = "millpond.trainers"

#: How training varies an image: not at all, left and right, up and down as well,
#: or by quarter turns as well.
Augment = Literal["none", "mirror", "flips", "turns"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    step: int
    steps: int
    loss: float


def _silent(progress: Progress) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training is told.

    Args:
        app: the application, in its route form.
        labels: in the order that the model shall have.
        steps: how many batches to learn from; None lets the trainer choose by the
            number of images. The whole schedule stretches or shrinks with it.
        seed: of everything random. The same examples, plan and machine give the
            same model.
        area: pixels of the images as the model sees them, at most; None leaves it to the
            trainer. A smaller one learns faster, and misses what is small.
        augment: how an image may be varied without changing what is true of it.
        threads: how many the computation may use; None is every core there is.
        on_progress: called now and then.

    Raises:
        Invalid: a value does not fit.
    """

    app: str
    labels: tuple[str, ...]
    steps: int | None = None
    seed: int = 0
    area: int | None = None
    augment: str = "flips"
    threads: int | None = None
    on_progress: Callable[[Progress], None] = _silent

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise Invalid(f"{self.steps} steps are too few: a training has at least 1")
        if self.augment not in get_args(Augment):
            choice = ", ".join(get_args(Augment))
            raise Invalid(f"augment {self.augment!r} is not one of {choice}")

    def cores(self) -> int:
        """How many threads the computation uses."""
        return self.threads or len(os.sched_getaffinity(0))


def usual_steps(images: int, batch: int, *, visits: int, least: int, most: int) -> int:
    """How many steps see each image about so often, within bounds.

    Few images are learned by heart when they are seen too often, and many need
    not all be seen that often.
    """
    return min(most, max(least, round(visits * images / batch)))


class Trainer(Protocol):
    """Learns one task."""

    def train(self, examples: Sequence[Example], plan: Plan) -> ModelPackage:
        """A model that learned from the examples of the part ``train``, and no others.

        Raises:
            Invalid: there is nothing to learn from, or a label is not in the plan.
        """
        ...


def open_trainer(task: Task) -> Trainer:
    """The trainer of a task.

    Raises:
        Invalid: none is installed for it.
    """
    trainer: Trainer = load_backend(TRAINERS, task)()
    return trainer


def training_part(examples: Sequence[Example], plan: Plan) -> list[Example]:
    """The examples to learn from, checked.

    Raises:
        Invalid: there are none, none has a label, or a label is not in the plan.
    """
    chosen = [example for example in examples if example.part == "train"]
    found = {label.label for example in chosen for label in example.labels}
    if not found:
        raise Invalid(
            f"none of the {len(chosen)} images of part train has a label (app {plan.app}); "
            "review some images first"
        )
    for label in sorted(found - set(plan.labels)):
        raise Invalid(f"label {label!r} is not one of {', '.join(plan.labels)} (app {plan.app})")
    return chosen


def check_one_label_each(examples: Sequence[Example]) -> None:
    """Refuse images with several labels.

    Raises:
        Invalid: the message names the first.
    """
    for example in examples:
        if len(example.labels) != 1:
            found = ", ".join(label.label for label in example.labels)
            raise Invalid(
                f"image {example.object_id} has the labels {found}; "
                "in classification an image has one"
            )
