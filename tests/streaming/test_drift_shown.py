"""Drift shown on a detector that was trained: shifts are an alarm soon, and a quiet day is none.

Windows are of the newest 200 images, as a server has them. A shift of all images has to be an
alarm before 300 of them have come.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from millpond.models.predictor import Predictor
from millpond.models.suppression import suppress
from millpond.raw.decode import decode
from millpond.raw.statistics import statistics_of
from millpond.settings import AppSection
from millpond.snapshots.examples import Example, Label
from millpond.streaming.columns import INFERENCE, columns_of
from millpond.streaming.drift import State, worst
from millpond.streaming.panes import PANE, panes_of
from millpond.streaming.profile import drifts
from millpond.streaming.source import StreamEvent
from millpond.streaming.sums import NOTHING, Sums
from millpond.training.reference import answers_of, looks_of
from millpond.training.trainer import Plan, open_trainer
from streaming.generated import START
from training.shapes import draw

SHAPES = AppSection(task="detection", labels=("disc", "square"))
#: Images of a window, and those before which a shift has to be an alarm.
WINDOW, SOON = 200, 300
#: Images between two looks.
LOOK = 10

Change = Callable[[Image.Image], Image.Image]


def example(seed: int, part: str = "train") -> Example:
    data, labels = draw(seed, 96, 80)
    return Example(str(seed), part, labels, lambda: data)


def kinds(labels: Sequence[Label]) -> set[str]:
    return {label.label for label in labels}


@dataclass(frozen=True)
class Shown:
    """A detector with its profile, and what it says of images."""

    predictor: Predictor
    profile: Mapping[str, Any]

    def said(
        self, seeds: range, change: Change | None = None, only: str | None = None
    ) -> list[dict[str, Any]]:
        """The data of the events of images that it never saw.

        Args:
            only: images with this label alone.
        """
        drawn = [draw(seed, 96, 80) for seed in seeds]
        return [
            self._said(data, change)
            for data, labels in drawn
            if only is None or kinds(labels) == {only}
        ]

    def _said(self, data: bytes, change: Change | None) -> dict[str, Any]:
        pixels = decode(data).pixels
        if change is not None:
            buffer = io.BytesIO()
            change(Image.fromarray(pixels)).save(buffer, "JPEG", quality=90)
            pixels = decode(buffer.getvalue()).pixels
        answers = suppress(self.predictor.candidates(pixels), SHAPES.threshold, SHAPES.nms)
        seen = statistics_of(Image.fromarray(pixels))
        return {
            "model_version": "shapes-1",
            "duration_ms": 5.0,
            "predictions": [{"label": one.label, "score": one.score} for one in answers],
            "image": {
                "width": 96,
                "height": 80,
                "brightness": seen.brightness,
                "contrast": seen.contrast,
            },
        }


@pytest.fixture(scope="module")
def shown() -> Shown:
    """A detector that learned from 120 drawings, measured on 150 others."""
    examples = [example(seed) for seed in range(120)]
    plan = Plan(app="shapes", labels=SHAPES.labels, steps=80, threads=1)
    predictor = Predictor(open_trainer("detection").train(examples, plan))
    held_out = [example(seed, "val") for seed in range(1_000, 1_150)]
    answers = answers_of(predictor, held_out, SHAPES)
    assert len(answers["labels"]) == 2
    return Shown(predictor, {"answers": answers, "looks": looks_of([*examples, *held_out])})


@pytest.fixture(scope="module")
def usual(shown: Shown) -> list[dict[str, Any]]:
    return shown.said(range(2_000, 2_250))


def scanner(image: Image.Image) -> Image.Image:
    """Another scanner: softer, brighter in the middle tones, and of another colour."""
    soft = image.filter(ImageFilter.GaussianBlur(1))
    red, green, blue = soft.split()
    brighter = partial(_curve, power=0.65)
    return Image.merge("RGB", (red.point(brighter), green.point(brighter), blue))


def _curve(value: int, power: float) -> float:
    return 255 * (value / 255) ** power


@pytest.mark.parametrize(
    ("change", "only"),
    [
        pytest.param(lambda image: ImageEnhance.Contrast(image).enhance(0.5), None, id="contrast"),
        pytest.param(scanner, None, id="scanner"),
        pytest.param(None, "square", id="missing-class"),
    ],
)
def test_a_shift_is_an_alarm_soon(
    shown: Shown, usual: list[dict[str, Any]], change: Change | None, only: str | None
) -> None:
    shifted = shown.said(range(3_000, 3_240 if only else 3_060), change, only)
    for seed in range(3):
        random = np.random.default_rng(seed)
        before = [usual[place] for place in random.integers(0, len(usual), 2 * WINDOW)]
        after = [shifted[place] for place in random.integers(0, len(shifted), SOON)]
        states = list(watched(shown.profile, [*before, *after]))
        assert "alarm" not in [state for images, state in states if images <= len(before)]
        first = next(images for images, state in states if state == "alarm")
        assert len(before) < first <= len(before) + SOON


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(1), id="one-day"),
        pytest.param(range(30), id="month", marks=pytest.mark.soak),
    ],
)
def test_a_day_without_a_shift_brings_no_alarm(
    shown: Shown, usual: list[dict[str, Any]], seeds: range
) -> None:
    """24 hours at an image every ten seconds, looked at all the time."""
    for seed in seeds:
        random = np.random.default_rng(seed)
        day = [usual[place] for place in random.integers(0, len(usual), 24 * 360)]
        states = [state for _, state in watched(shown.profile, day)]
        assert len(states) > 800
        assert "alarm" not in states
        assert states.count("warning") < len(states) / 20


def watched(
    profile: Mapping[str, Any], data: Sequence[dict[str, Any]]
) -> Iterator[tuple[int, State]]:
    """The state after so many images, of the newest of them; an image comes every second."""
    events = [
        StreamEvent(str(place), INFERENCE, "shapes", "k", "k", START + place * PANE // 10, 0, one)
        for place, one in enumerate(data)
    ]
    parts = [
        {
            key.series.label: sums
            for key, sums in panes_of(columns_of(events[at : at + LOOK])).items()
        }
        for at in range(0, len(events), LOOK)
    ]
    size = WINDOW // LOOK
    for end in range(size, len(parts) + 1):
        inside = parts[end - size : end]
        labels = {label for part in inside for label in part}
        sums = {
            label: Sums.merged(part[label] for part in inside if label in part) for label in labels
        }
        whole = sums.pop(None, NOTHING)
        found = drifts(profile, whole, {label: one for label, one in sums.items() if label})
        yield end * LOOK, worst(found)
