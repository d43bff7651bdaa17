"""Load from a process of its own: so many clients one after another, or so many requests a second.

It needs nothing but Python, and little of the processor, for that is the server's too. No two
images are the same bytes: each JPEG is sent with a comment of its own, which changes no pixel.
In the open loop a request is due by the clock, whether those before it were answered or not,
and its time runs from then on.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import time
from collections import Counter
from pathlib import Path

_BOUNDARY = "part-of-the-load"


class Images:
    """JPEG files, over and over, each with a comment that no other has."""

    def __init__(self, folder: Path) -> None:
        self._files = [path.read_bytes() for path in sorted(folder.iterdir())]
        self._run = os.urandom(8).hex()
        self._sent = 0

    def next(self) -> bytes:
        number, self._sent = self._sent, self._sent + 1
        data = self._files[number % len(self._files)]
        comment = f"{self._run} {number}".encode()
        size = (len(comment) + 2).to_bytes(2, "big")
        return b"".join((data[:2], b"\xff\xfe", size, comment, data[2:]))


class Target:
    """Where images go, and in which form."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.host, self.port = "127.0.0.1", asked.port
        self._form = asked.form
        kinds = {
            "raw": "image/jpeg",
            "multipart": f"multipart/form-data; boundary={_BOUNDARY}",
            "v2": "application/json",
        }
        lines = [
            f"POST {asked.path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Content-Type: {kinds[asked.form]}",
        ]
        if asked.token:
            lines.append(f"Authorization: Bearer {asked.token}")
        self._head = "\r\n".join(lines)

    def request(self, data: bytes) -> bytes:
        """A request that carries an image."""
        body = self._body(data)
        return f"{self._head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def _body(self, data: bytes) -> bytes:
        if self._form == "multipart":
            head = (
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
                'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            )
            return head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        if self._form == "v2":
            text = base64.b64encode(data).decode()
            sent = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [text]}
            return json.dumps({"inputs": [sent]}).encode()
        return data


class Connection:
    """One connection, kept open; asks one thing at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._reader: asyncio.StreamReader | None = None

    async def ask(self, data: bytes) -> int:
        """Send an image; the status of the answer, 0 where there was none.

        A connection that lay idle may have been ended by the server: like any client, this one
        then takes a new one.
        """
        idle = self._reader is not None
        try:
            if self._reader is None:
                self._reader, self._writer = await asyncio.open_connection(
                    self._target.host, self._target.port
                )
            self._writer.write(self._target.request(data))
            return await self._answer(self._reader)
        except (OSError, EOFError, ValueError) as error:
            self._reader = None
            begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if idle and not begun and not isinstance(error, ValueError):
                return await self.ask(data)
            return 0

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if b"connection: close" in head:
            self._writer.close()
            self._reader = None
        return int(head[9:12])


class Measured:
    """What was answered, and after how long."""

    def __init__(self, begins: float, ends: float) -> None:
        self._begins, self._ends = begins, ends
        self._answered: list[float] = []
        self._refused: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._in_all = 0

    def add(self, started: float, status: int) -> None:
        """Count an answer that came now; those out of the time that is measured count nothing."""
        now = time.perf_counter()
        self._in_all += status == 200
        if not self._begins <= now < self._ends:
            return
        self._statuses[status] += 1
        (self._answered if status == 200 else self._refused).append((now - started) * 1000)

    def as_dict(self) -> dict[str, object]:
        seconds = self._ends - self._begins
        return {
            "answered": len(self._answered),
            "answered_in_all": self._in_all,
            "per_second": len(self._answered) / seconds,
            "statuses": {str(status): count for status, count in self._statuses.items()},
            **{f"p{part}_ms": quantile(self._answered, part) for part in (50, 95, 99)},
            **{f"refused_p{part}_ms": quantile(self._refused, part) for part in (50, 99)},
            "refused_most_ms": max(self._refused, default=0.0),
        }


def quantile(values: list[float], part: int) -> float:
    """The value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)] if ordered else 0.0


async def closed(
    target: Target, images: Images, clients: int, found: Measured, ends: float
) -> None:
    """Clients that each send the next image when the one before is answered."""

    async def client() -> None:
        connection = Connection(target)
        while (started := time.perf_counter()) < ends:
            status = await connection.ask(images.next())
            found.add(started, status)
            if status == 503:
                await asyncio.sleep(0.1)

    await asyncio.gather(*(client() for _ in range(clients)))


async def opened(target: Target, images: Images, rate: float, found: Measured, ends: float) -> None:
    """Requests that are due by the clock, on as many connections as that takes."""
    idle: list[Connection] = []
    under_way: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        connection = idle.pop() if idle else Connection(target)
        found.add(due, await connection.ask(images.next()))
        idle.append(connection)

    due = time.perf_counter()
    while due < ends:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.ensure_future(one(due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        due += 1 / rate
    if under_way:
        await asyncio.wait(under_way, timeout=30)


async def run(asked: argparse.Namespace) -> dict[str, object]:
    target, images = Target(asked), Images(Path(asked.images))
    begins = time.perf_counter() + asked.warm
    ends = begins + asked.seconds
    found = Measured(begins, ends)
    if asked.rate:
        await opened(target, images, asked.rate, found, ends)
    else:
        await closed(target, images, asked.clients, found, ends)
    return found.as_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/predict")
    parser.add_argument("--token", default="")
    parser.add_argument("--form", choices=("raw", "multipart", "v2"), default="raw")
    parser.add_argument("--images", required=True, help="a folder of JPEG files")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second: an open loop")
    parser.add_argument("--warm", type=float, default=1.0, help="seconds before it is measured")
    parser.add_argument("--seconds", type=float, default=10.0)
    print(json.dumps(asyncio.run(run(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
