"""What a picture looks like in two numbers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from millpond.raw.statistics import ImageStatistics, statistics_of


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.repeat(values.astype(np.uint8)[:, :, None], 3, axis=2))


def test_of_one_value() -> None:
    assert statistics_of(_grey(np.full((3, 5), 255))) == ImageStatistics(1.0, 0.0)
    assert statistics_of(_grey(np.zeros((1, 1)))) == ImageStatistics(0.0, 0.0)


def test_half_black_half_white() -> None:
    values = np.zeros((40, 60))
    values[:, 30:] = 255
    assert statistics_of(_grey(values)) == ImageStatistics(0.5, 0.5)


def test_colours_count_as_bright_as_they_look() -> None:
    green = np.zeros((4, 4, 3), np.uint8)
    green[:, :, 1] = 255
    assert statistics_of(Image.fromarray(green)).brightness == pytest.approx(0.587, abs=1e-4)


def test_of_a_large_picture_a_sample_does() -> None:
    values = np.random.default_rng(1).normal(128, 20, (1500, 2000)).clip(0, 255).astype(np.uint8)
    found = statistics_of(_grey(values))
    assert found.brightness == pytest.approx(values.mean() / 255, abs=0.002)
    assert found.contrast == pytest.approx(values.std() / 255, abs=0.002)


def test_every_so_many_rows_and_columns_are_looked_at() -> None:
    chance = np.random.default_rng(2)
    for _ in range(60):
        height, width = chance.integers(1, 900, 2)
        values = chance.integers(0, 256, (height, width))
        step = max(1, round((height * width / 16_384) ** 0.5))
        some = values[step // 2 :: step, step // 2 :: step] / 255
        found = statistics_of(_grey(values))
        assert found.brightness == pytest.approx(some.mean(), abs=1e-4)
        assert found.contrast == pytest.approx(some.std(), abs=1e-4)
