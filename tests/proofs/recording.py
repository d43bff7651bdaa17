"""What a process did to the files of a folder, written down by ``journal.c`` in their order."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pytest

_HEAD = struct.Struct("<BQQII")
_SHIM = Path(__file__).with_name("journal.c")


class Kind(IntEnum):
    """What an operation did; the numbers are those of ``journal.c``."""

    OPEN = 1
    WRITE = 2
    TRUNCATE = 3
    RENAME = 4
    LINK = 5
    UNLINK = 6
    MKDIR = 7
    SYNC = 8
    SYNC_FOLDER = 9
    MARK = 10


@dataclass(frozen=True)
class Operation:
    """One operation on the files, or a mark that the work made.

    Args:
        a: the inode of a file; of a rename or link, whether the old name is in the folder.
        b: the offset or size in bytes; of an open, whether it made the file; of a rename
            or link, whether the new name is in the folder.
        one: the data, the path or the text.
        two: the new name of a rename or link.
    """

    kind: Kind
    a: int
    b: int
    one: bytes
    two: bytes

    @property
    def path(self) -> str:
        return self.one.decode()

    @property
    def new_path(self) -> str:
        return self.two.decode()


def record(module: str, root: Path, journal: Path, *arguments: str) -> None:
    """Run a module as a process, and write down what it does to the files below `root`."""
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("file operations are recorded by a library that gcc compiles on Linux")
    library = journal.with_suffix(".so")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", library, _SHIM, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    done = subprocess.run(
        [sys.executable, "-m", module, str(root), *arguments],
        env={
            **os.environ,
            "LD_PRELOAD": str(library),
            "MILLPOND_JOURNAL": str(journal),
            "MILLPOND_JOURNAL_ROOT": str(root),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def operations(journal: Path) -> Iterator[Operation]:
    """The operations of a journal, in their order."""
    with open(journal, "rb") as file:
        while head := file.read(_HEAD.size):
            kind, a, b, one, two = _HEAD.unpack(head)
            yield Operation(Kind(kind), a, b, file.read(one), file.read(two))
