"""Ids of workers: of a process that has ended it is known where that can be seen."""

from __future__ import annotations

from millpond.streaming.worker_ids import is_gone, new_worker
from millpond.values import new_id


def test_a_process_of_another_machine_is_not_known_to_be_gone() -> None:
    worker = new_worker()
    assert len(worker) <= 36
    assert not is_gone(worker)
    here, pid, born, rest = worker.split("-")
    assert is_gone(f"{here}-{pid}-{int(born, 16) + 1:x}-{rest}"), "its number was given again"
    assert not is_gone(f"00000000-{pid}-0-{rest}")
    assert not is_gone(new_id())
