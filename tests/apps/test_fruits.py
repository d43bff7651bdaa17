"""The turning fruits: sequences closed on themselves, the same every time."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from millpond import AppTemplate
from millpond.apps.fruits import LABELS, generate, template
from millpond.raw.decode import decode
from millpond.raw.feeds import open_feed
from millpond.raw.rules import Rule
from millpond.settings import AppSection


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fruits")
    generate(folder, 130, 2)
    return folder


def test_the_template_is_a_valid_declaration() -> None:
    assert isinstance(template, AppTemplate)
    section = AppSection.model_validate(template.section)
    assert (section.task, section.labels) == ("classification", LABELS)


def test_groups_and_orders_are_sequences(drawn: Path) -> None:
    section = AppSection.model_validate(template.section)
    group, order = Rule.parse(section.group or ""), Rule.parse(section.order or "")
    feed = open_feed(drawn)
    assert (feed.format, feed.task, feed.label_names()) == ("folder", "classification", [*LABELS])
    places: dict[str | None, list[int]] = defaultdict(list)
    for item in feed:
        places[group.value(item)].append(int(order.value(item) or -1))
    assert len(places) == 8
    assert sum(map(len, places.values())) == 130
    for sequence in places.values():
        assert sorted(sequence) == list(range(len(sequence)))


def test_a_sequence_turns_smoothly_and_closes(drawn: Path) -> None:
    """Neighbours look alike, the last and the first as well; opposite views do not."""
    pictures = [
        decode((drawn / "apple" / f"{number}_100.jpg").read_bytes()).pixels.astype(float)
        for number in range(17)
    ]
    assert all(picture.shape == (100, 100, 3) for picture in pictures)
    steps = [np.abs(one - pictures[place - 1]).mean() for place, one in enumerate(pictures)]
    opposite = np.abs(pictures[0] - pictures[8]).mean()
    assert max(steps) < opposite
    assert min(steps) > 0.5
    assert all(picture[0, 0].min() > 250 for picture in pictures)


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        generate(tmp_path / name, 10, seed)
    one, two, other = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*.jpg"))
        }
        for name in ("one", "two", "other")
    )
    assert one == two
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)
    assert Counter(name.split("/")[0] for name in one).total() == 10
