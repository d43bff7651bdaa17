"""Processes that write the rows of large loads side by side.

Most of the time of a load goes into turning rows of the operational database into
columns, which one process does on one core. So where more than one load is waiting,
each is written by a process of its own. What a load is, and the order in which loads
count, is the parent's alone: these processes claim nothing and commit nothing.

A process is sent a line of JSON for each load and answers with one: the files, or the
error. It ends when its input does: a parent that was killed leaves none behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Engine

from millpond import errors
from millpond.database.connection import open_database
from millpond.errors import MillpondError
from millpond.history.data_file import DataFile
from millpond.history.write import write_load

#: Processes that write at once; each takes a few hundred megabytes.
WRITERS = min(4, os.cpu_count() or 1)


class Writers:
    """Up to `WRITERS` processes, each started when there is a load for it.

    Args:
        engine: of the operational database.
        folder: of the history.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._address = engine.url.render_as_string(hide_password=False)
        self._folder = folder
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="millpond-writer")
        self._idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._started: list[subprocess.Popen[str]] = []

    def write(self, load_id: str, loaded_at: int) -> Future[dict[str, DataFile]]:
        """What `write_load` does, in one of the processes.

        Raises, when the result is asked for:
            MillpondError: what `write_load` raises, or the process has ended.
        """
        return self._pool.submit(self._write, load_id, loaded_at)

    def close(self) -> None:
        """End the processes; a load that is still being written is given up."""
        for process in self._started:
            process.kill()
        self._pool.shutdown(cancel_futures=True)
        for process in self._started:
            process.communicate()

    def _write(self, load_id: str, loaded_at: int) -> dict[str, DataFile]:
        with self._process() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps({"load_id": load_id, "loaded_at": loaded_at}) + "\n")
                process.stdin.flush()
                answered = process.stdout.readline()
            except OSError:
                answered = ""
        if not answered:
            raise MillpondError(
                f"the process that wrote load {load_id} has ended; its rows will be loaded again"
            )
        answer = json.loads(answered)
        if "error" in answer:
            raise getattr(errors, answer["error"])(answer["message"])
        return {
            name: DataFile(**{**file, "path": Path(file["path"])})
            for name, file in answer["files"].items()
        }

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[str]]:
        process = self._idle.get() if not self._idle.empty() else self._start()
        yield process
        self._idle.put(process)

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "millpond.history.writers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        assert process.stdin is not None
        about = {"database": self._address, "folder": str(self._folder)}
        process.stdin.write(json.dumps(about) + "\n")
        return process


def main() -> None:
    """Write the loads that are asked for, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    about = lines.get()
    folder = Path(about["folder"])
    engine = open_database(about["database"], folder)
    while True:
        load = lines.get()
        try:
            files = write_load(engine, folder, load["load_id"], load["loaded_at"])
            named = {name: {**asdict(f), "path": str(f.path)} for name, f in files.items()}
            answer: dict[str, Any] = {"files": named}
        except MillpondError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), flush=True)


def _listen(lines: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        lines.put(json.loads(line))
    # Nobody waits for what is being written any more.
    os._exit(0)


if __name__ == "__main__":
    main()
