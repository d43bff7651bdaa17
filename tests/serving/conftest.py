"""Servers for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from millpond.settings import AppSection, Settings
from serving.helpers import LABELS, Served, serving


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(
        apps={
            "blood_cells": AppSection(task="detection", labels=LABELS),
            "fruits": AppSection(task="classification", labels=("apple", "pear")),
        }
    )


@pytest.fixture
def served(tmp_path: Path, settings: Settings) -> Iterator[Served]:
    """A server of the applications blood-cells and fruits, without any model."""
    with serving(tmp_path, settings) as served:
        yield served


@pytest.fixture
def cells(served: Served) -> Served:
    """The same, where blood-cells has a champion."""
    served.promote()
    return served


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[[Settings], Served]]:
    """Serves other settings."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(serving(tmp_path / "other", settings))
