"""A real S3 server in a process of its own, and a bad line to it.

The server is moto's; the line is a proxy that spoils every so-many-th request.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

#: What can happen to a request: half an answer, an answer 503, half an answer before silence,
#: no answer, and silence.
FAULTS = ("half", "error", "half-stall", "close", "stall")

_BUCKET = "pictures"
_SERVE = """
import json, sys
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import s3_backends

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
store = s3_backends["123456789012"]["aws"]
store.create_bucket(sys.argv[1], "us-east-1")
print(json.dumps(server.get_host_and_port()), flush=True)
for line in sys.stdin:
    for key, text in json.loads(line).items():
        store.put_object(sys.argv[1], key, text.encode("latin-1"))
    print("kept", flush=True)
"""


@dataclass
class S3Server:
    """A server with one bucket, ``s3://pictures``."""

    process: subprocess.Popen[str]
    address: tuple[str, int]

    def put(self, objects: dict[str, bytes]) -> None:
        """Keep objects: their bytes by their keys."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        texts = {key: data.decode("latin-1") for key, data in objects.items()}
        self.process.stdin.write(json.dumps(texts) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "kept\n"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server, until the end of the block."""
    pytest.importorskip("moto", reason="needs pip install 'millpond[test]'")
    pytest.importorskip("obstore", reason="needs pip install 'millpond[s3]'")
    command = [sys.executable, "-c", _SERVE, _BUCKET]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            host, port = json.loads(process.stdout.readline())
            yield S3Server(process, (host, port))
        finally:
            process.kill()


def use(monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]) -> None:
    """Have this process, and its children, find S3 there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*address))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@dataclass
class BadLine:
    """A proxy; `happened` counts what it did to requests, by `FAULTS`, or ``passed``."""

    address: tuple[str, int]
    happened: Counter[str] = field(default_factory=Counter)


@contextmanager
def bad_line(server: S3Server, every: int) -> Iterator[BadLine]:
    """A proxy that does one of `FAULTS`, in turn, to every so-many-th request."""
    over = threading.Event()
    numbers, faults = itertools.count(1), itertools.cycle(FAULTS)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with lock:
                fault = "passed" if next(numbers) % every else next(faults)
                line.happened[fault] += 1
            if fault == "error":
                self._answer(503, [], b"<Error><Code>SlowDown</Code></Error>")
            elif fault in ("stall", "close"):
                self._leave(stalled=fault == "stall")
            else:
                status, headers, body = self._ask()
                self._answer(status, headers, body, whole=fault == "passed")
                if fault != "passed":
                    self._leave(stalled=fault == "half-stall")

        def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
            self.client.request("GET", self.path, headers=dict(self.headers))
            answer = self.client.getresponse()
            body = answer.read()
            dropped = ("connection", "content-length", "transfer-encoding")
            kept = [pair for pair in answer.getheaders() if pair[0].lower() not in dropped]
            return answer.status, kept, body

        def _answer(
            self, status: int, headers: list[tuple[str, str]], body: bytes, whole: bool = True
        ) -> None:
            self.send_response_only(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if whole else body[: len(body) // 2])

        def _leave(self, stalled: bool) -> None:
            if stalled:
                over.wait(60)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def handle(self) -> None:
            self.client = http.client.HTTPConnection(*server.address)
            # Clients go when they have waited enough.
            with contextlib.closing(self.client), contextlib.suppress(OSError):
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        proxy.daemon_threads = True
        line = BadLine(("127.0.0.1", proxy.server_address[1]))
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield line
        finally:
            over.set()
            proxy.shutdown()
            thread.join()
