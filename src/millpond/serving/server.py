"""The server process: one per project folder, ready when it says so, and ended with care."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from millpond.errors import ProjectError
from millpond.pipelines.workers import Workers
from millpond.serving.app import create_app
from millpond.serving.services import Services

#: Seconds that requests under way may take after the signal to end.
_GRACE = 15
#: Seconds that a connection may lie idle: longer than load balancers keep theirs, which would
#: else send a request into one that just ends.
_IDLE = 75


def serve(
    services: Services,
    lake: Path,
    host: str = "127.0.0.1",
    port: int = 8420,
    on_ready: Callable[[str], None] = lambda url: None,
    *,
    workers: Workers,
) -> None:
    """Serve a project until SIGTERM or SIGINT, then let what is under way end.

    Args:
        lake: the folder of the lake, which one server at a time may serve.
        workers: run the pipelines meanwhile.
        port: 0 takes any that is free.
        on_ready: called with the URL once requests are answered.

    Raises:
        ProjectError: another server has the project, or the port is taken.
    """
    with only_server(lake), bound(host, port) as listening, workers:
        app = create_app(services)

        def end() -> None:
            app.state.ending.set()
            workers.stop()

        _run(_Server(configuration(app), _url(listening), on_ready, end), listening)
        app.state.refusals.flush()


@contextmanager
def only_server(lake: Path) -> Iterator[None]:
    """Hold the lock of the server; the system frees it, also after a SIGKILL.

    Raises:
        ProjectError: another process holds it; the message names it.
    """
    lake.mkdir(parents=True, exist_ok=True)
    path = lake / "up.lock"
    with open(path, "a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ProjectError(
                f"{lake.parent} is served already, by process {file.read().strip() or '?'}; "
                "end that one first"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens, before anything slow is begun.

    Raises:
        ProjectError: the address cannot be had; the message says what to try.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ProjectError(
                f"cannot listen on {host} port {port}: {error}; choose another with --port"
            ) from error
        listening.listen(1024)
        yield listening


def configuration(app: ASGIApp) -> uvicorn.Config:
    """How Uvicorn serves the application."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        # The address of the caller is that of the connection, whatever a header says.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_IDLE,
    )


class _Server(uvicorn.Server):
    """Says when it is ready, and when it begins to end."""

    def __init__(
        self,
        config: uvicorn.Config,
        url: str,
        on_ready: Callable[[str], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._url = url
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready(self._url)
            # What is here by now stays: to look through it for garbage again and again
            # would hold up every answer for a tenth of a second.
            gc.collect()
            gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let those know who would wait too long, then let requests under way end."""
        gc.unfreeze()
        self._on_end()
        await super().shutdown(sockets)


def _run(server: _Server, listening: socket.socket) -> None:
    # Uvicorn raises the signals that it caught once more when it has ended; the
    # caller is to go on and close the project, so there they do nothing.
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
