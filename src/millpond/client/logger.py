"""A logger: predictions of another model server, kept here at once and sent when it can be.

Nothing that asks it waits for the network. Each record has its id before it is kept, so
sending it again, after a lost answer or a kill at any instant, keeps it once.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, Unpack

from millpond.client.buffer import Buffer, WhenFull
from millpond.client.connection import Connection
from millpond.client.recording import Record, image_bytes
from millpond.errors import (
    Busy,
    Conflict,
    Corrupted,
    DiskFull,
    Invalid,
    NotAllowed,
    NotAnImage,
    NotFound,
    NotSignedIn,
    Throttled,
    TooLarge,
    Unsupported,
)
from millpond.values import Prediction, Told, app_route, check_app_name, inference_document, new_id

#: Records that are on their way at once, each over a connection that is kept: the server
#: writes what comes together in one commit.
_AT_ONCE = 4
#: Seconds without a byte after which the server counts as lost.
_PATIENCE = 30.0
#: Seconds before another attempt: the first one, doubled each time, up to the last.
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 30.0

#: What the server will not take, however often it is sent.
_FOR_GOOD = (NotAnImage, NotFound, Conflict, TooLarge, Unsupported, Invalid, Corrupted)
#: What holds for every record, until something is done about it.
_FOR_NOW = (Busy, DiskFull, NotAllowed, NotSignedIn, Throttled)


@dataclass(frozen=True)
class LoggerState:
    """How a logger is doing.

    Args:
        waiting: records that the server has not got yet.
        bytes: of the buffer.
        sent: records that the server has kept since the logger was made.
        dropped: given up since then, for newer ones.
        refused: that the server will not take; they lie in the folder ``refused`` of the
            buffer, each with the reason.
        problem: why the latest attempt failed; None where it did not.
    """

    waiting: int
    bytes: int
    sent: int
    dropped: int
    refused: int
    problem: str | None


class Logger:
    """Records predictions of another model server. Many threads may use one.

    Args:
        url: where Millpond is served, such as ``http://127.0.0.1:8420``.
        buffer: a folder in which records wait; one process uses it at a time. What was left
            in it is sent.
        app: the application that they are of.
        token: made by ``millpond token create``.
        megabytes: most that the buffer holds.
        when_full: ``raise`` refuses a new record then; ``drop`` gives up the oldest for it.

    Raises:
        Conflict: another process uses the buffer.
    """

    def __init__(
        self,
        url: str,
        buffer: Path | str,
        *,
        app: str,
        token: str | None = None,
        megabytes: float = 1024,
        when_full: WhenFull = "raise",
    ) -> None:
        self._app = check_app_name(app)
        self._buffer = Buffer(Path(buffer), int(megabytes * 1024 * 1024), when_full)
        self._server = Connection(url, token, patience=_PATIENCE)
        self._sent = self._failed = 0
        self._problem: str | None = None
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name="millpond-logger", daemon=True)
            for _ in range(_AT_ONCE)
        ]
        for thread in self._threads:
            thread.start()

    def log(
        self,
        image: bytes | str | Path | None = None,
        *,
        model: str,
        predictions: Sequence[Mapping[str, Any] | Prediction],
        **told: Unpack[Told],
    ) -> str:
        """Keep a prediction, durably, to be sent soon; the id that its inference will have.

        Args:
            image: its bytes, or the path of its file; or ``address`` or ``object_id`` says
                which it was.
            model: its name there, such as ``triton/cells:3``.
            predictions: each ``{label, score, box?}``, the box in pixels.
            told: what else is known of it; see `values.Told`.

        Raises:
            DiskFull: the buffer is full, or the disk is; nothing was kept.
            Invalid: what is told is no JSON.
        """
        told["inference_id"] = inference_id = told.get("inference_id") or new_id()
        document = inference_document(model, predictions, told)
        record = Record(app_route(self._app), document, image_bytes(image))
        self._buffer.add(inference_id, record.pack())
        return inference_id

    @property
    def state(self) -> LoggerState:
        """How it is doing."""
        buffer = self._buffer
        return LoggerState(
            buffer.waiting, buffer.size, self._sent, buffer.dropped, buffer.refused, self._problem
        )

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until the server has everything, at most some time; whether it has."""
        return self._buffer.wait_until_empty(seconds)

    def close(self, seconds: float = 5.0) -> None:
        """Send what waits, at most some time; the rest is sent by the next one of this buffer."""
        until = time.monotonic() + seconds
        self._buffer.wait_until_empty(seconds)
        self._buffer.stop()
        # Who waits for an answer is not waited for: another one may send the same again.
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._buffer.close()
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while (name := self._buffer.take()) is not None:
            try:
                self._send(name)
            except Exception as error:  # Whatever it is, the thread lives on.
                self._rest(error)
                # What is the matter with this record alone lets the others go first.
                self._buffer.give_back(name, last=not isinstance(error, _FOR_NOW))

    def _rest(self, problem: Exception) -> None:
        """Leave the server alone for a while, longer each time."""
        with self._lock:
            self._problem = str(problem)
            if self._buffer.rests:
                return
            # Half of it is left to chance, so that many loggers do not come back at once.
            grown = min(_FIRST_PAUSE * 2.0**self._failed, _LAST_PAUSE) * random.uniform(0.5, 1.0)
            asked = problem.retry_after if isinstance(problem, Busy) else 0.0
            self._failed += 1
            self._buffer.rest(max(asked, grown))

    def _send(self, name: str) -> None:
        """Send a record, and forget it once the server has it, or will never take it.

        1.  The server answers when it has the record on disk.
        2.  Then it goes here. When that is lost, it is sent again, and answered again.
        """
        try:
            Record.unpack(self._buffer.read(name)).send(self._server)
        except FileNotFoundError:
            self._buffer.remove(name)  # Given up for a newer one meanwhile.
        except _FOR_GOOD as error:
            self._buffer.refuse(name, f"{error.title}: {error}")
        else:
            with self._lock:
                self._sent += 1
                self._failed, self._problem = 0, None
            self._buffer.remove(name)
