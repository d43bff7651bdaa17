"""Alerts: raised and resolved once for each change, whoever looks and how often."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from millpond.database.connection import reading
from millpond.settings import AlertSection, Settings
from millpond.streaming.alert_watch import AlertWatch
from millpond.streaming.alerts import list_alerts
from streaming.bus import until
from streaming.watched import APP, Watched
from valid_events import assert_valid_events


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    opened = Watched(tmp_path)
    yield opened
    assert_valid_events(opened.engine)
    opened.close()


def rule(measure: str = "error_rate", **fields: object) -> AlertSection:
    return AlertSection(measure=measure, **{"app": "blood_cells", **fields})  # type: ignore[arg-type]


def test_an_alert_is_raised_once_and_resolved_once(watched: Watched) -> None:
    rules = watched.rules(errors=rule(above=0.1))
    watched.see(40)
    watched.check(rules)
    assert watched.told() == []
    watched.refuse(10)
    for _ in range(3):
        watched.check(rules)
    assert watched.told() == [
        ("raised", APP, {"name": "errors", "measure": "error_rate", "value": 0.2})
    ]
    watched.see(1_000)
    for _ in range(3):
        watched.check(rules)
    assert [kind for kind, *_ in watched.told()] == ["raised", "resolved"]
    watched.refuse(1_000)
    watched.check(rules)
    assert [kind for kind, *_ in watched.told()] == ["raised", "resolved", "raised"]


def test_alerts_are_listed_those_first_that_hold(watched: Watched) -> None:
    rules = watched.rules(errors=rule(above=0.1), few=rule("inferences", below=100))
    watched.refuse(5)
    watched.check(rules)
    watched.see(200)
    watched.check(rules)
    with reading(watched.engine) as connection:
        found = list_alerts(connection, APP, 10)
        assert list_alerts(connection, "fruits", 10) == []
    assert {one["name"] for one in found} == {"errors", "few"}
    assert all(one["resolved_at"] is not None for one in found)
    watched.refuse(500)
    watched.check(rules)
    with reading(watched.engine) as connection:
        first, *rest = list_alerts(connection, None, 10)
    assert (first["name"], first["resolved_at"]) == ("errors", None)
    assert len(rest) == 2


def test_many_who_look_at_once_tell_it_once(tmp_path: Path, watched: Watched) -> None:
    watched.refuse(10)
    others = [Watched(tmp_path) for _ in range(3)]
    everyone = [watched, *others]
    begin = threading.Barrier(len(everyone))

    def look(one: Watched) -> None:
        rules = one.rules(errors=rule(above=0.1))
        begin.wait()
        for _ in range(5):
            one.check(rules)

    threads = [threading.Thread(target=look, args=[one]) for one in everyone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert [kind for kind, *_ in watched.told()] == ["raised"]


def test_what_does_not_last_is_not_raised(watched: Watched) -> None:
    watched.refuse(10)
    rules = watched.rules(errors=rule(above=0.1, lasting="1h"))
    watched.check(rules)
    watched.see(500)
    watched.check(rules)
    assert watched.told() == []


def test_what_lasts_is_raised(watched: Watched) -> None:
    watched.refuse(10)
    rules = watched.rules(errors=rule(above=0.1, lasting="0.2s"))
    watched.check(rules)
    assert watched.told() == []
    threading.Event().wait(0.25)
    watched.check(rules)
    assert [kind for kind, *_ in watched.told()] == ["raised"]


def test_a_rule_that_is_taken_away_resolves_its_alert(watched: Watched) -> None:
    watched.refuse(10)
    watched.check(watched.rules(errors=rule(above=0.1)))
    watched.check(watched.rules())
    assert [kind for kind, *_ in watched.told()] == ["raised", "resolved"]


def test_a_rule_of_no_application_is_one_of_each(watched: Watched) -> None:
    watched.refuse(1)
    watched.check(watched.rules(any=rule("refusals", app=None, above=0)))
    assert [app for _, app, _ in watched.told()] == [APP]
    watched.refuse(1, app="fruits")
    watched.check(watched.rules(any=rule("refusals", app=None, above=0)))
    assert [app for _, app, _ in watched.told()] == [APP, "fruits"]


@pytest.mark.parametrize(
    ("measure", "bound"),
    [("p50_ms", 29), ("p99_ms", 29), ("confidence", 0.6), ("inferences", 49), ("refusals", 4)],
)
def test_measures(watched: Watched, measure: str, bound: float) -> None:
    watched.see(50, duration_ms=30, score=0.7)
    watched.refuse(5)
    watched.check(watched.rules(a=rule(measure, above=bound), b=rule(measure, above=bound * 1.3)))
    assert [data["name"] for _, _, data in watched.told()] == ["a"]


def test_nothing_to_measure_is_no_alert(watched: Watched) -> None:
    watched.check(watched.rules(slow=rule("p99_ms", below=5), some=rule("error_rate", below=0.5)))
    assert watched.told() == []


def test_drift_is_an_alert_by_its_own_thresholds(watched: Watched) -> None:
    watched.promote()
    rules = watched.rules(
        all=rule("drift"), labels=rule("drift.labels"), images=rule("drift.images")
    )
    watched.see(250)
    watched.check(rules)
    assert watched.told() == []
    watched.see(20_000, darker=0.3)
    watched.check(rules)
    assert {data["name"] for _, _, data in watched.told()} == {"all", "images"}


def test_the_watch_looks_by_itself(watched: Watched) -> None:
    watched.refuse(10)
    watch = AlertWatch(watched.engine, watched.rules(errors=rule(above=0.1)))
    watch.start()
    until(lambda: bool(watched.told()), 20)
    watch.stop()
    watch.stop()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"measure": "error_rate"}, "needs one of above and below"),
        ({"measure": "error_rate", "above": 1, "below": 0}, "needs one of above and below"),
        ({"measure": "drift", "above": 1}, "has thresholds of its own"),
        ({"measure": "p42_ms", "above": 1}, "p50_ms"),
        ({"measure": "refusals", "above": 1, "window": "5s"}, "shorter than 10s"),
        ({"measure": "refusals", "above": 1, "lasting": "soon"}, "is no age"),
        ({"measure": "refusals", "above": 1, "app": "cell"}, "'cell' is not one of blood-cells"),
    ],
)
def test_rules_that_do_not_fit(fields: dict[str, object], said: str) -> None:
    apps = {"blood_cells": {"task": "detection", "labels": ["RBC"]}}
    with pytest.raises(ValidationError, match=said):
        Settings(apps=apps, alerts={"one": fields})  # type: ignore[arg-type]
