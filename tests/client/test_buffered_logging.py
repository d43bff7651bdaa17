"""A logger against a real server that is away, stopped, killed and refusing: once each, always."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import millpond
from millpond.client import logger as loggers
from millpond.client.client import Client
from millpond.client.logger import Logger
from millpond.errors import Conflict, DiskFull, Invalid
from millpond.values import Prediction
from running import Server

FOUND = [{"label": "a", "score": 0.9, "box": [1, 2, 30, 40]}]

#: Logs for ever, and says of each record that it was kept.
WRITER = """
import sys
from millpond import Logger, Prediction
url, token, buffer, image = sys.argv[1:]
logger = Logger(url, buffer, app="cells", token=token)
number = 0
while True:
    number += 1
    told = {"label": "a", "score": 0.5, "box": [0, 0, 1 + number % 30, 5]}
    print(logger.log(image, model="cells:3", predictions=[told]), flush=True)
"""


def png(seed: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, seed // 256, 7)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loggers, "_PATIENCE", 0.5)
    monkeypatch.setattr(loggers, "_LAST_PAUSE", 0.3)


@pytest.fixture
def make_logger(server: Server, tmp_path: Path) -> Iterator[Callable[..., Logger]]:
    made: list[Logger] = []

    def make(**options: Any) -> Logger:
        options = {"url": server.url, "token": server.token, "app": "cells", **options}
        made.append(Logger(options.pop("url"), tmp_path / "buffer", **options))
        return made[-1]

    yield make
    for logger in made:
        logger.close(0)


def recorded(server: Server) -> list[str]:
    """The ids of the inferences that the server has, each as often as it has it."""
    with millpond.open(server.project) as project:
        table = project.query("select inference_id from inferences")
    return sorted(table.column(0).to_pylist())


def again(server: Server) -> None:
    """Have the server serve again, where it did before."""
    server.port = int(server.url.rsplit(":", 1)[1])
    token = server.token
    server.start()
    server.token = token


def test_what_is_logged_reaches_the_server(
    server: Server, make_logger: Callable[..., Logger]
) -> None:
    with closing(make_logger()) as logger:
        image = png()
        first = logger.log(image, model="cells:3", predictions=FOUND, duration_ms=3, subject="Ann")
        assert logger.flush(20)
        with millpond.open(server.url, token=server.token) as client:
            assert isinstance(client, Client)
            kept = client.inference(first)
            assert (kept["model_version"], kept["duration_ms"]) == ("cells:3", 3)
            about = {"object_id": kept["object_id"]}
            seen = [Prediction("b", 0.25, millpond.Box(0, 0, 5, 5))]
            second = logger.log(model="cells:4", predictions=seen, **about)
            assert logger.flush(20)
            [found] = client.inference(second)["predictions"]
            assert (found["label"], found["score"], found["box"]) == ("b", 0.25, [0, 0, 5, 5])
            # The same, waiting for the answer.
            told: dict[str, Any] = {"model": "cells:3", "predictions": FOUND, "subject": "Ann"}
            direct = client.log(image, key="k", **told)
            assert direct["object_id"] == kept["object_id"]
            assert client.log(image, key="k", **told) == direct
            with pytest.raises(Invalid, match="prediction 1 of 1: label 'c'"):
                client.log(image, model="cells:3", predictions=[{**FOUND[0], "label": "c"}])
        state = logger.state
        assert (state.waiting, state.sent, state.refused, state.problem) == (0, 2, 0, None)
        with pytest.raises(Conflict):
            make_logger()


def test_what_the_server_will_not_take_is_set_aside_and_the_rest_goes_on(
    server: Server, make_logger: Callable[..., Logger], tmp_path: Path
) -> None:
    logger = make_logger()
    wrong = logger.log(png(), model="cells:3", predictions=[{**FOUND[0], "label": "c"}])
    right = [logger.log(png(n), model="cells:3", predictions=FOUND) for n in range(3)]
    no_image = logger.log(b"no image", model="cells:3", predictions=[])
    assert logger.flush(20)
    assert recorded(server) == sorted(right)
    assert logger.state.refused == 2
    aside = tmp_path / "buffer" / "refused"
    assert "label 'c' is not one of a, b" in (aside / f"{wrong}.reason").read_text()
    assert "looks like" in (aside / f"{no_image}.reason").read_text()
    with pytest.raises(Invalid, match="is no JSON"):
        logger.log(png(), model="cells:3", predictions=[{"label": object()}])
    logger.close()
    # Moved back, it is sent again by the next one.
    (aside / wrong).rename(tmp_path / "buffer" / wrong)
    after = make_logger()
    assert after.flush(20)
    assert after.state.refused == 2


def test_nobody_waits_for_a_server_that_is_away_stopped_or_killed(
    server: Server, make_logger: Callable[..., Logger]
) -> None:
    logger = make_logger()
    ids: list[str] = []

    def log(count: int) -> None:
        started = time.perf_counter()
        for _ in range(count):
            ids.append(logger.log(png(len(ids)), model="cells:3", predictions=FOUND))
        assert time.perf_counter() - started < 5

    log(20)
    server.kill()
    log(20)
    again(server)
    log(5)
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    log(5)
    # Long enough to be given up by the logger, and answered twice by the server.
    time.sleep(1)
    server.process.send_signal(signal.SIGCONT)
    assert logger.flush(30), logger.state
    assert logger.state.problem is None
    server.stop()
    log(3)
    logger.close(0)
    again(server)
    with closing(make_logger()) as rest:
        assert rest.flush(20)
        assert rest.state.sent == 3
    assert recorded(server) == sorted(ids)


def test_a_process_killed_at_any_instant_loses_and_doubles_nothing(
    server: Server, make_logger: Callable[..., Logger], tmp_path: Path
) -> None:
    image = tmp_path / "image.png"
    image.write_bytes(png())
    draw = random.Random(7)
    told: set[str] = set()
    for turn in range(3):
        command = [sys.executable, "-c", WRITER, server.url, server.token]
        writer = subprocess.Popen(
            [*command, tmp_path / "buffer", image], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        told.add(writer.stdout.readline().strip())
        time.sleep(draw.uniform(0.05, 0.3))
        if turn == 1:
            server.kill()
            time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
        told |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        writer.wait()
        writer.stdout.close()
        if turn == 1:
            again(server)
    with closing(make_logger()) as rest:
        assert rest.flush(60)
    kept = recorded(server)
    assert len(kept) == len(set(kept))
    assert told <= set(kept)
    assert len(kept) <= len(told) + 3, "one at most was kept and not told, each time"


def test_a_full_buffer_says_so_or_gives_up_the_oldest(
    server: Server, make_logger: Callable[..., Logger]
) -> None:
    server.kill()
    record = len(png()) + 300
    logger = make_logger(megabytes=3 * record / 1024**2)
    ids: list[str] = []
    with pytest.raises(DiskFull, match="is the server up"):
        while True:
            ids.append(logger.log(png(len(ids)), model="cells:3", predictions=FOUND))
    logger.close(0)
    dropping = make_logger(megabytes=3 * record / 1024**2, when_full="drop")
    ids += [dropping.log(png(9), model="cells:3", predictions=FOUND) for _ in range(6)]
    dropped = dropping.state.dropped
    assert dropped >= 3
    again(server)
    assert dropping.flush(20)
    kept = recorded(server)
    assert set(kept) <= set(ids)
    assert len(kept) == len(ids) - dropped
    assert kept[-1] == ids[-1]


@contextmanager
def front(answers: list[tuple[int, dict[str, str], dict[str, Any]]]) -> Iterator[tuple[str, list]]:
    """A server in between, which answers what it is told; and when it was asked for which id."""
    asked: list[tuple[float, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = json.loads(body)
            asked.append((time.monotonic(), found["inference_id"]))
            status, headers, document = answers.pop(0) if answers else (201, {}, {})
            content = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


PROBLEM = {"Content-Type": "application/problem+json"}


def test_it_comes_back_when_it_was_told_to_and_with_the_same_id(tmp_path: Path) -> None:
    busy = (503, {**PROBLEM, "Retry-After": "1"}, {"detail": "busy"})
    proxy = (404, {"Content-Type": "text/html"}, {})
    for_now = [(status, PROBLEM, {"detail": "later"}) for status in (401, 403, 429, 500, 507)]
    with front([busy, proxy, *for_now]) as (url, asked):
        with Logger(url, tmp_path, app="cells") as logger:
            wanted = logger.log(model="cells:3", predictions=FOUND, object_id="7")
            assert logger.flush(20)
            assert logger.state.refused == 0
        assert [found for _, found in asked] == [wanted] * 8
        assert asked[1][0] - asked[0][0] >= 1, "Retry-After"


def test_what_the_server_fails_on_holds_up_nothing_else(tmp_path: Path) -> None:
    fails = (500, PROBLEM, {"detail": "a bug"})
    with front([fails]) as (url, asked), Logger(url, tmp_path, app="cells") as logger:
        first = logger.log(model="cells:3", predictions=FOUND, object_id="7")
        second = logger.log(model="cells:3", predictions=FOUND, object_id="8")
        assert logger.flush(20)
        found = Counter(inference_id for _, inference_id in asked)
        assert set(found) == {first, second}
        assert sorted(found.values()) == [1, 2]
        assert logger.state.problem is None
