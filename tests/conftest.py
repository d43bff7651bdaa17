"""What all tests share: real data where it lies, and a real project behind a real server.

The lines that proofs report are printed at the end, whichever process they ran in.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import backends
from proofs.report import LINES
from running import Server, millpond

#: The folders of tests that take longest; what is begun late ends late.
_LONG = ("proofs", "loop", "web", "training", "demo", "database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, so that no process waits for another in the end."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of some folders on each kind of database."""
    path = metafunc.definition.path
    chosen = path.parent.name in backends.ON_EACH and path.stem not in backends.ALL_ONE
    marks = metafunc.definition.iter_markers()
    only = any(mark.name == "sqlite" or "database" in mark.args[:1] for mark in marks)
    if chosen and not only and backends.KINDS != ("sqlite",):
        metafunc.parametrize("database", backends.KINDS, indirect=True)


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The kind of database that the test runs on; `backends` knows it, also in children."""
    kind = getattr(request, "param", "sqlite")
    if kind != "postgresql":
        yield kind
        return
    if backends.SERVER is None:
        pytest.skip("there is no PostgreSQL: scripts/postgresql starts one")
    prefix = f"t{secrets.token_hex(4)}_"
    monkeypatch.setenv(backends.PREFIX, prefix)
    yield kind
    backends.drop(prefix)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images; the test is skipped where there is none."""
    folder = os.environ.get("MILLPOND_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MILLPOND_TEST_DATA names no folder of real images")
    return Path(folder)


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[..., Path]:
    """Makes project folders: ``new_project("--task", "detection", "--labels", "a,b")``."""

    def make(*options: str, name: str = "cells") -> Path:
        folder = tmp_path / name
        millpond("init", folder, *options)
        return folder

    return make


@pytest.fixture
def server(new_project: Callable[..., Path]) -> Iterator[Server]:
    """A served detection project of the labels a and b."""
    server = Server(new_project("--task", "detection", "--labels", "a,b")).start()
    yield server
    server.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the lines to the process that prints them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["proofs"] = list(LINES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    LINES.extend(getattr(node, "workeroutput", {}).get("proofs", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LINES:
        terminalreporter.section("proofs")
        for line in LINES:
            terminalreporter.write_line(line)
