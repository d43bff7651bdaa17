"""The demo's data: a folder of labelled images, declared as an application by itself."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from millpond.errors import Invalid
from millpond.raw.feeds import FeedLabel, find_split, open_feed
from millpond.values import Task


@dataclass(frozen=True)
class Image:
    """One labelled image of the data set.

    Args:
        path: relative to the data's folder.
        labels: what people said is in it; none at all is a negative.
        part: of the set's own split; None leaves it to a snapshot.
    """

    path: str
    labels: tuple[FeedLabel, ...]
    read: Callable[[], bytes] = field(repr=False, compare=False)
    part: str | None = None


@dataclass(frozen=True)
class Data:
    """A labelled data set.

    Args:
        task: by the form of its labels.
        labels: sorted.
        has_split: its authors say which images to test on.
        left_out: files without labels, or whose labels cannot be read.
    """

    folder: Path
    task: Task
    labels: tuple[str, ...]
    images: tuple[Image, ...]
    has_split: bool
    left_out: int


def read_data(folder: Path) -> Data:
    """Read the labels of a folder in VOC, COCO or class-per-folder form.

    Raises:
        NotFound: there is no such folder.
        Invalid: it has no form that is known, or no labels.
    """
    feed = open_feed(folder, "auto", True)
    if feed.task is None:
        raise Invalid(f"{folder} has no labels that the demo could learn from")
    split = find_split(folder) if folder.is_dir() else None
    images, left_out = [], 0
    for item in feed:
        if item.labels is None or item.problem is not None:
            left_out += 1
            continue
        part = None if split is None else _own_part(split.part(item.path))
        images.append(Image(item.path, item.labels, item.read, part))
    names = tuple(sorted({label.label for image in images for label in image.labels}))
    if not names:
        raise Invalid(f"none of the {len(images)} images in {folder} has a label")
    has_split = any(image.part == "test" for image in images)
    return Data(folder, feed.task, names, tuple(images), has_split, left_out)


def _own_part(part: str | None) -> str | None:
    """A set's ``train`` is all that may be learned from; which of it validates is ours to say."""
    return None if part == "train" else part


def choose(images: Sequence[Image], labels: Iterable[str], count: int, seed: int) -> list[Image]:
    """Some images at random, in which every label occurs about as often as it can.

    Each one chosen is the first, in a random order, that shows the label seen least so far.
    """
    waiting = list(images)
    random.Random(seed).shuffle(waiting)
    seen = dict.fromkeys(labels, 0)
    chosen: list[Image] = []
    while waiting and len(chosen) < count:
        image = _next(waiting, seen)
        waiting.remove(image)
        chosen.append(image)
        for label in {label.label for label in image.labels}:
            seen[label] += 1
    return sorted(chosen, key=lambda image: image.path)


def _next(waiting: Sequence[Image], seen: Mapping[str, int]) -> Image:
    for label in sorted(seen, key=lambda label: (seen[label], label)):
        for image in waiting:
            if any(one.label == label for one in image.labels):
                return image
    return waiting[0]


def write_set(images: Sequence[Image], folder: Path, *, labels: bool = True) -> Path:
    """Copy images into a folder, with their labels and parts as CSV files beside them.

    Returns:
        The file of labels, as ``ingest --format csv`` reads it; ``split.csv`` beside
        it is what ``--split`` reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for image in images:
        copy = folder / PurePosixPath(image.path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(image.read())
    with open(folder / "split.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "part"])
        rows.writerows([image.path, image.part] for image in images if image.part)
    path = folder / "labels.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        boxes = any(label.box for image in images for label in image.labels)
        header = ["path", "label"] if labels else ["path"]
        rows.writerow(header + (["x_min", "y_min", "x_max", "y_max"] if boxes else []))
        for image in images:
            rows.writerows(_label_rows(image) if labels else [[image.path]])
    return path


def _label_rows(image: Image) -> list[list[object]]:
    if not image.labels:
        return [[image.path, ""]]
    return [
        [image.path, label.label, *(label.box.as_list() if label.box else [])]
        for label in image.labels
    ]
