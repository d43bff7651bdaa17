"""Pipelines beside a real server: by themselves, when asked for, and through its end."""

from __future__ import annotations

import io
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from millpond.history.history import History
from millpond.testing.engine import descendants
from running import MILLPOND, Server, millpond


@pytest.fixture(autouse=True)
def only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have servers begin nothing by themselves, however long a test takes."""
    for name in ("HISTORY", "VIEWS"):
        monkeypatch.setenv(f"MILLPOND_PIPELINES__{name}__SCHEDULE", "never")


@pytest.fixture
def every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have servers load the history when there is anything to load."""
    monkeypatch.setenv("MILLPOND_PIPELINES__HISTORY__SCHEDULE", "every 1s")


def client(server: Server) -> httpx.Client:
    headers = {"Authorization": f"Bearer {server.token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60)


def predict(web: httpx.Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "PNG")
    web.post("/api/v1/apps/cells/predict", content=out.getvalue()).raise_for_status()


def statuses(web: httpx.Client) -> list[str]:
    """Of the runs, newest first."""
    return [run["status"] for run in web.get("/api/v1/runs").json()["runs"]]


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What something finds, as soon as it does."""
    deadline = time.monotonic() + seconds
    while not (what := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what


@pytest.mark.usefixtures("every_second")
def test_a_schedule_runs_by_itself_when_there_is_something_to_do(server: Server) -> None:
    with client(server) as web:
        predict(web)
        [run] = until(
            lambda: [run for run in web.get("/api/v1/runs").json()["runs"] if run["rows"]]
        )
        assert (run["pipeline"], run["status"]) == ("history", "done")
        assert run["requested_by"] == "schedule"
        time.sleep(2.5)
        assert [each["run_id"] for each in web.get("/api/v1/runs").json()["runs"]] == [
            run["run_id"]
        ]
        report = web.get(f"/api/v1/runs/{run['run_id']}").json()
        assert [step["name"] for step in report["steps"]] == ["load"]
        assert report["log"]
        assert web.get("/api/v1/runs/x").status_code == 404


def test_a_server_ends_while_a_pipeline_is_under_way_and_the_next_goes_on(server: Server) -> None:
    project = server.project
    history = History(project / "lake" / "history")
    with client(server) as web, ThreadPoolExecutor() as pool:
        predict(web)
        with history.locked():
            asked = pool.submit(web.post, "/api/v1/runs", json={"pipeline": "history"})
            until(lambda: statuses(web) == ["running"])
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 20
        answer = asked.result()
        assert answer.status_code == 503
        assert "goes on when it is started again" in answer.json()["detail"]
    [run] = millpond("runs", project=project)
    assert run["status"] == "interrupted"
    server.start()
    with client(server) as web:
        until(lambda: statuses(web) == ["done"])
        [done] = web.get("/api/v1/runs").json()["runs"]
        assert done["run_id"] == run["run_id"]
        assert done["rows"] > 0


def test_a_killed_server_leaves_no_child_and_the_next_run_goes_on(server: Server) -> None:
    project = server.project
    history = History(project / "lake" / "history")
    with client(server) as web, ThreadPoolExecutor() as pool, history.locked():
        predict(web)
        pool.submit(web.post, "/api/v1/runs", json={"pipeline": "history"})
        until(lambda: statuses(web) == ["running"])
        server.kill()
        until(lambda: millpond("runs", project=project)[0]["status"] == "interrupted")
    assert millpond("run", "history", project=project)["rows"] == 0
    newest, killed = millpond("runs", project=project)
    assert (newest["status"], killed["status"]) == ("done", "done")
    assert killed["rows"] > 0


def test_a_pipeline_steps_back_for_those_who_wait_for_an_answer(server: Server) -> None:
    assert server.process is not None
    history = History(server.project / "lake" / "history")
    with client(server) as web, ThreadPoolExecutor() as pool:
        predict(web)
        with history.locked():
            asked = pool.submit(web.post, "/api/v1/runs", json={"pipeline": "history"})
            until(lambda: statuses(web) == ["running"])
            [child] = descendants(server.process.pid)
            ours = os.getpriority(os.PRIO_PROCESS, server.process.pid)
            threads = Path("/proc", str(child), "task").iterdir()
            nice = [os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in threads]
            assert os.getpriority(os.PRIO_PROCESS, child) == 19
            # But for what others may wait for: the thread that commits, and the one that began
            # it; and the one that ends all when the server does.
            assert nice.count(ours) == 3
        assert asked.result().json()["rows"] > 0


def test_a_run_beside_a_server_waits_for_its_turn(server: Server) -> None:
    project = server.project
    history = History(project / "lake" / "history")
    command = [*MILLPOND, "run", "history", "--project", str(project)]
    with client(server) as web, ThreadPoolExecutor() as pool:
        predict(web)
        with history.locked():
            asked = pool.submit(web.post, "/api/v1/runs", json={"pipeline": "history"})
            until(lambda: statuses(web) == ["running"])
            beside = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            until(lambda: statuses(web) == ["queued", "running"])
        assert asked.result().json()["rows"] > 0
        out, _ = beside.communicate(timeout=60)
        assert out.startswith("history: done, 0 rows in ")
        wrong = web.post("/api/v1/runs", json={"pipeline": "history", "older_than": "7d"})
        assert (wrong.status_code, wrong.json()["title"]) == (422, "Invalid")
