"""Live metrics, Prometheus and alerts over HTTP, while predictions come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from millpond.settings import AlertSection, MetricsSection, Settings
from millpond.streaming.workers import ConsumerGroups
from running import Server, millpond
from serving.helpers import Served, picture

ROUTES = ("/api/v1/metrics/live", "/api/v1/alerts", "/metrics")


@pytest.fixture
def counted(cells: Served) -> Iterator[Served]:
    """A server that counts what it predicts."""
    groups = ConsumerGroups(cells.layers.commit, cells.layers.consumer_groups())
    groups.start()
    yield cells
    groups.stop()


def predict(client: httpx.Client, numbers: range, app: str = "blood-cells") -> list[dict[str, Any]]:
    answers = [
        client.post(f"/api/v1/apps/{app}/predict", content=picture(number)) for number in numbers
    ]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


def live(client: httpx.Client, window: str = "1h", **parameters: str) -> dict[str, Any]:
    """The window of the first application."""
    answer = client.get("/api/v1/metrics/live", params={"window": window, **parameters})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["apps"][0]["windows"][0]
    return found


def until(look: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.02)


def test_what_is_predicted_is_in_the_live_window(counted: Served) -> None:
    client = counted.client()
    answers = predict(client, range(12))
    until(lambda: live(client)["inferences"] == 12)
    window = live(client)
    assert window["predictions"] == sum(len(answer["predictions"]) for answer in answers)
    took = sorted(answer["duration_ms"] for answer in answers)
    assert window["latency_ms"]["p50"] == pytest.approx((took[5] + took[6]) / 2, rel=0.011)
    assert {one["label"]: one["inferences"] for one in window["labels"]} == {"RBC": 12}
    assert [one["model_version"] for one in window["models"]] == [answers[0]["model_version"]]
    assert sum(window["brightness"]) == 12


def test_live_and_hourly_agree(counted: Served) -> None:
    client = counted.client()
    predict(client, range(20))
    until(lambda: live(client)["inferences"] == 20)
    [row] = counted.layers.query("select * from metrics_hourly").to_pylist()
    [label] = live(client)["labels"]
    assert (label["label"], label["inferences"]) == (row["label"], row["inferences"])
    assert label["predictions"] == row["predictions"]
    assert label["mean_score"] == pytest.approx(row["mean_score"], rel=0.01)
    for name in ("p50", "p99"):
        assert label["latency_ms"][name] == pytest.approx(row[f"{name}_ms"], rel=0.011)


def test_refusals_are_counted_by_status(counted: Served) -> None:
    client = counted.client()
    client.post("/api/v1/apps/blood-cells/predict", content=b"no image")
    client.post("/api/v1/apps/blood-cells/predict?threshold=9", content=picture())
    predict(client, range(2))
    until(lambda: sum(live(client)["refusals"].values()) == 2)
    until(lambda: live(client)["inferences"] == 2)
    assert live(client)["refusals"] == {"400": 1, "422": 1}
    assert live(client)["error_rate"] == 0.5


def test_a_stream_tells_what_is_new(counted: Served) -> None:
    client = counted.client()
    headers = {"Accept": "text/event-stream"}
    with client.stream("GET", "/api/v1/metrics/live?window=1m", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = (line[6:] for line in stream.iter_lines() if line.startswith("data: "))
        assert _inferences(next(events)) == 0
        predict(counted.client(name="other"), range(3))
        assert any(_inferences(event) == 3 for event in events)


def _inferences(event: str) -> int:
    return int(json.loads(event)["apps"][0]["windows"][0]["inferences"])


def test_prometheus_reads_it(counted: Served) -> None:
    client = counted.client("engineer")
    predict(client, range(5))
    client.post("/api/v1/apps/blood-cells/predict", content=b"no image")
    until(lambda: live(client)["inferences"] == 5 and bool(live(client)["refusals"]))
    found = _samples(client)
    version = counted.services.registry.champion("blood-cells")
    of = {"app": "blood-cells", "model_version": version}
    assert found[_key("millpond_inferences_total", **of)] == 5
    assert found[_key("millpond_predictions_total", label="RBC", **of)] == 5
    assert found[_key("millpond_refusals_total", app="blood-cells", status="400")] == 1
    assert found[_key("millpond_inference_seconds_count", **of)] == 5
    assert found[_key("millpond_inference_seconds_bucket", le="+Inf", **of)] == 5
    assert found[_key("millpond_predictions_under_way")] == 0
    assert any(name == "process_resident_memory_bytes" for name, _ in found)


def _samples(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_see_it(served: Served, route: str) -> None:
    assert served.open().get(route).status_code == 401
    for role, status in (
        ("user", 403),
        ("reviewer", 403),
        ("officer", 403),
        ("scientist", 200),
        ("engineer", 200),
        ("admin", 200),
    ):
        assert served.client(role).get(route).status_code == status, role


def test_a_token_of_one_application_sees_that_alone(counted: Served) -> None:
    predict(counted.client(), range(1))
    until(lambda: live(counted.client(name="a"))["inferences"] == 1)
    client = counted.client("engineer", name="fruits", app="fruits")
    answer = client.get("/api/v1/metrics/live").json()
    assert [app["app"] for app in answer["apps"]] == ["fruits"]
    assert client.get("/api/v1/metrics/live?app=blood-cells").status_code == 403
    assert client.get("/api/v1/alerts?app=blood_cells").status_code == 403
    found = client.get("/metrics").text
    assert "blood-cells" not in found
    assert "process_" not in found


@pytest.mark.parametrize(
    ("query", "status"), [("window=9s", 422), ("window=often", 422), ("app=birds", 404)]
)
def test_what_cannot_be_asked(served: Served, query: str, status: int) -> None:
    assert served.client().get(f"/api/v1/metrics/live?{query}").status_code == status


def test_alerts_are_listed(make_server: Callable[[Settings], Served], settings: Settings) -> None:
    rules = {"few": AlertSection(measure="inferences", app="fruits", below=5)}
    served = make_server(settings.model_copy(update={"alerts": rules}))
    with served.services.engine.connect() as connection:
        served.layers.alert_rules.check(connection)
    client = served.client("scientist")
    [alert] = client.get("/api/v1/alerts").json()["alerts"]
    assert (alert["name"], alert["app"], alert["value"]) == ("few", "fruits", 0)
    assert alert["resolved_at"] is None
    assert client.get("/api/v1/alerts?app=blood-cells").json() == {"alerts": []}
    assert 'millpond_alert_raised{app="fruits",name="few"} 1.0' in client.get("/metrics").text


def test_without_live_metrics_nothing_is_counted(
    make_server: Callable[[Settings], Served], settings: Settings
) -> None:
    served = make_server(settings.model_copy(update={"metrics": MetricsSection(live=False)}))
    assert served.layers.consumer_groups() == []


def test_a_server_counts_by_itself_and_ends_while_someone_looks(
    new_project: Callable[..., Path],
) -> None:
    project = new_project("--app", "cells", "--task", "detection", "--labels", "a,b")
    with (project / "millpond.toml").open("a") as file:
        file.write('\n[alerts.few]\nmeasure = "inferences"\nbelow = 1000\n')
    server = Server(project).start()
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "text/event-stream"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        predict(client, range(3), "cells")
        with client.stream("GET", "/api/v1/metrics/live") as stream:
            events = (line[6:] for line in stream.iter_lines() if line.startswith("data: "))
            assert any(_inferences(event) == 3 for event in events)
            until(lambda: bool(millpond("alerts", project=project)["alerts"]))
            started = time.monotonic()
            assert server.stop() == 0
    assert time.monotonic() - started < 8
    [alert] = millpond("alerts", "--app", "cells", project=project)["alerts"]
    assert (alert["name"], alert["resolved_at"]) == ("few", None)
