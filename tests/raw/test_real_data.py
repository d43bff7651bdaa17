"""Every file of the real sets, where they are at hand, is read whatever its form."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from millpond.raw.decode import decode
from millpond.raw.feeds import find_split, open_feed

DATA = os.environ.get("MILLPOND_TEST_DATA")

pytestmark = pytest.mark.skipif(DATA is None, reason="MILLPOND_TEST_DATA is not set")


def folder(name: str) -> Path:
    return Path(DATA or "", name)


def test_blood_cells() -> None:
    feed = open_feed(folder("bccd"))
    split = find_split(folder("bccd"))
    assert split is not None
    assert feed.format == "voc"
    assert feed.label_names() == ["Platelets", "RBC", "WBC"]
    parts: Counter[str | None] = Counter()
    for item in feed:
        picture = decode(item.read())
        assert (picture.width, picture.height) == (640, 480)
        assert item.problem is None
        assert item.labels
        parts[split.part(item.path)] += 1
    assert parts == {"train": 205, "test": 87}


def test_xrays_of_every_mode() -> None:
    feed = open_feed(folder("xray"))
    assert feed.label_names() == ["covid-19", "no-findings", "pneumonia"]
    greys = [decode(item.read()).grey for item in feed]
    assert len(greys) == 150
    assert sum(greys) == 102


def test_fruits() -> None:
    feed = open_feed(folder("fruits"))
    assert feed.label_names() == ["apple", "lemon", "mango", "raspberry"]
    sizes = {decode(item.read()).pixels.shape for item in feed}
    assert sizes == {(100, 100, 3)}
