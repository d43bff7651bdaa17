"""Work on files from outside, in a process of its own that may take so much and no more.

Parent and child take turns: one sends a message, the other answers. A message is a line of
JSON and the bytes of its parts. The child ends when it has answered all, with its parent, at
the end of its time, or when it asks the system for more memory than it may have.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Self

from millpond.errors import Invalid, MillpondError, NotInstalled

_MEGABYTE = 1 << 20
_PR_SET_PDEATHSIG = 1
#: What a child may send in one message.
_MOST = 4 << 30
# Errors that a child answers with, by their names.
_ERRORS: Mapping[str, type[MillpondError]] = {
    error.__name__: error for error in (MillpondError, Invalid, NotInstalled)
}


@dataclass(frozen=True)
class Message:
    """What is sent.

    Args:
        head: as JSON can hold it.
        parts: bytes that go with it.
    """

    head: Mapping[str, Any]
    parts: tuple[bytes, ...] = ()


class LimitedChild:
    """A module of Python that runs in a process of its own. Use it in a ``with``.

    Args:
        module: its name; it calls `serve`.
        what: is done there, for messages, such as ``checking the model``.
        seconds: that all of it may take.
        memory_mb: megabytes that the process may have.
    """

    def __init__(self, module: str, what: str, *, seconds: float, memory_mb: int) -> None:
        self._what = what
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._late = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(seconds), str(memory_mb), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Nothing is fetched, whatever a checkpoint names.
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
        )
        self._timer = threading.Timer(seconds, self._end_late)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):  # What it did not read.
                pipe.close()

    def ask(self, message: Message) -> Message:
        """The child's answer to a message.

        Raises:
            Invalid: it could not do it, or not within its limits; the message says why.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, message)
        except BrokenPipeError:
            raise self._ended() from None
        answer = _read(self._process.stdout)
        if answer is None:
            raise self._ended()
        if "error" in answer.head:
            raise _ERRORS[answer.head["error"]](answer.head["message"])
        return answer

    def _end_late(self) -> None:
        self._late = True
        self._process.kill()

    def _ended(self) -> Invalid:
        code = self._process.wait()
        if self._late or code == -signal.SIGXCPU:
            return Invalid(f"{self._what} took more than {self._seconds:g} seconds")
        return Invalid(
            f"{self._what} ended with {_named(code)}; it may have needed more than "
            f"{self._memory_mb} MB of memory"
        )


def _named(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def serve(answer: Callable[[Message], Message]) -> None:
    """Answer the parent's messages, one after another, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    seconds, memory_mb, parent = (float(argument) for argument in sys.argv[1:4])
    _limit(int(seconds), int(memory_mb) * _MEGABYTE)
    _end_with(int(parent))
    # Whatever a library prints is none of the answer.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    while (message := _read(sys.stdin.buffer)) is not None:
        try:
            _write(out, answer(message))
        except MemoryError:
            text = f"it takes more than {int(memory_mb)} MB of memory"
            _write(out, Message({"error": "Invalid", "message": text}))
        except MillpondError as error:
            name = type(error).__name__ if type(error).__name__ in _ERRORS else "MillpondError"
            _write(out, Message({"error": name, "message": str(error)}))


def _limit(seconds: int, memory: int) -> None:
    """Have the system itself hold this process to its limits, on all its cores together."""
    processor = (seconds + 1) * len(os.sched_getaffinity(0))
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _end_with(parent: int) -> None:
    """Have the system end this process when its parent ends, also by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _write(pipe: IO[bytes], message: Message) -> None:
    sizes = [len(part) for part in message.parts]
    pipe.write(json.dumps({"head": message.head, "sizes": sizes}).encode() + b"\n")
    for part in message.parts:
        pipe.write(part)
    pipe.flush()


def _read(pipe: IO[bytes]) -> Message | None:
    """The next message; None where there is none, or not all of one."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    found = json.loads(line)
    if sum(found["sizes"]) > _MOST:
        return None
    parts = tuple(pipe.read(size) for size in found["sizes"])
    if [len(part) for part in parts] != found["sizes"]:
        return None
    return Message(found["head"], parts)
