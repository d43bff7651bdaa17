"""A data set as the demo reads, deals and copies it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from millpond.demo.data import choose, read_data, write_set
from millpond.demo.roles import assign
from millpond.errors import Invalid
from millpond.raw.feeds import open_feed
from millpond.settings import AppSection

THINGS = AppSection(
    task="classification",
    labels=("cup", "pot"),
    group=r"^(.*/)\d+_100\.png$",
    order=r"(\d+)_100\.png$",
)


def test_task_and_labels_come_from_the_form(classes: Path, boxes: Path) -> None:
    things, found = read_data(classes), read_data(boxes)
    assert (things.task, things.labels) == ("classification", ("cup", "pot"))
    assert (found.task, found.labels) == ("detection", ("rare", "usual"))
    assert not things.has_split
    assert found.has_split


def test_data_without_labels_are_refused(tmp_path: Path, classes: Path) -> None:
    (classes / "cup").rename(tmp_path / "plain")
    with pytest.raises(Invalid):
        read_data(tmp_path / "plain")


def test_the_val_list_of_a_set_is_the_test_part(boxes: Path) -> None:
    section = AppSection(task="detection", labels=("rare", "usual"))
    roles = assign(read_data(boxes), section, seed=0)
    assert [image.path for image in roles.test] == [f"images/p{n}.png" for n in range(16, 20)]
    assert {image.part for image in (*roles.start, *roles.traffic)} == {None}
    assert not roles.told
    assert len(roles.start) + len(roles.traffic) == 16


@pytest.mark.parametrize("seed", range(5))
def test_every_label_is_among_the_first(boxes: Path, seed: int) -> None:
    data = read_data(boxes)
    chosen = choose(data.images[:16], data.labels, 3, seed)
    assert {label.label for image in chosen for label in image.labels} == {"rare", "usual"}
    assert chosen == choose(data.images[:16], data.labels, 3, seed)


def test_a_turning_thing_is_cut_into_runs_with_gaps(classes: Path) -> None:
    roles = assign(read_data(classes), THINGS, seed=0)
    places = {"train": set(), "val": set(), "test": set()}
    for image in (*roles.start, *roles.traffic, *roles.test):
        if image.path.startswith("cup/"):
            places[image.part].add(int(image.path.removeprefix("cup/").split("_")[0]))
    assert all(places.values())
    assert roles.told
    assert roles.left_out > 0
    for part in ("train", "val"):
        # The sequence closes on itself: 59 lies beside 0.
        apart = min(abs(a - b) % 60 for a in places["test"] for b in places[part])
        around = min(60 - abs(a - b) for a in places["test"] for b in places[part])
        assert min(apart, around) >= 2


def test_copies_read_as_the_set_they_came_from(boxes: Path, tmp_path: Path) -> None:
    data = read_data(boxes)
    labels = write_set(data.images, tmp_path / "copy")
    before = {image.path: (image.labels, image.read()) for image in data.images}
    after = {item.path: (item.labels, item.read()) for item in open_feed(labels, "csv", True)}
    assert after == before
    rows = list(csv.DictReader((tmp_path / "copy" / "split.csv").read_text().splitlines()))
    assert rows == [{"path": f"images/p{n}.png", "part": "test"} for n in range(16, 20)]


def test_copies_without_labels_are_unlabelled(classes: Path, tmp_path: Path) -> None:
    data = read_data(classes)
    labels = write_set(data.images[:3], tmp_path / "copy", labels=False)
    feed = open_feed(labels, "csv", False)
    assert [item.labels for item in feed] == [None] * 3
