"""Many writers, few commits; each is answered only for what is on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from backends import database_url
from millpond.database import group_commit
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.schema import facts
from millpond.errors import Busy, Invalid


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def commit(engine: Engine) -> Iterator[GroupCommit]:
    commit = GroupCommit(engine)
    yield commit
    commit.close()


def insert(name: str) -> Callable[[Transaction], int]:
    def work(transaction: Transaction) -> int:
        moment = transaction.clock.tick()
        transaction.connection.execute(facts.insert().values(name=name, value=str(moment)))
        return moment

    return work


def kept(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.scalars(select(facts.c.name))) - {"format"}


def test_concurrent_writers_share_commits(engine: Engine, commit: GroupCommit) -> None:
    commits = []
    event.listen(engine, "commit", commits.append)
    with ThreadPoolExecutor(64) as pool:
        moments = list(pool.map(lambda i: commit.run(insert(f"n{i}")), range(400)))
    assert len(set(moments)) == 400
    assert len(kept(engine)) == 400
    assert len(commits) < 200


def test_an_answer_means_that_others_can_see_it(engine: Engine, commit: GroupCommit) -> None:
    def write_then_read(number: int) -> bool:
        commit.run(insert(f"n{number}"))
        with reading(engine) as connection:
            query = select(func.count()).where(facts.c.name == f"n{number}")
            return connection.scalar(query) == 1

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write_then_read, range(100)))


def test_work_that_fails_is_rolled_back_alone(engine: Engine, commit: GroupCommit) -> None:
    def half(transaction: Transaction) -> None:
        insert("half")(transaction)
        raise Invalid("no")

    def attempt(number: int) -> bool:
        if number % 3:
            commit.run(insert(f"n{number}"))
            return True
        with pytest.raises(Invalid, match="no"):
            commit.run(half)
        return False

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(90)))
    assert kept(engine) == {f"n{number}" for number, done in enumerate(answers) if done}


def test_a_commit_that_fails_fails_for_all(engine: Engine, commit: GroupCommit) -> None:
    failing = [True]

    def fail(connection: object) -> None:
        if failing:
            failing.clear()
            raise OSError("power")

    event.listen(engine, "commit", fail)
    with pytest.raises(OSError, match="power"):
        commit.run(insert("lost"))
    commit.run(insert("kept"))
    assert kept(engine) == {"kept"}


def test_a_closed_committer_refuses(engine: Engine) -> None:
    commit = GroupCommit(engine)
    commit.run(insert("before"))
    commit.close()
    commit.close()
    with pytest.raises(Busy):
        commit.run(insert("after"))
    assert kept(engine) == {"before"}


def insert_all(transaction: Transaction, names: Sequence[str]) -> list[str | Exception]:
    """Insert names with one statement; an empty one is refused, and `bad` spoils all."""
    if rows := [{"name": name, "value": "x"} for name in names if name]:
        transaction.connection.execute(facts.insert(), rows)
    if "bad" in names:
        raise Invalid("no")
    return [name.upper() if name else Invalid("empty") for name in names]


def test_what_is_alike_is_recorded_together(engine: Engine, commit: GroupCommit) -> None:
    taken: list[int] = []

    def record(transaction: Transaction, names: Sequence[str]) -> list[str | Exception]:
        taken.append(len(names))
        return insert_all(transaction, names)

    with ThreadPoolExecutor(64) as pool:
        names = [f"n{number}" for number in range(400)]
        answers = list(pool.map(lambda name: commit.together(record, name), names))
    assert answers == [name.upper() for name in names]
    assert kept(engine) == set(names)
    assert sum(taken) == 400
    assert len(taken) < 200


def test_what_fails_together_is_tried_alone(engine: Engine, commit: GroupCommit) -> None:
    def attempt(name: str) -> str:
        try:
            return commit.together(insert_all, name)
        except Invalid as error:
            return str(error)

    begun, held = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        begun.set()
        held.wait(10)

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(commit.run, hold)
        begun.wait(10)
        sent = [pool.submit(attempt, name) for name in ("a", "", "bad", "b")]
        while commit._queue.qsize() < 4:
            time.sleep(0.001)
        held.set()
        first.result()
        assert [one.result() for one in sent] == ["A", "empty", "no", "B"]
    assert kept(engine) == {"a", "b"}


def test_who_is_patient_waits_for_others(
    commit: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_GATHER", 5.0)
    taken: list[list[str]] = []

    def record(transaction: Transaction, names: Sequence[str]) -> list[str | Exception]:
        taken.append(list(names))
        return insert_all(transaction, names)

    with ThreadPoolExecutor(3) as pool:
        started = time.monotonic()
        first = pool.submit(commit.together, record, "a", patient=True)
        time.sleep(0.05)
        second = pool.submit(commit.together, record, "b", patient=True)
        time.sleep(0.05)
        assert not first.done()
        # One who is in a hurry takes the others along.
        assert commit.together(record, "c") == "C"
        assert (first.result(), second.result()) == ("A", "B")
        assert time.monotonic() - started < 5
    assert taken == [["a", "b", "c"]]
