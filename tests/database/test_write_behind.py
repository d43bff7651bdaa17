"""What nobody waits for is written together, a little later, and is no burden on who adds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from millpond.database import write_behind
from millpond.database.write_behind import WriteBehind
from millpond.errors import Busy


def test_items_are_written_together_and_in_order() -> None:
    written: list[list[int]] = []
    behind = WriteBehind[int](lambda items: written.append(list(items)))
    for number in range(100):
        behind.add(number)
    assert written == []
    deadline = time.monotonic() + 10
    while not written and time.monotonic() < deadline:
        time.sleep(0.01)
    assert written == [list(range(100))]
    behind.add(100)
    behind.flush()
    assert written[1:] == [[100]]
    behind.flush()
    assert len(written) == 2


def test_many_threads_lose_nothing() -> None:
    written: list[int] = []
    lock = threading.Lock()

    def write(items: Sequence[int]) -> None:
        with lock:
            written.extend(items)

    behind = WriteBehind(write)
    with ThreadPoolExecutor(8) as pool:
        for number in range(2_000):
            pool.submit(behind.add, number)
            if number % 100 == 0:
                pool.submit(behind.flush)
    behind.flush()
    assert sorted(written) == list(range(2_000))


def test_a_flush_waits_for_what_another_writes() -> None:
    begun, written = threading.Event(), threading.Event()

    def write(items: Sequence[int]) -> None:
        begun.set()
        time.sleep(0.3)
        written.set()

    behind = WriteBehind(write)
    behind.add(1)
    assert begun.wait(10)
    behind.flush()
    assert written.is_set()


def test_what_cannot_be_written_is_said(caplog: pytest.LogCaptureFixture) -> None:
    def write(items: Sequence[str]) -> None:
        raise Busy("no")

    behind = WriteBehind(write)
    behind.add("a")
    behind.flush()
    assert "1 were not written: no" in caplog.text


def test_no_more_wait_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(write_behind, "_MOST", 3)
    written: list[int] = []
    behind = WriteBehind[int](written.extend)
    for number in range(5):
        behind.add(number)
    behind.flush()
    assert written == [0, 1, 2]
    assert caplog.text.count("not written") == 2
