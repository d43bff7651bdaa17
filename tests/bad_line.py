"""A bad line to a TCP server: a proxy that stalls, delays and cuts what goes through it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PART = 1 << 16


class BadLine:
    """A proxy in front of an address; at first it is a good line.

    Args:
        to: host and port of the server.
    """

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._delay = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the proxy."""
        host, port = self._listening.getsockname()
        return host, port

    def stall(self) -> None:
        """Have nothing go through, and say nothing of it."""
        self._flowing.clear()

    def delay(self, seconds: float) -> None:
        """Have everything take so much longer, in each direction."""
        self._delay = seconds

    def mend(self) -> None:
        """Be a good line again; what was held up goes through."""
        self._delay = 0.0
        self._flowing.set()

    def cut(self) -> None:
        """End every connection, whatever is on its way."""
        with self._lock:
            for one in self._open:
                _end(one)

    def close(self) -> None:
        """End the proxy."""
        _end(self._listening)
        self._listening.close()
        self.mend()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._to)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            with self._lock:
                self._open |= {client, server}
            back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
            back.start()
            self._pass_on(client, server)
            back.join()
            with self._lock:
                self._open -= {client, server}

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(_PART):
                self._flowing.wait()
                if self._delay:
                    time.sleep(self._delay)
                target.sendall(part)
        _end(source)
        _end(target)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def bad_line(to: tuple[str, int]) -> Iterator[BadLine]:
    """A proxy, until the end of the block."""
    line = BadLine(to)
    try:
        yield line
    finally:
        line.close()
