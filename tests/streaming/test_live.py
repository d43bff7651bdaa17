"""Live metrics: what the newest windows say of each application, and whether it drifts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from millpond.errors import Invalid
from millpond.events.event import PARTITIONS
from millpond.settings import AppSection, CaptureSection, Settings
from millpond.streaming.live_answers import drift_answer
from millpond.streaming.positions import Place, add_partitions
from streaming.watched import APP, PROFILE, Watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    opened = Watched(tmp_path)
    yield opened
    opened.close()


def test_windows_of_several_lengths(watched: Watched) -> None:
    watched.see(10, ago=1_800, labels=["RBC"], duration_ms=20)
    watched.see(6, ago=150, labels=["WBC"], duration_ms=20)
    watched.see(4, labels=["WBC"], duration_ms=40, score=0.9)
    watched.refuse(1)
    watched.refuse(3, 400)
    [app] = watched.live.answer(["1m", "5m", "1h"], APP)["apps"]
    minute, five, hour = app["windows"]
    assert [one["inferences"] for one in (minute, five, hour)] == [4, 10, 20]
    assert minute["refusals"] == {"400": 3, "503": 1}
    assert minute["error_rate"] == 0.5
    assert five["latency_ms"]["p50"] == pytest.approx(20, rel=0.01)
    assert five["latency_ms"]["p95"] == pytest.approx(40, rel=0.01)
    shares = {one["label"]: one["share"] for one in hour["labels"]}
    assert shares == {"RBC": 0.5, "WBC": 0.5}
    assert minute["confidence"]["mean"] == pytest.approx(0.9, rel=0.01)
    assert minute["confidence"]["histogram"][18] == 4
    assert [one["model_version"] for one in minute["models"]] == ["nobody"]
    assert minute["models"][0]["labels"][0]["predictions"] == 4
    assert sum(minute["brightness"]) == sum(minute["boxes"]) == 4
    assert minute["until"] == hour["until"]


def test_the_last_window_that_has_ended(watched: Watched) -> None:
    watched.see(3, ago=90)
    watched.see(1)
    [app] = watched.live.answer(["1m", "10m"], APP, kind="tumbling")["apps"]
    minute, ten = app["windows"]
    assert minute["until"].endswith(":00.000000Z")
    assert ten["until"][15:] == "0:00.000000Z"
    assert minute["inferences"] in (0, 3)
    # A window is final when the newest event is a minute later than its end.
    watched.see(1, ago=-200)
    [app] = watched.live.answer(["1m"], APP, kind="tumbling")["apps"]
    assert app["windows"][0]["final"]
    [app] = watched.live.answer(["1m"], APP)["apps"]
    assert app["windows"][0]["inferences"] == 1


def test_of_a_label_alone(watched: Watched) -> None:
    watched.see(20)
    [app] = watched.live.answer(["1m"], APP, "WBC")["apps"]
    [window] = app["windows"]
    assert [one["label"] for one in window["labels"]] == ["WBC"]
    assert window["predictions"] == 20


def test_before_anything_came(watched: Watched) -> None:
    answer = watched.live.answer()
    assert answer["watermark"] is None
    assert [app["app"] for app in answer["apps"]] == [APP, "fruits"]
    for window in answer["apps"][0]["windows"]:
        assert (window["inferences"], window["error_rate"]) == (0, None)
        assert window["latency_ms"] == {"p50": None, "p95": None, "p99": None}


def test_what_comes_is_told_at_once(watched: Watched) -> None:
    for count in range(1, 5):
        # Also what is older than what came before.
        watched.see(1, ago=count * 5)
        assert watched.live.answer(["1m"], APP)["apps"][0]["windows"][0]["inferences"] == count


@pytest.mark.parametrize("length", ["9s", "27h", "soon", "0s"])
def test_a_window_that_cannot_be(watched: Watched, length: str) -> None:
    with pytest.raises(Invalid):
        watched.live.answer([length])


def test_drift_without_a_champion_a_profile_or_images(watched: Watched) -> None:
    assert watched.live.drift(APP).reason == "no champion"
    watched.promote({"images": 3})
    assert watched.live.drift(APP).reason == "the champion has no profile"
    watched.promote()
    watched.see(29)
    found = drift_answer(watched.live.drift(APP))
    assert (found["state"], found["reason"]) == ("unknown", "fewer than 30 images")
    assert found["images"] == 29


def test_the_same_as_before_is_steady(watched: Watched) -> None:
    watched.promote()
    watched.see(250, ago=3_600)
    watched.see(200)
    found = drift_answer(watched.live.drift(APP))
    assert found["state"] == "steady", found
    assert found["images"] == 200
    assert [one["measure"] for one in found["measures"]] == [
        *("labels", "confidence", "boxes", "brightness", "contrast")
    ]


@pytest.mark.parametrize(
    ("shift", "measure"),
    [
        ({"labels": ["RBC"]}, "labels"),
        ({"darker": 0.3}, "brightness"),
        ({"score": 0.55}, "confidence"),
    ],
)
def test_each_shift_shows_where_it_is(
    watched: Watched, shift: dict[str, Any], measure: str
) -> None:
    watched.promote()
    watched.see(100)
    watched.see(900, **shift)
    states = {one.measure: one.state for one in watched.live.drift(APP).measures}
    assert states.pop(measure) == "alarm"
    assert set(states.values()) == {"steady"}


def test_a_profile_of_an_older_release_is_told_in_part(watched: Watched) -> None:
    watched.promote({"looks": PROFILE["looks"]})
    watched.see(100)
    states = {one.measure: one.state for one in watched.live.drift(APP).measures}
    assert states["brightness"] == "steady"
    assert states["labels"] == "unknown"


def test_what_is_kept_by_confidence_tells_nothing_of_drift(tmp_path: Path) -> None:
    unsure = CaptureSection(policy="low_confidence")
    section = AppSection(task="detection", labels=("RBC", "WBC"), capture=unsure)
    watched = Watched(tmp_path, Settings(apps={"blood_cells": section}))
    watched.promote()
    watched.see(300, score=0.55)
    found = drift_answer(watched.live.drift(APP))
    watched.close()
    assert found["state"] == "unknown"
    assert found["reason"] is not None
    assert "policy" in found["reason"]


def test_how_far_it_is_behind(watched: Watched) -> None:
    place = Place("outbox", "windows")
    assert watched.live.answer(["1m"], APP)["lag_ms"] is None
    with watched.engine.begin() as connection:
        add_partitions(connection, place, range(PARTITIONS), 0)
    assert watched.live.answer(["1m"], APP)["lag_ms"] == 0
    watched.tell(5)
    behind = watched.live.answer(["1m"], APP)["lag_ms"]
    assert behind is not None
    assert 0 < behind < 60_000
