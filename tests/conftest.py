"""What all tests share: real data where it lies, and a real project behind a real server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from running import Server, millpond


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
