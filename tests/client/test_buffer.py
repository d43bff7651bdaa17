"""The buffer of a logger: durable, bounded, and of one process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from millpond.client.buffer import Buffer
from millpond.errors import Conflict, DiskFull, Invalid
from millpond.values import new_id

#: Adds records for ever, and says of each that it was added.
WRITER = """
import sys
from pathlib import Path
from millpond.client.buffer import Buffer
from millpond.values import new_id
buffer = Buffer(Path(sys.argv[1]), 1 << 30)
while True:
    name = new_id()
    buffer.add(name, name.encode() * 1000)
    print(name, flush=True)
"""


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    buffer = Buffer(tmp_path / "buffer", 10_000)
    yield buffer
    buffer.close()


def test_the_oldest_are_taken_first_and_stay_until_they_are_removed(
    buffer: Buffer, tmp_path: Path
) -> None:
    names = [new_id() for _ in range(5)]
    for name in names:
        buffer.add(name, name.encode())
    assert [buffer.take(), buffer.take()] == names[:2]
    assert buffer.read(names[0]) == names[0].encode()
    buffer.remove(names[0])
    buffer.give_back(names[1])
    assert buffer.take() == names[1], "it is the oldest still"
    buffer.give_back(names[1], last=True)
    assert [buffer.take() for _ in range(4)] == [*names[2:], names[1]]
    buffer.close()
    assert buffer.take() is None
    again = Buffer(tmp_path / "buffer", 10_000)
    assert (again.waiting, again.size) == (4, 4 * 36)
    assert [again.take() for _ in range(4)] == names[1:]
    again.close()


def test_one_process_has_it(buffer: Buffer, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="give each process a folder of its own"):
        Buffer(tmp_path / "buffer", 10_000)


def test_full_it_refuses_what_is_new(buffer: Buffer) -> None:
    first = new_id()
    buffer.add(first, b"x" * 9_000)
    with pytest.raises(DiskFull, match="9,000 of 10,000 bytes"):
        buffer.add(new_id(), b"x" * 1_001)
    buffer.add(new_id(), b"x" * 1_000)
    buffer.remove(first)
    buffer.add(new_id(), b"x" * 9_000)
    assert (buffer.waiting, buffer.size, buffer.dropped) == (2, 10_000, 0)


def test_full_it_gives_up_the_oldest_where_that_is_asked_for(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, 10_000, "drop")
    names = [new_id() for _ in range(4)]
    for name in names[:3]:
        buffer.add(name, b"x" * 3_000)
    assert buffer.take() == names[0]
    buffer.add(names[3], b"x" * 3_000)
    assert buffer.dropped == 1
    assert [buffer.take(), buffer.take()] == names[2:], "what is being sent is not given up"
    last = new_id()
    buffer.add(last, b"x" * 3_000)
    assert (buffer.dropped, buffer.take()) == (2, last), "unless there is no other"
    with pytest.raises(FileNotFoundError):
        buffer.read(names[0])
    with pytest.raises(DiskFull):
        buffer.add(new_id(), b"x" * 10_001)
    buffer.close()
    with pytest.raises(Invalid, match="'wait' is not one of raise, drop"):
        Buffer(tmp_path, 10_000, "wait")  # type: ignore[arg-type]


def test_what_is_refused_lies_aside_with_its_reason(buffer: Buffer, tmp_path: Path) -> None:
    name = new_id()
    buffer.add(name, b"record")
    buffer.refuse(name, "no such label")
    aside = tmp_path / "buffer" / "refused"
    assert (aside / name).read_bytes() == b"record"
    assert (aside / f"{name}.reason").read_text() == "no such label\n"
    assert (buffer.waiting, buffer.refused) == (0, 1)
    buffer.close()
    again = Buffer(tmp_path / "buffer", 10_000)
    assert (again.waiting, again.refused, again.size) == (0, 1, 6)
    again.close()


def test_many_threads_add_at_once(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, 1_000_000)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: buffer.add(new_id(), b"x" * 100), range(200)))
    assert (buffer.waiting, buffer.size) == (200, 20_000)
    buffer.close()


def test_killed_at_any_instant_it_has_all_that_was_added_and_nothing_torn(tmp_path: Path) -> None:
    added: set[str] = set()
    for pause in (0.02, 0.05, 0.11):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        added.add(writer.stdout.readline().strip())
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        added |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        writer.wait()
        writer.stdout.close()
    buffer = Buffer(tmp_path, 1 << 30)
    kept = [str(buffer.take()) for _ in range(buffer.waiting)]
    assert added <= set(kept)
    assert len(kept) <= len(added) + 3, "one at most was added and not told, each time"
    assert all(buffer.read(name) == name.encode() * 1000 for name in kept)
    assert not list(tmp_path.rglob(".part-*"))
    buffer.close()
