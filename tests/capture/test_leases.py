"""Leases: one image, one reviewer; until it is done, let go of, or ten minutes later."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from millpond.capture import leases
from millpond.capture.annotations import NewAnnotation, Place, record_annotations
from millpond.capture.leases import Lease, leases_in_force, release_leases, take_leases
from millpond.capture.objects import NewObject, record_object
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.settings import AppSection
from millpond.values import new_id

CELLS = AppSection(task="detection", labels=("RBC", "WBC"))


def objects(commit: GroupCommit, count: int, app: str = "cells") -> list[str]:
    made = [
        NewObject(new_id(), app, new_id(), "image/png", 9, 9, 1, "upload") for _ in range(count)
    ]
    return commit.run(lambda t: [record_object(t, new) for new in made])


def take(commit: GroupCommit, ids: list[str], by: str, count: int = 100) -> dict[str, Lease]:
    return commit.run(lambda t: take_leases(t, ids, by, count))


def held(engine: Engine, app: str = "cells") -> dict[str, str]:
    with reading(engine) as connection:
        found = leases_in_force(connection, app)
    return {object_id: lease.annotator for object_id, lease in found.items()}


def test_what_somebody_holds_is_met_and_not_taken(commit: GroupCommit, engine: Engine) -> None:
    one, two, three, four = objects(commit, 4)
    [other] = objects(commit, 1, app="fruits")
    take(commit, [two, other], "user:otto")
    met = take(commit, [one, two, three, four], "user:rita", count=2)
    assert [(each.object_id, each.annotator) for each in met.values()] == [
        (one, "user:rita"),
        (two, "user:otto"),
        (three, "user:rita"),
    ]
    assert held(engine) == {one: "user:rita", two: "user:otto", three: "user:rita"}
    again = take(commit, [one], "user:rita")
    assert again[one].until >= met[one].until, "taken again, it is renewed"


def test_many_at_once_never_share_one(engine: Engine, commit: GroupCommit) -> None:
    ids = objects(commit, 60)
    # Reviewers in several processes: each has its own queue for the one write lock.
    others = [GroupCommit(engine) for _ in range(4)]
    begin = threading.Barrier(8)

    def reviewer(number: int) -> list[str]:
        begin.wait()
        mine, by = [], f"user:{number}"
        for _ in range(5):
            met = take(others[number % 4], [each for each in ids if each not in mine], by, count=2)
            mine += [each.object_id for each in met.values() if each.annotator == by]
        return mine

    with ThreadPoolExecutor(8) as pool:
        taken = [object_id for mine in pool.map(reviewer, range(8)) for object_id in mine]
    assert sorted(taken) == sorted(set(taken)) == sorted(ids)
    for other in others:
        other.close()


def test_a_lease_ends(commit: GroupCommit, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = objects(commit, 3)
    place = Place(ids[0], "cells", 9, 9)
    taken = take(commit, ids, "user:rita")

    # By being done, for the one who did it.
    def complete(by: str) -> None:
        done = NewAnnotation("complete")
        commit.run(lambda t: record_annotations(t, place, [done], CELLS, by))

    complete("user:otto")
    assert set(held(engine)) == set(ids)
    complete("user:rita")
    assert set(held(engine)) == set(ids[1:])
    # By being let go of, by the one who holds it.
    assert commit.run(lambda t: release_leases(t.connection, ids, "user:otto")) == 0
    assert commit.run(lambda t: release_leases(t.connection, ids[1:2], "user:rita")) == 1
    assert held(engine) == {ids[2]: "user:rita"}
    # By itself.
    monkeypatch.setattr(leases, "machine_now", lambda: taken[ids[2]].until)
    assert held(engine) == {}
    assert take(commit, ids[2:], "user:otto")[ids[2]].annotator == "user:otto"
