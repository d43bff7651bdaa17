"""The disk as a loss of power could have left it, after the operations done up to an instant.

The model is what POSIX promises, and no more:

- The bytes of a file are safe once the file was fsynced after they were written.
- A name in a folder, a new one, a changed one or one taken away, is safe once the
  folder was fsynced after it. A rename happens wholly or not at all, and is safe once
  the folder of the new name was fsynced.
- Of everything later, any part may be on the disk, in any order: a file may be
  missing, or there and empty, full of zeros, or torn in sectors of 512 bytes, and an
  old name may be back. Within one folder, names change in order.

What memory maps hold (the index of SQLite's write-ahead log) is lost.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from proofs.recording import Kind, Operation

SECTOR = 512

#: What becomes of names that were not fsynced: the old ones, the new, or some of each.
NAMES = ("old", "new", "mixed")
#: What becomes of bytes that were not fsynced.
BYTES = ("lost", "zeroed", "torn", "kept")


@dataclass(eq=False)
class File:
    """A file: its bytes when it was last fsynced, and what was written since."""

    safe: bytearray = field(default_factory=bytearray)
    #: (offset, data) of a write, or (size, None) of a change of the size.
    later: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.later:
            _apply(self.safe, offset, data)
        self.later.clear()

    def left(self, how: str, chance: random.Random) -> bytes:
        """The bytes after a loss of power."""
        found = bytearray(self.safe)
        for offset, data in self.later:
            if how == "lost":
                break
            if data is None:
                if how != "torn" or chance.random() < 0.5:
                    _apply(found, offset, None)
            elif how == "torn":
                for start, sector in _sectors(offset, data):
                    if chance.random() < 0.5:
                        _apply(found, start, sector)
            else:
                _apply(found, offset, data if how == "kept" else bytes(len(data)))
        return bytes(found)


@dataclass(eq=False)
class Folder:
    """A folder: its names when it was last fsynced, as they are, and the changes between."""

    safe: dict[str, File | Folder] = field(default_factory=dict)
    names: dict[str, File | Folder] = field(default_factory=dict)
    later: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.later:
            change.keep()
        self.later.clear()


@dataclass(eq=False)
class Change:
    """A change of the names of a folder, and of the one where a renamed file came from."""

    folder: Folder
    name: str
    node: File | Folder | None
    source: tuple[Folder, str] | None = None
    number: int = field(default_factory=count().__next__)

    def keep(self) -> None:
        _set(self.folder.safe, self.name, self.node)
        if self.source is not None:
            folder, name = self.source
            folder.safe.pop(name, None)
            # What became of the name before does not come after.
            folder.later = [
                each for each in folder.later if each.name != name or each.number > self.number
            ]


class Disk:
    """Follows operations, and shows at any instant what a loss of power would leave.

    Args:
        root: the folder before the first operation; all of it is safe.
    """

    def __init__(self, root: Path) -> None:
        self.root = _read(root)
        self._inodes: dict[int, File] = {}

    def follow(self, operation: Operation) -> None:
        """Do what the operation did."""
        match operation.kind:
            case Kind.OPEN:
                self._open(operation)
            case Kind.WRITE:
                self._inodes[operation.a].later.append((operation.b, operation.one))
            case Kind.TRUNCATE:
                self._inodes[operation.a].later.append((operation.b, None))
            case Kind.SYNC:
                if operation.a in self._inodes:
                    self._inodes[operation.a].sync()
            case Kind.SYNC_FOLDER:
                self._folder(operation.path).sync()
            case Kind.MKDIR:
                self._change(operation.path, Folder())
            case Kind.UNLINK:
                self._change(operation.path, None)
            case Kind.RENAME | Kind.LINK:
                self._move(operation)
            case Kind.MARK:
                pass

    def leave(self, target: Path, names: str, data: str, chance: random.Random) -> None:
        """Write the folder as a loss of power at this instant would leave it."""
        _write(target, self.root, names, data, chance)

    def now(self, target: Path) -> None:
        """Write the folder as it is, with everything that is not safe."""
        _write(target, self.root, "new", "kept", random.Random(0))

    def _open(self, operation: Operation) -> None:
        if operation.b:
            self._inodes[operation.a] = File()
            self._change(operation.path, self._inodes[operation.a])
        else:
            folder, name = self._place(operation.path)
            node = folder.names[name]
            assert isinstance(node, File)
            self._inodes[operation.a] = node

    def _move(self, operation: Operation) -> None:
        assert operation.a == operation.b == 1, "files are moved within the folder only"
        folder, name = self._place(operation.path)
        node = folder.names[name]
        if operation.kind is Kind.LINK:
            self._change(operation.new_path, node)
            return
        del folder.names[name]
        self._change(operation.new_path, node, (folder, name))

    def _change(
        self, path: str, node: File | Folder | None, source: tuple[Folder, str] | None = None
    ) -> None:
        folder, name = self._place(path)
        folder.later.append(Change(folder, name, node, source))
        _set(folder.names, name, node)

    def _place(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        return self._folder(above), name

    def _folder(self, path: str) -> Folder:
        folder = self.root
        for name in path.split("/") if path else ():
            found = folder.names[name]
            assert isinstance(found, Folder)
            folder = found
        return folder


def _read(path: Path) -> Folder:
    folder = Folder()
    for entry in path.iterdir():
        folder.safe[entry.name] = (
            _read(entry) if entry.is_dir() else File(bytearray(entry.read_bytes()))
        )
    folder.names = dict(folder.safe)
    return folder


def _write(target: Path, folder: Folder, names: str, data: str, chance: random.Random) -> None:
    target.mkdir()
    for name, node in _left(folder, names, chance).items():
        if isinstance(node, Folder):
            _write(target / name, node, names, data, chance)
        else:
            (target / name).write_bytes(node.left(data, chance))


def _left(folder: Folder, names: str, chance: random.Random) -> dict[str, File | Folder]:
    """The names of a folder after a loss of power."""
    if names == "new":
        return folder.names
    found = dict(folder.safe)
    if names == "mixed":
        for change in folder.later[: chance.randint(0, len(folder.later))]:
            _set(found, change.name, change.node)
            if change.source is not None and change.source[0] is folder:
                found.pop(change.source[1], None)
    return found


def _set(names: dict[str, File | Folder], name: str, node: File | Folder | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write data at an offset, or with none change the size to it."""
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The parts of a write that lie in different sectors of the disk."""
    at = 0
    while at < len(data):
        size = SECTOR - (offset + at) % SECTOR
        yield offset + at, data[at : at + size]
        at += size


def follow(disk: Disk, operations: Iterable[Operation]) -> None:
    """Follow all of some operations."""
    for operation in operations:
        disk.follow(operation)
