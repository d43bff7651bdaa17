"""Twins: pictures that are so alike that they must not end up in different parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may go into a part.

    Args:
        key: its name in the result, such as an object id or a path.
        sha256: of its bytes; the same bytes are the same picture.
        group: what it belongs to, such as a video or a case; None is nothing.
        order: its place in the sequence that its group is; None where it is none.
        subject: whom it is about.
        part: the one that was given with it, which it keeps.
        cluster: that of the pictures that look like it; None where nobody looked.
    """

    key: str
    sha256: str
    group: str | None = None
    order: str | None = None
    subject: str | None = None
    part: str | None = None
    cluster: str | None = None


def twins(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The candidates, those together that share bytes, group or subject, however remotely.

    A cluster holds those together that are in no sequence: its neighbours are alike
    anyway, and held together they could not be cut any more.

    Each list is sorted by key, and the lists by their first key, so that the answer
    does not depend on the order of the candidates.
    """
    leaders = list(range(len(candidates)))

    def leader(index: int) -> int:
        while leaders[index] != index:
            leaders[index] = leaders[leaders[index]]
            index = leaders[index]
        return index

    first: dict[tuple[str, str], int] = {}
    for index, candidate in enumerate(candidates):
        for trait in _traits(candidate):
            leaders[leader(index)] = leader(first.setdefault(trait, index))
    together: dict[int, list[Candidate]] = {}
    for index, candidate in enumerate(candidates):
        together.setdefault(leader(index), []).append(candidate)
    units = [sorted(unit, key=lambda candidate: candidate.key) for unit in together.values()]
    return sorted(units, key=lambda unit: unit[0].key)


def is_sequence(unit: Sequence[Candidate]) -> bool:
    """Whether twins are one ordered sequence, which may be cut; a subject's may not."""
    groups = {candidate.group for candidate in unit}
    return (
        len(groups) == 1
        and None not in groups
        and all(candidate.order is not None for candidate in unit)
        and all(candidate.subject is None for candidate in unit)
    )


def duplicates(candidates: Iterable[Candidate]) -> int:
    """The number of candidates whose very bytes another one has before them."""
    seen = [candidate.sha256 for candidate in candidates]
    return len(seen) - len(set(seen))


def clusters(candidates: Iterable[Candidate]) -> int | None:
    """The number of clusters of more than one candidate; None where nobody looked for them."""
    known = Counter(one.cluster for one in candidates if one.cluster is not None)
    return sum(count > 1 for count in known.values()) if known else None


def _traits(candidate: Candidate) -> list[tuple[str, str]]:
    traits = [
        ("sha256", candidate.sha256),
        ("group", candidate.group),
        ("subject", candidate.subject),
        ("cluster", candidate.cluster if candidate.order is None else None),
    ]
    return [(name, value) for name, value in traits if value is not None]
