"""Panes of events: counted at once as they would be one by one, in whatever order they come."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from millpond.streaming import sketch
from millpond.streaming.columns import columns_of
from millpond.streaming.panes import PANE, PaneKey, Series, panes_of
from millpond.streaming.source import StreamEvent
from millpond.streaming.sums import NOTHING, Measure, Sums
from streaming.generated import START, Traffic
from streaming.recomputed import check, recomputed


def test_panes_are_what_events_say_one_by_one() -> None:
    events = list(Traffic(3_000, seconds=60).events())
    found, plain = panes_of(columns_of(events)), recomputed(events)
    assert set(found) == set(plain)
    for key, sums in found.items():
        check(sums, plain[key])


def test_panes_of_parts_add_up_in_any_order() -> None:
    events = list(Traffic(600, seconds=30).events())
    whole = panes_of(columns_of(events))
    random.Random(1).shuffle(events)
    parts = [panes_of(columns_of(events[at : at + 50])) for at in range(0, len(events), 50)]
    for key, sums in whole.items():
        assert Sums.merged(part[key] for part in parts if key in part) == sums


def test_a_longer_window_is_the_sum_of_its_panes() -> None:
    events = list(Traffic(1_000, seconds=60).events())
    panes, minutes = panes_of(columns_of(events)), recomputed(events, 6 * PANE)
    for key, plain in minutes.items():
        inside = range(key.pane, key.pane + 6 * PANE, PANE)
        found = [panes.get(PaneKey(pane, key.series), NOTHING) for pane in inside]
        check(Sums.merged(found), plain)


def test_an_answer_without_a_label_and_one_that_has_a_label_twice() -> None:
    def event(number: int, *labels: str) -> StreamEvent:
        said = [{"label": label, "score": 0.5} for label in labels]
        data = {"model_version": "cells-1", "duration_ms": 4.0, "predictions": said}
        kind = "millpond.inference.recorded"
        return StreamEvent(str(number), kind, "cells", "k", "k", START, 0, data)

    found = panes_of(columns_of([event(1), event(2, "RBC", "RBC"), event(3, "RBC", "WBC")]))
    by_label = {key.series.label: sums for key, sums in found.items()}
    counts = {
        label: (sums.total(Measure.INFERENCES), sums.total(Measure.PREDICTIONS))
        for label, sums in by_label.items()
    }
    assert counts == {None: (3, 0), "": (1, 0), "RBC": (2, 3), "WBC": (1, 1)}
    assert by_label[None].histogram(Measure.BOXES).tolist()[:3] == [1, 0, 2]
    assert by_label[None].total(Measure.BRIGHTNESS) == 0


def test_events_that_are_not_counted() -> None:
    other = StreamEvent("1", "millpond.object.recorded", "cells", "k", "k", START, 0, {"width": 3})
    assert panes_of(columns_of([other])) == {}


def test_a_refusal_of_no_application() -> None:
    refusal = StreamEvent("1", "millpond.refusal.recorded", "", "", "r", START, 0, {"status": 404})
    [(key, sums)] = panes_of(columns_of([refusal])).items()
    assert key == PaneKey(START // PANE * PANE, Series("", None, None))
    assert [part.tolist() for part in sums.of(Measure.REFUSALS)] == [[404], [1]]


def test_sums_are_stored_as_they_are() -> None:
    for sums in panes_of(columns_of(list(Traffic(200).events()))).values():
        assert Sums.from_bytes(sums.to_bytes()) == sums


@pytest.mark.parametrize("value", [1e-12, 0.05, 0.5, 1.0, 7.0, 123.456, 6e5, 1e12])
def test_a_value_is_within_a_hundredth_of_its_bin(value: float) -> None:
    from ddsketch.mapping import LogarithmicMapping

    [bin] = sketch.bins_of(np.array([value]))
    assert sketch.value_of(int(bin)) == pytest.approx(value, rel=0.0100001)
    assert bin == LogarithmicMapping(sketch.ACCURACY).key(value)


def test_what_is_nothing_has_a_bin_of_its_own() -> None:
    bins = sketch.bins_of(np.array([0.0, -1.0, np.nan, 1e-300, np.inf]))
    assert bins[:4].tolist() == [sketch.ZERO] * 4
    assert sketch.value_of(sketch.ZERO) == 0.0
    assert np.isfinite(sketch.value_of(int(bins[4])))


@given(
    arrays(float, st.integers(1, 200), elements=st.floats(1e-6, 1e9)),
    st.floats(0, 1),
)
def test_quantiles_are_within_a_hundredth(values: np.ndarray, share: float) -> None:
    bins, counts = np.unique(sketch.bins_of(values), return_counts=True)
    exact = float(np.quantile(values, share))
    assert sketch.quantile(bins, counts, share) == pytest.approx(exact, rel=0.0100001)


def test_a_quantile_of_nothing() -> None:
    assert NOTHING.quantile(Measure.LATENCY, 0.5) is None
    assert NOTHING.mean(Measure.CONFIDENCE) is None
