"""Events as files of JSON lines: shuffled within a bound, and some of them twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

#: Events of a file.
FILE = 50_000
#: Events a second of their own time.
RATE = 280
#: Seconds by which an event may come after one that is newer.
LATENESS = 45
#: The share of those that come a second time.
TWICE = 0.05
#: The moment of the first, in microseconds since 1970; it begins a minute.
START = 1_790_000_040 * 1_000_000
#: Seconds after the last event of the one that ends every window.
AFTER = 3_600

_APPS = ("cells", "fruits")
_LABELS = {"cells": ("RBC", "WBC", "Platelets"), "fruits": ("apple", "pear")}


def files(folder: Path, count: int) -> list[Path]:
    """The files of so many events; they are made when they are not there yet."""
    done = folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, count)
        done.touch()
    return sorted(folder.glob("*.json"))


def _write(folder: Path, count: int) -> None:
    random = np.random.default_rng(1)
    again = np.flatnonzero(random.random(count) < TWICE)
    numbers = np.concatenate([np.arange(count), again])
    moments = START + (numbers * (1e6 / RATE)).astype(np.int64)
    order = np.argsort(moments + random.random(len(numbers)) * LATENESS * 1e6, kind="stable")
    lines = _lines(count)
    every = list(lines)
    for part, at in enumerate(range(0, len(order), FILE)):
        text = "".join(every[numbers[place]] for place in order[at : at + FILE])
        (folder / f"{part:05}.json").write_text(text)
    last = _refusal(count, START + int(count * 1e6 / RATE) + AFTER * 1_000_000, 503)
    (folder / "99999.json").write_text(json.dumps(last) + "\n")


def _lines(count: int) -> Iterator[str]:
    """All events in the order of their time, each once."""
    random = np.random.default_rng(2)
    boxes, refused = random.poisson(1.5, count), random.random(count) < 0.02
    durations = np.round(random.lognormal(2.5, 0.6, count), 3)
    scores = np.round(random.beta(5, 2, int(boxes.sum())), 4).tolist()
    kinds = random.integers(0, 6, len(scores)).tolist()
    looks = np.round(random.beta(4, 4, (count, 2)), 4).tolist()
    versions = random.integers(1, 3, count).tolist()
    first = 0
    for number in range(count):
        moment = START + int(number * (1e6 / RATE))
        end = first + int(boxes[number])
        if refused[number]:
            event = _refusal(number, moment, 400)
        else:
            app = _APPS[number % 3 == 0]
            labels = _LABELS[app]
            said = [
                {"label": labels[kind % len(labels)], "score": score}
                for kind, score in zip(kinds[first:end], scores[first:end], strict=True)
            ]
            brightness, contrast = looks[number]
            data = {
                "object_id": f"{number:08x}-2222-7000-8000-000000000000",
                "model_version": f"{app}-{versions[number]}",
                "duration_ms": float(durations[number]),
                "predictions": said,
                "image": {
                    "width": 640,
                    "height": 480,
                    "bytes": 50_000,
                    "brightness": brightness,
                    "contrast": round(contrast / 2, 4),
                },
            }
            event = _event(number, "inference", app, moment, data)
        first = end
        yield json.dumps(event) + "\n"


def _refusal(number: int, moment: int, status: int) -> dict[str, Any]:
    return _event(number, "refusal", _APPS[number % 2], moment, {"status": status})


def _event(number: int, kind: str, app: str, moment: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": f"{number:08x}-1111-7000-8000-000000000000",
        "type": f"millpond.{kind}.recorded",
        "app": app,
        "recorded_at": moment,
        "data": data,
    }
