"""Splitting a set of pictures into train, val and test, so that no part knows another.

The part of a picture that stands alone is decided by its bytes and the seed and by
nothing else: it stays the same as the set grows, so what one model was trained on
is never what a later one is measured on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from millpond.errors import Invalid
from millpond.snapshots.sequence import PARTS, SHORTEST, Places, cut
from millpond.snapshots.twins import Candidate, clusters, duplicates, is_sequence, twins


@dataclass(frozen=True)
class SplitRule:
    """How a set is to be split.

    Args:
        parts: the share of each part; they are scaled to make one.
        seed: another seed is another split.
        gap: the share of a sequence that is left out between two of its runs.
        closed: sequences close on themselves, so that a gap lies across their ends
            too. It costs a video little; set it to False to spare that.

    Raises:
        Invalid: a part is unknown, a share negative, or nothing is left for train.
    """

    parts: Mapping[str, float] = field(default_factory=lambda: {"train": 0.8, "val": 0.2})
    seed: int = 0
    gap: float = 0.03
    closed: bool = True

    def __post_init__(self) -> None:
        for part, share in self.parts.items():
            if part not in PARTS:
                raise Invalid(f"part {part!r} is not one of {', '.join(PARTS)}")
            if not 0 <= share < float("inf"):
                raise Invalid(f"the share of part {part} is {share}, not a number from 0 up")
        if self.parts.get("train", 0) <= 0:
            raise Invalid("part train needs a share above 0: there is nothing to learn from")
        if not 0 <= self.gap < 0.5:
            raise Invalid(f"the gap is {self.gap}, not a share of a sequence below 0.5")

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "parts": dict(self.parts)}


@dataclass(frozen=True)
class Report:
    """What a split did.

    Args:
        given: pictures that came with a part and kept it.
        duplicates: pictures whose very bytes an earlier one has.
        groups: groups of more than one picture that were kept together.
        sequences: sequences that were cut into runs.
        left_out_in_gaps: pictures between two runs.
        left_out_as_twins: twins of a held-out picture that were not held out with it.
        clusters: clusters of more than one picture; None where nobody looked for them.
    """

    parts: Mapping[str, int]
    given: int
    duplicates: int
    groups: int
    sequences: int
    left_out_in_gaps: int
    left_out_as_twins: int
    clusters: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, without clusters where nobody looked for them."""
        told = {**asdict(self), "parts": dict(self.parts)}
        if self.clusters is None:
            del told["clusters"]
        return told


@dataclass(frozen=True)
class Split:
    """The part of each picture by its key, without those left out, and what was done."""

    parts: Mapping[str, str]
    report: Report


#: Four fifths to learn from, one to choose by.
DEFAULT_RULE = SplitRule()


def split(candidates: Sequence[Candidate], rule: SplitRule = DEFAULT_RULE) -> Split:
    """Split a set.

    - The same bytes, a group and a subject never straddle two parts.
    - A group whose pictures have an order is a sequence, which may be cut: each part
      gets one unbroken run, with gaps between them.
    - Pictures with a part keep it, except that a twin of a picture held out more
      carefully (test before val before train) is left out.
    - A part that any picture came with is not added to. Where all came as train, val
      is carved from train.
    - A cluster does not straddle two parts either: of one whose pictures lie in sequences
      that were cut, those are left out that are not held out most carefully.
    """
    candidates = _without_needless_train(candidates, rule)
    fractions = _fractions(candidates, rule)
    units = twins(candidates)
    sequences = [unit for unit in units if _is_cut(unit)]
    wholes = [unit for unit in units if not _is_cut(unit)]
    parts, twins_left = _assign_wholes(wholes, fractions, rule.seed)
    gaps_left = 0
    for unit in sequences:
        runs = cut(unit, fractions, Places(unit, rule.gap, rule.closed))
        gaps_left += len(unit) - len(runs)
        parts.update(runs)
    parts, alike_left = _without_alike(candidates, parts)
    counts = Counter(parts.values())
    report = Report(
        parts={part: counts[part] for part in PARTS if counts[part]},
        given=sum(candidate.part is not None for candidate in candidates),
        duplicates=duplicates(candidates),
        groups=sum(len(unit) > 1 for unit in wholes),
        sequences=len(sequences),
        left_out_in_gaps=gaps_left,
        left_out_as_twins=twins_left + alike_left,
        clusters=clusters(candidates),
    )
    return Split(parts, report)


def _without_needless_train(
    candidates: Sequence[Candidate], rule: SplitRule
) -> Sequence[Candidate]:
    """The candidates; undecided where all came with a part, none of it val."""
    given = {candidate.part for candidate in candidates}
    if None in given or "val" in given or not rule.parts.get("val"):
        return candidates
    return [replace(one, part=None) if one.part == "train" else one for one in candidates]


def _fractions(candidates: Iterable[Candidate], rule: SplitRule) -> dict[str, float]:
    """The share of each part of what came without one."""
    given = {candidate.part for candidate in candidates} - {"train"}
    shares = {part: share for part, share in rule.parts.items() if part not in given}
    return {part: share / sum(shares.values()) for part, share in shares.items()}


def _is_cut(unit: Sequence[Candidate]) -> bool:
    """Whether twins are a sequence that is long enough to cut, or has been cut before."""
    if not is_sequence(unit):
        return False
    given = {candidate.part for candidate in unit}
    was_cut = len(given) > 1 and not given <= {None, "train"}
    return was_cut or len({candidate.order for candidate in unit}) >= SHORTEST


def _assign_wholes(
    units: Sequence[Sequence[Candidate]], fractions: Mapping[str, float], seed: int
) -> tuple[dict[str, str], int]:
    """The part of each picture that is not cut from a sequence, and how many have none."""
    parts: dict[str, str] = {}
    free: list[tuple[float, Sequence[Candidate]]] = []
    left_out = 0
    for unit in units:
        part = _most_held_out(unit)
        if part is None:
            free.append((_draw(unit, seed), unit))
            continue
        for candidate in unit:
            if candidate.part == part or (part == "train" and candidate.part is None):
                parts[candidate.key] = part
            else:
                left_out += 1
    free.sort(key=lambda drawn: drawn[0])
    for (_, unit), part in zip(free, _draws(free, fractions), strict=True):
        parts.update((candidate.key, part) for candidate in unit)
    return parts, left_out


def _most_held_out(unit: Sequence[Candidate]) -> str | None:
    given = [candidate.part for candidate in unit if candidate.part is not None]
    return max(given, key=PARTS.index, default=None)


def _without_alike(
    candidates: Sequence[Candidate], parts: Mapping[str, str]
) -> tuple[dict[str, str], int]:
    """The parts without pictures that look like one held out more carefully, and how many."""
    held: dict[str, int] = {}
    clustered = {one.key: one.cluster for one in candidates if one.cluster is not None}
    for key, part in parts.items():
        if (cluster := clustered.get(key)) is not None:
            held[cluster] = max(PARTS.index(part), held.get(cluster, 0))
    kept = {
        key: part
        for key, part in parts.items()
        if key not in clustered or PARTS.index(part) == held[clustered[key]]
    }
    return kept, len(parts) - len(kept)


def _draw(unit: Sequence[Candidate], seed: int) -> float:
    """A number from 0 to 1 that depends on the bytes of the pictures and the seed only."""
    text = f"{seed}:{min(candidate.sha256 for candidate in unit)}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _draws(
    free: Sequence[tuple[float, Sequence[Candidate]]], fractions: Mapping[str, float]
) -> list[str]:
    """The part of each draw: the lowest are held out, and each part gets at least one."""
    ends, total = {}, 0.0
    for part in ("test", "val"):
        total += fractions.get(part, 0.0)
        ends[part] = total
    drawn = [next((part for part, end in ends.items() if draw < end), "train") for draw, _ in free]
    wanted = [part for part in ("test", "val", "train") if fractions.get(part)]
    if len(drawn) >= len(wanted):
        _fill(drawn, wanted)
    return drawn


def _fill(drawn: list[str], wanted: Sequence[str]) -> None:
    """Give an empty part the nearest picture of the largest one."""
    for part in wanted:
        if part not in drawn:
            largest, _ = Counter(drawn).most_common(1)[0]
            before = wanted.index(part) < wanted.index(largest)
            places = [index for index, one in enumerate(drawn) if one == largest]
            drawn[places[0] if before else places[-1]] = part
