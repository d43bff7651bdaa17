"""Processes that are born with everything imported, so that a thousand of them are quick.

One process imports, and forks for each call; it never starts a thread itself, and what
the allocators and BLAS start for themselves knows of forks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from importlib import import_module
from types import TracebackType
from typing import Any, Self


class Nursery:
    """Calls functions of a module, each in a process of its own.

    Args:
        module: imported once, with all that it imports.
    """

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def start(self, function: str, *arguments: Any) -> int:
        """Call a function, and give the id of the process."""
        assert self._process.stdin is not None
        print(json.dumps([function, arguments]), file=self._process.stdin, flush=True)
        return int(self._line())

    def wait(self) -> int:
        """The exit code of the process started last; of a killed one, minus the signal."""
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def main() -> None:
    """Fork for each line of stdin, a function and its arguments, one after the other."""
    module = import_module(sys.argv[1])
    assert threading.active_count() == 1, "only a process of a single thread is forked"
    for line in sys.stdin:
        function, arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(getattr(module, function), arguments)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _live(function: Any, arguments: list[Any]) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        function(*arguments)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
