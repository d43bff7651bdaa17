from __future__ import annotations

import numpy as np
import pytest

from millpond.training.augment import vary

CHOICES = ["mirror", "flips", "turns"]


@pytest.mark.parametrize("augment", CHOICES)
@pytest.mark.parametrize("seed", range(20))
def test_a_box_goes_where_its_pixels_go(augment: str, seed: int) -> None:
    canvas = np.full((120, 160, 3), 90, np.uint8)
    canvas[50:75, 60:100] = 250
    variation = vary(np.random.default_rng(seed), augment, canvas)
    moved = variation.canvas(canvas)
    assert moved.shape == canvas.shape
    boxes, counts = variation.boxes(np.array([[60, 50, 100, 75]], np.float32), 160, 120)
    grey = moved.mean(2)
    bright = np.argwhere(grey > (grey.max() + np.median(grey)) / 2)
    found = [*bright.min(0)[::-1], *(bright.max(0)[::-1] + 1)]
    assert counts.tolist() == [True]
    np.testing.assert_allclose(boxes[0], found, atol=1.6)


def test_none_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    canvas = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    boxes = np.array([[1, 2, 30, 40]], np.float32)
    variation = vary(rng, "none", canvas)
    np.testing.assert_array_equal(variation.canvas(canvas), canvas)
    moved, counts = variation.boxes(boxes, 60, 40)
    np.testing.assert_array_equal(moved, boxes)
    assert counts.all()


def handed(augment: str) -> set[tuple[int, int, int, int]]:
    canvas = np.zeros((40, 60, 3), np.uint8)
    turns = [vary(np.random.default_rng(seed), augment, canvas).turn for seed in range(200)]
    return {tuple(np.sign(turn).astype(int).ravel().tolist()) for turn in turns}


def test_each_choice_allows_what_it_says_and_no_more() -> None:
    assert handed("mirror") == {(1, 0, 0, 1), (-1, 0, 0, 1)}
    assert len(handed("flips")) == 4
    assert len(handed("turns")) == 8


def test_a_box_that_is_hardly_seen_does_not_count() -> None:
    canvas = np.zeros((100, 100, 1), np.uint8)
    variation = vary(np.random.default_rng(0), "none", canvas)
    boxes = np.array([[90, 10, 150, 40], [70, 10, 105, 40], [5, 5, 7, 30]], np.float32)
    _, counts = variation.boxes(boxes, 100, 100)
    assert counts.tolist() == [False, True, False]


def test_no_boxes_are_no_trouble() -> None:
    canvas = np.zeros((100, 100, 1), np.uint8)
    boxes, counts = vary(np.random.default_rng(0), "flips", canvas).boxes(
        np.zeros((0, 4), np.float32), 100, 100
    )
    assert boxes.shape == (0, 4)
    assert counts.shape == (0,)
