"""Imported labels as annotations: what a file says now against what it said before.

The labels of a file are annotations of the annotator ``import`` on the object's own
review. A file that says the same again adds nothing; one that was corrected since
adds the difference, as new facts that point at the old ones. What people corrected
in the meantime stands, unless the file changed at that very place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from millpond.capture.annotations import NewAnnotation
from millpond.capture.reviews import Row
from millpond.raw.feeds import FeedLabel
from millpond.values import Box

ANNOTATOR = "import"

#: Two boxes of a file, before and after, are the same thing from this overlap on.
_SAME_THING = 0.5


@dataclass(frozen=True)
class Imported:
    """What imports have said of an object: the labels that they left, by annotation id."""

    labels: dict[str, FeedLabel]
    complete: bool


def imported(rows: Sequence[Row]) -> Imported:
    """What imports have said of an object so far.

    Args:
        rows: all annotations on it, oldest first.
    """
    labels: dict[str, tuple[str, FeedLabel] | None] = {}
    complete = False
    for row in rows:
        if row["inference_id"] is not None or row["annotator"] != ANNOTATOR:
            continue
        if row["action"] == "complete":
            complete = True
        elif row["action"] == "reject":
            labels[row["root_id"]] = None
        else:
            labels[row["root_id"]] = (row["annotation_id"], _label_of(row))
    return Imported(dict(entry for entry in labels.values() if entry), complete)


def difference(before: Imported, now: Sequence[FeedLabel]) -> list[NewAnnotation]:
    """The annotations that turn what imports said before into what the file says now.

    Nothing at all when it says the same; else they end in a ``complete``.
    """
    same = Counter(now) & Counter(before.labels.values())
    old = _without(list(before.labels.items()), same)
    new = [label for _, label in _without([("", label) for label in now], same)]
    if before.complete and not old and not new:
        return []
    sent: list[NewAnnotation] = []
    for target, was in old:
        match = _closest(was, new)
        if match is None:
            sent.append(NewAnnotation("reject", target=target))
        else:
            new.remove(match)
            sent.append(NewAnnotation("correct", target, match.label, match.box))
    sent += [NewAnnotation("add", label=label.label, box=label.box) for label in new]
    return [*sent, NewAnnotation("complete")]


def _without(
    entries: list[tuple[str, FeedLabel]], taken: Counter[FeedLabel]
) -> list[tuple[str, FeedLabel]]:
    """The entries that are left when `taken` are taken out, each as often as it counts."""
    remaining = taken.copy()
    left = []
    for key, label in entries:
        if remaining[label] > 0:
            remaining[label] -= 1
        else:
            left.append((key, label))
    return left


def _closest(was: FeedLabel, candidates: Sequence[FeedLabel]) -> FeedLabel | None:
    """The label that most likely is the old one, corrected."""
    best, best_overlap = None, 0.0
    for label in candidates:
        overlap = 1.0 if was.box is None or label.box is None else was.box.iou(label.box)
        if overlap >= _SAME_THING and overlap > best_overlap:
            best, best_overlap = label, overlap
    return best


def _label_of(row: Row) -> FeedLabel:
    if row["x_min"] is None:
        return FeedLabel(row["label"])
    return FeedLabel(row["label"], Box(row["x_min"], row["y_min"], row["x_max"], row["y_max"]))
