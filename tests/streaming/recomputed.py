"""The same windows the plain way: every event looked at by itself, every quantile exact."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from millpond.streaming.panes import PANE, PaneKey, Series
from millpond.streaming.source import StreamEvent
from millpond.streaming.sums import Measure, Sums


@dataclass
class Plain:
    """What is known of a series in a pane."""

    inferences: int = 0
    predictions: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    brightness: list[float] = field(default_factory=list)
    contrast: list[float] = field(default_factory=list)
    boxes: list[int] = field(default_factory=list)

    def add(self, other: Plain) -> None:
        """Take another in."""
        self.inferences += other.inferences
        self.predictions += other.predictions
        self.refusals += other.refusals
        for name in ("durations", "scores", "brightness", "contrast", "boxes"):
            getattr(self, name).extend(getattr(other, name))


def recomputed(events: Iterable[StreamEvent], length: int = PANE) -> dict[PaneKey, Plain]:
    """Windows of a length over events, of which each counts once."""
    seen: set[str] = set()
    found: dict[PaneKey, Plain] = defaultdict(Plain)
    for event in events:
        if event.event_id in seen:
            continue
        seen.add(event.event_id)
        pane = event.recorded_at // length * length
        model = event.data.get("model_version")
        whole = found[PaneKey(pane, Series(event.app, model, None))]
        if event.type == "millpond.refusal.recorded":
            whole.refusals[event.data["status"]] += 1
            continue
        predictions = event.data["predictions"]
        whole.inferences += 1
        whole.durations.append(event.data["duration_ms"])
        whole.boxes.append(len(predictions))
        whole.brightness.append(event.data["image"]["brightness"])
        whole.contrast.append(event.data["image"]["contrast"])
        for label in {one["label"] for one in predictions} or {""}:
            part = found[PaneKey(pane, Series(event.app, model, label))]
            part.inferences += 1
            part.durations.append(event.data["duration_ms"])
        for one in predictions:
            part = found[PaneKey(pane, Series(event.app, model, one["label"]))]
            part.predictions += 1
            part.scores.append(one["score"])
    return dict(found)


def check(sums: Sums, plain: Plain) -> None:
    """That both say the same: counts exactly, quantiles within 1 %."""
    assert sums.total(Measure.INFERENCES) == plain.inferences
    assert sums.total(Measure.PREDICTIONS) == plain.predictions
    statuses, counts = sums.of(Measure.REFUSALS)
    assert dict(zip(statuses.tolist(), counts.tolist(), strict=True)) == plain.refusals
    for measure, values in ((Measure.LATENCY, plain.durations), (Measure.CONFIDENCE, plain.scores)):
        assert sums.total(measure) == len(values)
        for share in (0.0, 0.5, 0.95, 0.99, 1.0) if values else ():
            exact = float(np.quantile(values, share))
            assert sums.quantile(measure, share) == _within(exact), (measure, share)
    for measure, values, size, most in (
        (Measure.SCORES, plain.scores, 20, 1.0),
        (Measure.BRIGHTNESS, plain.brightness, 16, 1.0),
        (Measure.CONTRAST, plain.contrast, 16, 0.5),
    ):
        histogram, _ = np.histogram(values, bins=np.arange(size + 1) * most / size)
        assert sums.histogram(measure).tolist() == histogram.tolist(), measure
    boxes = np.bincount(np.minimum(plain.boxes, 15).astype(int), minlength=16)
    if plain.boxes:
        assert sums.histogram(Measure.BOXES).tolist() == boxes.tolist()


class _within:
    """A number within 1 %, and no further."""

    def __init__(self, exact: float) -> None:
        self._exact = exact

    def __eq__(self, found: object) -> bool:
        return isinstance(found, float) and abs(found - self._exact) <= 0.0100001 * self._exact

    def __repr__(self) -> str:
        return f"within 1 % of {self._exact}"
