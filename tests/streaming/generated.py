"""Events as an application makes them, for tests and benchmarks of what is counted of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from millpond.events.event import partition_of
from millpond.streaming.source import StreamEvent
from millpond.values import MICROSECONDS

APPS = ("cells", "fruits")
LABELS = {"cells": ("RBC", "WBC", "Platelets"), "fruits": ("apple", "pear")}
START = 1_790_000_000 * MICROSECONDS


@dataclass(frozen=True)
class Traffic:
    """Events one after the other.

    Args:
        count: how many.
        seconds: of their own time, over which they are spread.
        lateness: seconds by which an event may come after one that is newer.
        twice: the share of those that come a second time.
    """

    count: int
    seconds: float = 600
    lateness: float = 45
    twice: float = 0.05
    seed: int = 0

    def events(self) -> Iterator[StreamEvent]:
        """All of them in the order of their time, each once."""
        random = np.random.default_rng(self.seed)
        step = self.seconds * MICROSECONDS / self.count
        for number in range(self.count):
            moment = START + int(number * step)
            yield _event(random, number, moment)

    def as_they_come(self) -> list[StreamEvent]:
        """Shuffled within the bound, and some of them twice."""
        random = np.random.default_rng(self.seed + 1)
        events = list(self.events())
        again = random.random(len(events)) < self.twice
        events += [event for event, repeat in zip(events, again, strict=True) if repeat]
        late = random.random(len(events)) * self.lateness * MICROSECONDS
        moments = np.array([event.recorded_at for event in events]) + late
        return [events[place] for place in np.argsort(moments, kind="stable")]


def _event(random: np.random.Generator, number: int, moment: int) -> StreamEvent:
    app = APPS[number % 3 == 0]
    key = f"{number:08x}-0000-7000-8000-{app.encode().hex()[:8]:0>12}"
    event_id = f"{number:08x}-1111-7000-8000-000000000000"
    if random.random() < 0.02:
        kind, data = "millpond.refusal.recorded", {"status": int(random.choice([400, 413, 503]))}
    else:
        kind, data = "millpond.inference.recorded", _inference(random, app, key)
    return StreamEvent(event_id, kind, app, key, key, moment, partition_of(key), data)


def _inference(random: np.random.Generator, app: str, key: str) -> dict[str, object]:
    labels = LABELS[app]
    scores = random.beta(5, 2, int(random.poisson(1.5)))
    return {
        "object_id": key,
        "model_version": None if random.random() < 0.01 else f"{app}-{int(random.integers(1, 3))}",
        "duration_ms": round(float(random.lognormal(2.5, 0.6)), 3),
        "predictions": [
            {"label": labels[int(random.integers(len(labels)))], "score": round(float(score), 4)}
            for score in scores
        ],
        "image": {
            "width": 640,
            "height": 480,
            "bytes": 50_000,
            "brightness": round(float(random.beta(4, 4)), 4),
            "contrast": round(float(random.beta(4, 8)) / 2, 4),
        },
    }
