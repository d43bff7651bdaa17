"""A database with events, which the tests of this folder read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streaming.bus import Bus


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    """An empty operational database, with an outbox."""
    opened = Bus(tmp_path)
    yield opened
    opened.close()
