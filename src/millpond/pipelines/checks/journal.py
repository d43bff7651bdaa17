"""The journal of a verification: what it has looked at, so that it can go on after a break.

A file in the lake, a line of JSON for each part that is finished. The first line
says which moment is verified; a last line that was cut off counts for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any, Self

from millpond.pipelines.findings import Findings

#: Its name in the lake.
JOURNAL = "verify.jsonl"


class Journal:
    """What one verification has finished; kept in a file while nobody else keeps one there.

    Args:
        path: of the file.
        moment: that is verified, in microseconds since 1970.
        resume: go on where the last verification broke off, at its moment, if one did.
    """

    def __init__(self, path: Path, moment: int, *, resume: bool = False) -> None:
        self._path = path
        self._file = _locked(path)
        self.moment = moment
        self.done: dict[tuple[str, str], Findings] = {}
        if self._file is None:
            return
        lines = _lines(self._file) if resume else []
        if lines:
            self.moment = lines[0]["moment"]
            self.done = {
                (line["check"], line["part"]): Findings.of(line["findings"]) for line in lines[1:]
            }
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, check: str, part: str, findings: Findings) -> None:
        """Note what a part looked at and found."""
        self._write({"check": check, "part": part, "findings": findings.as_dict()})

    def finish(self) -> None:
        """The verification has come to its end: there is nothing to go on with."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)

    def _begin(self) -> None:
        """Write the journal anew from what is known, without a line that was cut off."""
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self._write({"moment": self.moment})
        for (check, part), findings in self.done.items():
            self.keep(check, part, findings)

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def _locked(path: Path) -> IO[str] | None:
    """The file, open and ours alone; None where another verification has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return os.fdopen(handle, "r+", encoding="utf-8")


def _lines(file: IO[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with contextlib.suppress(ValueError):
        found.extend(json.loads(line) for line in file)
    return found
