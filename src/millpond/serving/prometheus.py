"""What is measured, as Prometheus reads it; all else than its form comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from millpond.database.connection import reading
from millpond.serving.gate import Gate
from millpond.serving.services import Services
from millpond.streaming.alerts import list_alerts
from millpond.streaming.pane_store import Mark, ever, read_mark
from millpond.streaming.panes import Series
from millpond.streaming.positions import Lag, lags
from millpond.streaming.sketch import value_of
from millpond.streaming.sums import Measure, Sums
from millpond.values import MICROSECONDS

#: Of the text format (prometheus.io/docs/instrumenting/exposition_formats).
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Upper bounds of the histogram of seconds.
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: The states of drift as numbers.
_STATES = {"unknown": -1, "steady": 0, "warning": 1, "alarm": 2}
#: Alerts that may hold at once.
_MOST_ALERTS = 1_000


def exposition(services: Services, gate: Gate, only: str | None) -> bytes:
    """Everything that is measured.

    Args:
        gate: counts the predictions that are under way.
        only: of this application alone, and not of the process.
    """
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(services, gate, only))
    if only is None:
        ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Collector:
    """Collects once, when it is asked to."""

    def __init__(self, services: Services, gate: Gate, only: str | None) -> None:
        self._services = services
        self._gate = gate
        self._only = only

    def collect(self) -> Iterator[Any]:
        """Families of metrics, as the library wants them."""
        with reading(self._services.engine) as connection:
            mark, behind = read_mark(connection), lags(connection)
            sums = {
                series: found
                for series, found in ever(connection).items()
                if self._only in (None, series.app)
            }
            raised = list_alerts(connection, self._only, _MOST_ALERTS)
        yield from _counted(sums)
        yield _seconds(sums)
        yield self._uncaptured()
        yield from self._drift()
        yield _gauge(
            "millpond_alert_raised",
            "Whether an alert holds.",
            ("name", "app"),
            {(one["name"], one["app"]): 1 for one in raised if one["resolved_at"] is None},
        )
        if self._only is None:
            yield from self._of_all(mark, behind)

    def _uncaptured(self) -> Any:
        return _counter(
            "millpond_uncaptured",
            "Predictions that were answered and not kept, since the server began.",
            ("app", "model_version", "reason"),
            {
                (app, model or "", reason): count
                for (app, model, reason), count in self._services.uncaptured.totals().items()
                if self._only in (None, app)
            },
        )

    def _drift(self) -> Iterator[Any]:
        settings = self._services.settings
        found = {
            (app, one.measure): one
            for app in settings.app_names
            if self._only in (None, app)
            for one in self._services.live.drift(app).measures
        }
        yield _gauge(
            "millpond_drift_psi",
            "Population stability index against the profile of the champion.",
            ("app", "measure"),
            {key: one.psi for key, one in found.items() if one.psi is not None},
        )
        yield _gauge(
            "millpond_drift_state",
            "-1 unknown, 0 steady, 1 warning, 2 alarm.",
            ("app", "measure"),
            {key: _STATES[one.state] for key, one in found.items()},
        )

    def _of_all(self, mark: Mark, behind: Iterable[Lag]) -> Iterator[Any]:
        under_way = {(): self._gate.under_way}
        yield _gauge("millpond_predictions_under_way", "Predictions under way.", (), under_way)
        dropped = {(): mark.dropped}
        yield _counter("millpond_events_dropped", "Events that came too late.", (), dropped)
        newest = {(): mark.newest / MICROSECONDS}
        yield _gauge("millpond_newest_event_seconds", "When it was recorded.", (), newest)
        yield _gauge(
            "millpond_consumer_lag_events",
            "Events of the outbox that a consumer has still to read.",
            ("consumer",),
            {(lag.consumer,): lag.events for lag in behind},
        )


def _counted(sums: Mapping[Series, Sums]) -> Iterator[Any]:
    whole = {series: one for series, one in sums.items() if series.label is None}
    yield _counter(
        "millpond_inferences",
        "Predictions that were answered and kept.",
        ("app", "model_version"),
        {
            (series.app, series.model_version or ""): count
            for series, one in whole.items()
            if (count := one.total(Measure.INFERENCES))
        },
    )
    refused = {
        (series.app, str(status)): int(count)
        for series, one in whole.items()
        for status, count in zip(*one.of(Measure.REFUSALS), strict=True)
    }
    yield _counter("millpond_refusals", "Requests refused.", ("app", "status"), refused)
    yield _counter(
        "millpond_predictions",
        "Boxes or labels that were answered.",
        ("app", "model_version", "label"),
        {
            (series.app, series.model_version or "", series.label): one.total(Measure.PREDICTIONS)
            for series, one in sums.items()
            if series.label
        },
    )


def _seconds(sums: Mapping[Series, Sums]) -> Any:
    """A histogram out of the bins of the sketch; a bound is kept within 1 %."""
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "millpond_inference_seconds",
        "Seconds of decoding and inference.",
        labels=("app", "model_version"),
    )
    for series, one in sums.items():
        bins, counts = one.of(Measure.LATENCY)
        if series.label is not None or not len(bins):
            continue
        values = np.array([value_of(int(bin)) for bin in bins]) / 1000
        buckets = [(str(bound), int(counts[values <= bound].sum())) for bound in _BOUNDS]
        buckets.append(("+Inf", int(counts.sum())))
        labels = (series.app, series.model_version or "")
        family.add_metric(labels, buckets, float(values @ counts))
    return family


def _counter(
    name: str, help: str, labels: tuple[str, ...], found: Mapping[tuple[Any, ...], float]
) -> Any:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, help, labels=labels)
    for values, number in sorted(found.items()):
        family.add_metric(values, number)
    return family


def _gauge(
    name: str, help: str, labels: tuple[str, ...], found: Mapping[tuple[Any, ...], float]
) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, help, labels=labels)
    for values, number in sorted(found.items()):
        family.add_metric(values, number)
    return family
