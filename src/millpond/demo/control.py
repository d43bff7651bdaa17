"""The control: what version 2 would be if nobody had corrected anything.

It learns from the same images for as many steps. On those that came in live it has
version 1's own predictions, as they were answered, in place of the corrections; the
labels that people gave before version 1 stay. What version 2 is better by is
therefore owed to the corrections, and not to more images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from millpond.snapshots.examples import Example, Label
from millpond.values import Box

if TYPE_CHECKING:
    from millpond.analytics.analytics import Analytics

_PREDICTED = """
SELECT p.object_id, p.label, p.x_min, p.y_min, p.x_max, p.y_max
FROM predictions AS p JOIN inferences AS i ON i.inference_id = p.inference_id
WHERE p.app = ? AND i.model_version = ?
ORDER BY p.object_id, p.score DESC, p.prediction_id
"""


def predicted_labels(analytics: Analytics, app: str, version: str) -> dict[str, list[Label]]:
    """What a version answered, best first, by object."""
    found: defaultdict[str, list[Label]] = defaultdict(list)
    for row in analytics.table(_PREDICTED, parameters=(app, version)).to_pylist():
        corners = [row[name] for name in ("x_min", "y_min", "x_max", "y_max")]
        box = None if corners[0] is None else Box.of(corners)
        found[row["object_id"]].append(Label(row["label"], box))
    return dict(found)


def uncorrected(
    examples: Iterable[Example],
    predicted: Mapping[str, Sequence[Label]],
    known_before: Iterable[str],
    task: str,
) -> Iterator[Example]:
    """The examples with predictions in place of labels, except those that were labelled before.

    Args:
        known_before: ids of the objects that version 1 was trained on or measured on.
        task: in a classification an image has one label, the best.
    """
    kept = set(known_before)
    for example in examples:
        if example.object_id in kept:
            yield example
            continue
        labels = tuple(predicted.get(example.object_id, ()))
        if task == "classification":
            labels = labels[:1]
        yield Example(example.object_id, example.part, labels, example.read)
