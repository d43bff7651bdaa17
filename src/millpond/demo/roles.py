"""Which image plays which role in the demo: labelled from the start, seen live, or held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from millpond.demo.data import Data, Image, choose
from millpond.raw.feeds import FeedItem
from millpond.raw.rules import Rule
from millpond.settings import AppSection
from millpond.snapshots.split import SplitRule, split
from millpond.snapshots.twins import Candidate

#: Labelled images that the first model learns from.
START = 30
#: The share of each part where the set's authors give none.
PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}


@dataclass(frozen=True)
class Roles:
    """Who is who.

    Args:
        start: ingested with their labels, for version 1.
        traffic: come in over HTTP, and are labelled by the reviewer afterwards.
        test: held out; looked at once, at the end.
        left_out: lie in the gaps between the parts of a sequence.
    """

    start: Sequence[Image]
    traffic: Sequence[Image]
    test: Sequence[Image]
    left_out: int

    @property
    def told(self) -> bool:
        """Whether the part of every image is said, and not left to the snapshot."""
        return all(image.part is not None for image in self.traffic)


def assign(data: Data, declared: AppSection, seed: int) -> Roles:
    """Give every image its role.

    Where the set has a split of its own, that is kept. Otherwise every image gets a
    part by the rules that snapshots split by, so that no twin of a test image is
    learned from.
    """
    images = data.images if data.has_split else _split(data.images, declared, seed)
    pool = [image for image in images if image.part != "test"]
    start = choose(pool, data.labels, min(START, max(1, len(pool) // 2)), seed)
    chosen = {image.path for image in start}
    return Roles(
        start=start,
        traffic=[image for image in pool if image.path not in chosen],
        test=[image for image in images if image.part == "test"],
        left_out=len(data.images) - len(images),
    )


def value_of(rule: str | None, image: Image) -> str | None:
    """What a rule of the application, such as its group, finds in an image."""
    if rule is None:
        return None
    return Rule.parse(rule).value(FeedItem(path=image.path, read=image.read))


def _split(images: Sequence[Image], declared: AppSection, seed: int) -> Sequence[Image]:
    """The images with their parts, without those that are in none."""
    done = split([_candidate(image, declared) for image in images], SplitRule(PARTS, seed))
    return [
        replace(image, part=done.parts[image.path]) for image in images if image.path in done.parts
    ]


def _candidate(image: Image, declared: AppSection) -> Candidate:
    return Candidate(
        key=image.path,
        sha256=hashlib.sha256(image.read()).hexdigest(),
        group=value_of(declared.group, image),
        order=value_of(declared.order, image),
        subject=value_of(declared.subject_from, image),
    )
