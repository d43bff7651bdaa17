"""Fifty photographs of blood cells, and a model's answers to them that err in known ways."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from millpond.raw.feeds.voc import VocFeed
from millpond.values import Box

LABELS = ("RBC", "WBC", "Platelets")
WIDTH, HEIGHT = 640, 480
#: Of a hundred boxes, so many are missing, are too many, bear a wrong label, and are displaced.
EACH_ERROR = 5
#: Pixels by which an edge may be off after the review.
TOLERANCE = 4.0

Place = tuple[float, float]

_ABOUT_TEN = range(8, 13)
_SMALLEST = 16.0


@dataclass(frozen=True)
class Finding:
    """A box with its label."""

    label: str
    box: Box


@dataclass(frozen=True)
class Repair:
    """What a person has to do to one box of an answer.

    Args:
        kind: ``delete``, ``relabel``, ``move`` or ``add``.
        wrong: what the model said; None where it missed one.
        right: what is true; None where nothing is.
    """

    kind: str
    wrong: Finding | None
    right: Finding | None


@dataclass(frozen=True)
class Task:
    """One image to review."""

    name: str
    jpeg: bytes
    truth: Sequence[Finding]
    answer: Sequence[Finding]
    repairs: Sequence[Repair]


def tasks(data: Path, images: int) -> list[Task]:
    """The first images that have about ten boxes, with answers that are the same every time."""
    chance, found = random.Random(4), []
    for item in VocFeed(data / "bccd"):
        truth = [Finding(one.label, _inside(one.box)) for one in item.labels if one.box]
        if len(truth) in _ABOUT_TEN and all(_is_visible(one.box, truth) for one in truth):
            found.append(_task(Path(item.path).name, item.read(), truth, chance))
        if len(found) == images:
            return found
    raise SystemExit(f"{data / 'bccd'} has {len(found)} images with about ten boxes, not {images}")


def differences(truth: Sequence[Finding], found: Sequence[Finding]) -> list[str]:
    """What is not as it should be, in words."""
    left, amiss = list(found), []
    for one in truth:
        same = [other for other in left if other.label == one.label and _near(one.box, other.box)]
        if same:
            left.remove(same[0])
        else:
            amiss.append(f"missing {one.label} at {one.box.as_list()}")
    return amiss + [f"too many: {one.label} at {one.box.as_list()}" for one in left]


def free_point(box: Box, others: Sequence[Box]) -> Place | None:
    """A point of a box that lies well outside every other, where a person would click."""
    places = [
        (box.x_min + across * (box.x_max - box.x_min), box.y_min + down * (box.y_max - box.y_min))
        for across, down in _LATTICE
    ]
    return next((place for place in places if not any(holds(b, place) for b in others)), None)


_STEPS = (0.5, 0.35, 0.65, 0.25, 0.75)
_LATTICE = [(across, down) for across in _STEPS for down in _STEPS]


def _task(name: str, jpeg: bytes, truth: Sequence[Finding], chance: random.Random) -> Task:
    repairs: list[Repair] = []
    answer: list[Finding] = []
    for one in truth:
        repair = _mistake(one, truth, chance)
        repairs += [repair] if repair else []
        answer += [one] if repair is None else [repair.wrong] if repair.wrong else []
    repairs += _spurious(truth, chance)
    answer += [repair.wrong for repair in repairs if repair.kind == "delete" and repair.wrong]
    return Task(name, jpeg, truth, answer, repairs)


def _mistake(one: Finding, truth: Sequence[Finding], chance: random.Random) -> Repair | None:
    at = chance.uniform(0, 100)
    if at < EACH_ERROR and corners(one.box, [other.box for other in truth if other is not one]):
        return Repair("add", None, one)
    if EACH_ERROR <= at < 2 * EACH_ERROR:
        other = chance.choice([label for label in LABELS if label != one.label])
        return Repair("relabel", Finding(other, one.box), one)
    if 2 * EACH_ERROR <= at < 3 * EACH_ERROR:
        return Repair("move", Finding(one.label, _displaced(one.box, chance)), one)
    return None


def _displaced(box: Box, chance: random.Random) -> Box:
    """The same box a fifth of its size away, within the picture."""
    width, height = box.x_max - box.x_min, box.y_max - box.y_min
    across = chance.choice((-0.2, 0.2)) * width
    down = chance.choice((-0.2, 0.2)) * height
    left = min(max(box.x_min + across, 0), WIDTH - width)
    top = min(max(box.y_min + down, 0), HEIGHT - height)
    return Box(left, top, left + width, top + height)


def _spurious(truth: Sequence[Finding], chance: random.Random) -> Iterator[Repair]:
    for _ in truth:
        if chance.uniform(0, 100) >= EACH_ERROR:
            continue
        for _ in range(100):
            left, top = chance.uniform(0, WIDTH - 90), chance.uniform(0, HEIGHT - 90)
            box = Box(left, top, left + 90, top + 90)
            if all(box.iou(one.box) < 0.1 for one in truth):
                yield Repair("delete", Finding(chance.choice(LABELS), box), None)
                break


def _is_visible(box: Box, truth: Sequence[Finding]) -> bool:
    """Whether a box is large enough to grasp, and no other hides it."""
    others = [one.box for one in truth if one.box is not box]
    wide, high = box.x_max - box.x_min, box.y_max - box.y_min
    return min(wide, high) >= _SMALLEST and free_point(box, others) is not None


def _inside(box: Box) -> Box:
    return box.clipped(WIDTH, HEIGHT)


def corners(box: Box, others: Sequence[Box]) -> tuple[Place, Place] | None:
    """Where to press and where to release to draw a box.

    Begins at a corner that lies in no other box, for there both tools take the drag for a move
    of that box; None where there is no such corner.
    """
    left, top, right, bottom = box.as_list()
    ways = [
        ((left, top), (right, bottom)),
        ((right, bottom), (left, top)),
        ((right, top), (left, bottom)),
        ((left, bottom), (right, top)),
    ]
    free = (way for way in ways if not any(holds(other, way[0]) for other in others))
    return next(free, None)


def holds(box: Box, place: Place, margin: float = 4) -> bool:
    """Whether a place lies in a box, or nearly."""
    across = box.x_min - margin <= place[0] <= box.x_max + margin
    return across and box.y_min - margin <= place[1] <= box.y_max + margin


def _near(one: Box, other: Box) -> bool:
    pairs = zip(one.as_list(), other.as_list(), strict=True)
    return all(abs(ours - theirs) <= TOLERANCE for ours, theirs in pairs)
