"""The server as a process: its lock, its end, and what waits."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest

from millpond.errors import Busy, ProjectError
from millpond.serving.gate import Gate
from millpond.serving.server import bound, only_server
from millpond.settings import AppSection, ServerSection, Settings
from serving.helpers import Served, picture, taken

PREDICT = "/api/v1/apps/blood-cells/predict"

#: In the end it says how many objects are still set aside from the garbage collector: their
#: libraries would take them for leaked.
_UP = """
import gc
import sys
from pathlib import Path
from millpond.project import Project
from millpond.settings import AppSection, Settings

settings = Settings(apps={"blood_cells": AppSection(task="detection", labels=("RBC",))})
with Project(Path(sys.argv[1]), settings) as project:
    print(project.access.create_token("test", "admin", by="os:test"), flush=True)
    project.serve(port=0, on_ready=lambda url: print(url, flush=True))
print("closed", gc.get_freeze_count(), flush=True)
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], httpx.Client]:
    process = subprocess.Popen(
        [sys.executable, "-c", _UP, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    token, url = process.stdout.readline().strip(), process.stdout.readline().strip()
    headers = {"Authorization": f"Bearer {token}"}
    return process, httpx.Client(base_url=url, headers=headers, timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_what_is_under_way_and_closes(tmp_path: Path, number: signal.Signals) -> None:
    process, client = start(tmp_path)
    with client, ThreadPoolExecutor(8) as pool:
        first = client.post(PREDICT, content=picture())
        assert first.status_code == 200
        under_way = [pool.submit(client.post, PREDICT, content=picture(n)) for n in range(8)]
        under_way[0].result()
        asked = time.monotonic()
        process.send_signal(number)
        for waiting in under_way:
            try:
                assert waiting.result().status_code == 200
            except httpx.TransportError:
                continue  # It came after the end was asked for.
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - asked < 20
    assert process.returncode == 0
    assert out.endswith("closed 0\n")


def test_it_ends_well_as_soon_as_it_is_ready(tmp_path: Path) -> None:
    for _ in range(5):
        process, client = start(tmp_path)
        client.close()
        process.terminate()
        out, said = process.communicate(timeout=20)
        assert (process.returncode, out, said) == (0, "closed 0\n", "")


def test_a_second_server_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    process, client = start(tmp_path)
    with client:
        with (
            pytest.raises(ProjectError, match=f"process {process.pid}"),
            only_server(tmp_path / "lake"),
        ):
            pass
        process.kill()
        process.communicate()
    with only_server(tmp_path / "lake"):
        assert (tmp_path / "lake" / "up.lock").read_text() == f"{os.getpid()}\n"


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with (
        bound("127.0.0.1", 0) as listening,
        pytest.raises(ProjectError, match="choose another with --port"),
        bound("127.0.0.1", listening.getsockname()[1]),
    ):
        pass


def test_a_port_can_be_had_again_at_once() -> None:
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listening.accept()[0].close()
    with bound("127.0.0.1", port):
        pass


def test_beyond_what_may_wait_it_is_busy(make_server: Callable[[Settings], Served]) -> None:
    served = make_server(
        Settings(
            apps={"blood_cells": AppSection(task="detection", labels=("RBC",))},
            server=ServerSection(threads=1, waiting=1),
        )
    )
    client = served.client("user")
    with ThreadPoolExecutor(3) as pool:
        # Nobody sees anything while the one core is taken, so two wait and one is sent away.
        with taken(served.services.predict.compute):
            sent = [pool.submit(client.post, PREDICT, content=picture(n)) for n in range(3)]
            first = next(as_completed(sent)).result()
            assert first.status_code == 503
            assert first.headers["Retry-After"] == "1"
        assert sorted(answer.result().status_code for answer in sent) == [200, 200, 503]
    deadline = time.monotonic() + 10
    while not served.rows("select status from refusals") and time.monotonic() < deadline:
        time.sleep(0.05)  # It is written a little later.
    assert served.rows("select status from refusals") == [(503,)]


def test_the_gate_counts_requests_and_bytes() -> None:
    gate = Gate(2, 0, 100)
    with gate.admitted(1000), pytest.raises(Busy, match="1 predictions"), gate.admitted(1):
        pass
    with gate.admitted(60):
        with pytest.raises(Busy), gate.admitted(60):
            pass
        with gate.admitted(40), pytest.raises(Busy), gate.admitted(0):
            pass
    with gate.admitted(100):
        pass
