"""Answers that are remembered for a moment, and forgotten when something changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from millpond.database import lately
from millpond.database.lately import Lately
from millpond.project import Project


def test_an_answer_is_read_once_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "SECONDS", 60)
    known: Lately[str, int] = Lately()
    assert known.get("a") is None
    assert known.read("a", lambda: 1) == 1
    assert known.read("a", lambda: 2) == 1
    assert known.get("a") == 1
    assert known.read("b", lambda: 3) == 3


def test_it_is_read_again_after_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "SECONDS", 0.02)
    known: Lately[str, int] = Lately()
    assert known.read("a", lambda: 1) == 1
    time.sleep(0.03)
    assert known.get("a") is None
    assert known.read("a", lambda: 2) == 2


def test_that_there_is_nothing_is_not_remembered() -> None:
    known: Lately[str, int] = Lately()
    assert known.read("a", lambda: None) is None
    assert known.read("a", lambda: 1) == 1


def test_what_was_read_before_a_change_is_not_remembered_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lately, "SECONDS", 60)
    known: Lately[str, int] = Lately()

    def read_while_it_changes() -> int:
        known.forget()
        return 1

    assert known.read("a", read_while_it_changes) == 1
    assert known.get("a") is None
    assert known.read("a", lambda: 2) == 2
    known.forget()
    assert known.get("a") is None


def test_it_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "SECONDS", 60)
    monkeypatch.setattr(lately, "_MOST", 3)
    known: Lately[int, int] = Lately()
    for number in range(10):
        known.read(number, partial(int, number))
    assert sum(known.get(number) is not None for number in range(10)) == 1


def test_a_revoked_token_ends_at_once_here_and_soon_elsewhere(
    new_project: Callable[..., Path],
) -> None:
    folder = new_project()
    with Project.open(folder) as here, Project.open(folder) as elsewhere:
        token = here.access.create_token("load", "user", by="os:test")
        for project in (here, elsewhere):
            principal = project.access.principal_of(token=token)
            assert principal is not None
            assert project.access.principal_lately(token=token) == principal
        here.access.revoke_token("load", by="os:test")
        assert here.access.principal_lately(token=token) is None
        assert here.access.principal_of(token=token) is None
        time.sleep(lately.SECONDS)
        assert elsewhere.access.principal_of(token=token) is None
