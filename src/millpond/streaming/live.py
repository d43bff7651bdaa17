"""Live metrics: what the newest windows say of each application, and whether it drifts."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.errors import Invalid
from millpond.models.registry import Registry
from millpond.settings import MetricsSection
from millpond.streaming.drift import LEAST, Drift, State, worst
from millpond.streaming.pane_store import Mark, read_mark, since_images, window
from millpond.streaming.panes import PANE, Series
from millpond.streaming.positions import lags
from millpond.streaming.profile import drifts, has_profile
from millpond.streaming.sums import NOTHING, Measure, Sums
from millpond.streaming.windows import NAME, panes_within
from millpond.values import iso, parse_age

#: The windows that are told of where none is asked for.
WINDOWS = ("1m", "5m", "1h")
_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

#: Windows that are kept in memory, for those who ask for the same.
_KEPT = 64

Found = TypeVar("Found")


class Quantiles(TypedDict):
    """Of milliseconds, interpolated; null where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Confidence(TypedDict):
    """Of the scores of predictions: their mean, and how many are in each of 20 bins."""

    mean: float | None
    histogram: list[int]


class LabelWindow(TypedDict):
    """What answered a label; the label is null of inferences that answered none.

    `share` is that of all predictions.
    """

    label: str | None
    inferences: int
    predictions: int
    share: float | None
    mean_score: float | None
    latency_ms: Quantiles


class ModelWindow(TypedDict):
    """What a model answered; its version is null where there was no champion."""

    model_version: str | None
    inferences: int
    predictions: int
    latency_ms: Quantiles
    confidence: Confidence
    labels: list[LabelWindow]


class AppWindow(ModelWindow):
    """What an application answered and refused, all its models together."""

    window: str
    since: str
    until: str
    refusals: dict[str, int]
    error_rate: float | None
    brightness: list[int]
    contrast: list[int]
    boxes: list[int]
    models: list[ModelWindow]


class DriftMeasure(TypedDict):
    """How far one distribution is from the profile; see `streaming.drift`."""

    measure: str
    state: State
    psi: float | None
    js: float | None
    threshold: float | None


class DriftAnswer(TypedDict):
    """How far the newest images are from the champion's profile, or why that is not known."""

    state: State
    reason: str | None
    model_version: str | None
    images: int
    since: str | None
    measures: list[DriftMeasure]


class AppMetrics(TypedDict):
    """The windows of an application, and its drift."""

    app: str
    windows: list[AppWindow]
    drift: DriftAnswer


class MetricsAnswer(TypedDict):
    """The live metrics. What was recorded up to `watermark` is expected to have come."""

    at: str
    watermark: str | None
    lag_ms: float | None
    dropped: int
    apps: list[AppMetrics]


@dataclass(frozen=True)
class Drifted:
    """What is known of the drift of an application."""

    reason: str | None
    model_version: str | None = None
    images: int = 0
    since: int | None = None
    measures: Sequence[Drift] = ()


class LiveMetrics:
    """Reads windows. Many threads may use one at the same time.

    Args:
        apps: names of the applications, as routes have them.
        registry: knows the champions, whose profiles drift is compared with.
    """

    def __init__(
        self, engine: Engine, registry: Registry, apps: Sequence[str], section: MetricsSection
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._apps = apps
        self._section = section
        self._profiles: dict[str, Mapping[str, Any]] = {}
        self._answered: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether a server counts what is predicted."""
        return self._section.live

    def answer(
        self,
        windows: Sequence[str] = WINDOWS,
        app: str | None = None,
        label: str | None = None,
    ) -> MetricsAnswer:
        """What the newest windows say.

        Args:
            windows: their lengths, such as ``5m``.
            app: of this application alone.
            label: of this label alone, where windows tell of labels.

        Raises:
            Invalid: a window is no age, shorter than 10 s, or longer than panes are kept.
        """
        lengths = {name: self._length(name) for name in windows}
        with reading(self._engine) as connection:
            mark = read_mark(connection)
            behind = self._behind(connection)
        names = [app] if app is not None else self._apps
        return {
            "at": iso(machine_now()),
            "watermark": self._watermark(mark),
            "lag_ms": behind,
            "dropped": mark.dropped,
            "apps": [
                {
                    "app": name,
                    "windows": [
                        self._window(name, text, length, label) for text, length in lengths.items()
                    ],
                    "drift": drift_answer(self.drift(name)),
                }
                for name in names
            ],
        }

    def sums(self, app: str, length: int) -> dict[Series, Sums]:
        """The sums of each series of an application in the newest window of a length.

        Args:
            length: in microseconds.
        """
        since, until = panes_within(machine_now(), length)

        def read(connection: Connection) -> dict[Series, Sums]:
            return window(connection, since, until, app)

        return self._kept((app, length), until, read)

    def drift(self, app: str) -> Drifted:
        """How far the newest images of an application are from its champion's profile."""
        champion = self._registry.champion(app)
        if champion is None:
            return Drifted("no champion")
        profile = self._profile(champion)
        if not has_profile(profile):
            return Drifted("the champion has no profile", champion)
        until = panes_within(machine_now(), PANE)[1]

        def read(connection: Connection) -> Drifted:
            since = since_images(connection, app, champion, self._section.drift_images)
            found = window(connection, since or 0, until, app)
            own = {one.label: sums for one, sums in found.items() if one.model_version == champion}
            whole = own.pop(None, NOTHING)
            images = whole.total(Measure.INFERENCES)
            if images < LEAST:
                return Drifted(f"fewer than {LEAST} images", champion, images)
            labels = {label: sums for label, sums in own.items() if label is not None}
            return Drifted(None, champion, images, since, drifts(profile, whole, labels))

        return self._kept(("drift", app, champion), until, read)

    def _kept(self, key: tuple[Any, ...], until: int, read: Callable[[Connection], Found]) -> Found:
        """What was read before, as long as nothing was counted since and the window is the same."""
        with reading(self._engine) as connection:
            state = (until, read_mark(connection))
            with self._lock:
                kept = self._answered.get(key)
            if kept is not None and kept[0] == state:
                found: Found = kept[1]
                return found
            found = read(connection)
        with self._lock:
            if len(self._answered) >= _KEPT:
                self._answered.clear()
            self._answered[key] = (state, found)
        return found

    def _profile(self, version: str) -> Mapping[str, Any]:
        if version not in self._profiles:
            self._profiles[version] = self._registry.package(version).profile
        return self._profiles[version]

    def _length(self, text: str) -> int:
        length, longest = parse_age(text), parse_age(self._section.keep)
        if not PANE <= length <= longest:
            raise Invalid(f"window {text!r} is not from 10s to {self._section.keep}")
        return length

    def _watermark(self, mark: Mark) -> str | None:
        return iso(mark.newest - parse_age(self._section.lateness)) if mark.newest else None

    def _behind(self, connection: Connection) -> float | None:
        """Milliseconds since the oldest event was recorded that is still to be counted."""
        for lag in lags(connection):
            if lag.consumer == NAME:
                return 0.0 if lag.since is None else (machine_now() - lag.since) / 1000
        return None

    def _window(self, app: str, text: str, length: int, label: str | None) -> AppWindow:
        since, until = panes_within(machine_now(), length)
        models: dict[str | None, dict[str | None, Sums]] = defaultdict(dict)
        for series, sums in self.sums(app, length).items():
            models[series.model_version][series.label] = sums
        labels = {name for parts in models.values() for name in parts}
        every = {
            name: Sums.merged(parts[name] for parts in models.values() if name in parts)
            for name in labels
        }
        whole = every.get(None, NOTHING)
        statuses, counts = whole.of(Measure.REFUSALS)
        return {
            "window": text,
            "since": iso(since),
            "until": iso(until),
            "refusals": {
                str(status): int(count) for status, count in zip(statuses, counts, strict=True)
            },
            "error_rate": error_rate(whole),
            "brightness": whole.histogram(Measure.BRIGHTNESS).tolist(),
            "contrast": whole.histogram(Measure.CONTRAST).tolist(),
            "boxes": whole.histogram(Measure.BOXES).tolist(),
            "models": [
                _model(version, parts, label)
                for version, parts in sorted(models.items(), key=lambda item: item[0] or "")
                if parts.get(None, NOTHING).total(Measure.INFERENCES)
            ],
            **_model(None, every, label),
        }


def error_rate(whole: Sums) -> float | None:
    """The share of requests that were refused; None where there was none."""
    refused = whole.total(Measure.REFUSALS)
    asked = refused + whole.total(Measure.INFERENCES)
    return refused / asked if asked else None


def confidences(parts: Mapping[str | None, Sums]) -> Sums:
    """The sums of all labels together, which have the scores."""
    return Sums.merged(sums for label, sums in parts.items() if label)


def drift_answer(found: Drifted) -> DriftAnswer:
    """What is known of drift, as it is answered."""
    return {
        "state": worst(list(found.measures)),
        "reason": found.reason,
        "model_version": found.model_version,
        "images": found.images,
        "since": None if found.since is None else iso(found.since),
        "measures": [
            {
                "measure": one.measure,
                "state": one.state,
                "psi": one.psi,
                "js": one.js,
                "threshold": one.threshold,
            }
            for one in found.measures
        ],
    }


def _model(version: str | None, parts: Mapping[str | None, Sums], label: str | None) -> ModelWindow:
    whole, scores = parts.get(None, NOTHING), confidences(parts)
    predictions = scores.total(Measure.PREDICTIONS)
    return {
        "model_version": version,
        "inferences": whole.total(Measure.INFERENCES),
        "predictions": predictions,
        "latency_ms": _quantiles(whole),
        "confidence": {
            "mean": scores.mean(Measure.CONFIDENCE),
            "histogram": scores.histogram(Measure.SCORES).tolist(),
        },
        "labels": [
            _label(name, sums, predictions)
            for name, sums in sorted(
                (name, sums) for name, sums in parts.items() if name is not None
            )
            if label in (None, name)
        ],
    }


def _label(name: str, sums: Sums, predictions: int) -> LabelWindow:
    own = sums.total(Measure.PREDICTIONS)
    return {
        "label": name or None,
        "inferences": sums.total(Measure.INFERENCES),
        "predictions": own,
        "share": own / predictions if predictions else None,
        "mean_score": sums.mean(Measure.CONFIDENCE),
        "latency_ms": _quantiles(sums),
    }


def _quantiles(sums: Sums) -> Quantiles:
    p50, p95, p99 = (sums.quantile(Measure.LATENCY, share) for share in _QUANTILES.values())
    return {"p50": p50, "p95": p95, "p99": p99}
