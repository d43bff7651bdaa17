"""Sequences: pictures in an order, whose neighbours are near twins of each other.

A video or a turning fruit is cut into one unbroken run for each part, with a gap
between the runs. Where the sequence closes on itself its ends are neighbours too.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from millpond.snapshots.twins import Candidate

#: The parts, the more carefully held out the later.
PARTS = ("train", "val", "test")
#: A sequence of fewer places is not cut: nothing would be left between the gaps.
SHORTEST = 20

_NUMBER = re.compile(r"(\d+)")


class Places:
    """Where each picture of a sequence lies in it.

    Orders that are all numbers are places as they stand; others are sorted as people
    do (``f2`` before ``f10``) and numbered.

    Args:
        unit: pictures of one sequence, each with an order.
        gap: the share of the whole length that must lie between two parts; at least
            one place does. A sequence that came with a part for every picture was cut
            by someone who saw all of it, so only the share is asked for.
        closed: the last place is a neighbour of the first, unless someone cut before.
    """

    def __init__(self, unit: Sequence[Candidate], gap: float, closed: bool) -> None:
        self.of = _places(unit)
        self.sorted = sorted(set(self.of.values()))
        length = self.sorted[-1] - self.sorted[0]
        if all(candidate.part is not None for candidate in unit):
            self._gap, self._around = gap * length, math.inf
        else:
            step = min((after - before for before, after in pairwise(self.sorted)), default=1.0)
            self._gap = max(gap * length, step)
            self._around = length + step if closed else math.inf

    def too_near(self, place: float, others: Sequence[float]) -> bool:
        """Whether a place lies no further than the gap from one of the sorted `others`."""
        if not others:
            return False
        index = bisect_left(others, place)
        nearest = {others[index - 1], others[index % len(others)], others[0], others[-1]}
        return any(self._distance(place, other) <= self._gap for other in nearest)

    def _distance(self, one: float, other: float) -> float:
        apart = abs(one - other)
        return min(apart, self._around - apart)


def cut(
    unit: Sequence[Candidate], fractions: Mapping[str, float], places: Places
) -> dict[str, str]:
    """The part of each picture of a sequence, by key; those in a gap have none.

    Pictures with a part keep it. The others are cut into runs by `fractions`,
    beginning after those that have one. Then whatever lies too near to a part that is
    held out more carefully is left out.
    """
    parts = {candidate.key: candidate.part for candidate in unit if candidate.part is not None}
    free = _after_given(places, {places.of[key] for key in parts})
    run = dict(zip(free, _runs(len(free), fractions), strict=True))
    for candidate in unit:
        if candidate.part is None and places.of[candidate.key] in run:
            parts[candidate.key] = run[places.of[candidate.key]]
    return _with_gaps(parts, places)


def _after_given(places: Places, given: set[float]) -> list[float]:
    """The places of which none is given, beginning behind the last that is."""
    last = max((index for index, place in enumerate(places.sorted) if place in given), default=-1)
    turned = places.sorted[last + 1 :] + places.sorted[: last + 1]
    return [place for place in turned if place not in given]


def _runs(count: int, fractions: Mapping[str, float]) -> list[str]:
    """A part for each of `count` places, in unbroken runs."""
    ends, total = [], 0.0
    for part in PARTS:
        total += fractions.get(part, 0.0)
        ends.append(round(total * count))
    return [PARTS[sum(index >= end for end in ends)] for index in range(count)]


def _with_gaps(parts: Mapping[str, str], places: Places) -> dict[str, str]:
    kept: dict[str, str] = {}
    held_out: list[float] = []
    for part in reversed(PARTS):
        mine = {key: places.of[key] for key, assigned in parts.items() if assigned == part}
        mine = {key: place for key, place in mine.items() if not places.too_near(place, held_out)}
        kept.update(dict.fromkeys(mine, part))
        held_out = sorted({*held_out, *mine.values()})
    return kept


def _places(unit: Sequence[Candidate]) -> dict[str, float]:
    orders = {candidate.key: candidate.order or "" for candidate in unit}
    try:
        numbers = {key: float(order) for key, order in orders.items()}
        if all(math.isfinite(number) for number in numbers.values()):
            return numbers
    except ValueError:
        pass
    ranks = {order: float(rank) for rank, order in enumerate(_naturally_sorted(orders.values()))}
    return {key: ranks[order] for key, order in orders.items()}


def _naturally_sorted(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts), key=lambda text: (_natural(text), text))


def _natural(text: str) -> list[tuple[int, int, str]]:
    pieces = _NUMBER.split(text)
    return [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces]
