"""Moments and reductions, against scikit-learn."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from millpond.errors import Corrupted, Invalid
from millpond.features.moments import Moments, merged
from millpond.features.reduction import Reduction, Wanted, count_for, shares_of


def vectors(count: int = 400, dimension: int = 24, seed: int = 5) -> NDArray[np.float32]:
    """Numbers of which few directions say most, far from zero, one always the same."""
    chance = np.random.default_rng(seed)
    inner = chance.normal(size=(count, 6)) * [9, 5, 3, 2, 1, 0.5]
    found = inner @ chance.normal(size=(6, dimension)) + 0.1 * chance.normal(
        size=(count, dimension)
    )
    found += 1000 * chance.normal(size=dimension)
    found[:, 3] = 0.1
    return found.astype(np.float32)


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), seed=st.integers(0, 1000))
def test_parts_put_together_are_the_whole(cuts: list[int], seed: int) -> None:
    every = vectors(seed=seed)
    edges = [0, *sorted(cuts), len(every)]
    parts = [Moments.of(every[a:b]) for a, b in pairwise(edges)]
    together = merged(parts, every.shape[1])
    exact = every.astype(np.float64)
    assert together.count == len(every)
    np.testing.assert_allclose(together.mean, exact.mean(axis=0), rtol=1e-12)
    covariance = np.cov(exact, rowvar=False, bias=True)
    np.testing.assert_allclose(together.covariance, covariance, atol=1e-9 * covariance.max())


def test_moments_go_into_bytes_and_back() -> None:
    moments = Moments.of(vectors())
    back = Moments.from_bytes(moments.as_bytes())
    assert back.count == moments.count
    np.testing.assert_array_equal(back.mean, moments.mean)
    np.testing.assert_array_equal(back.scatter, moments.scatter)


@pytest.mark.parametrize("components", ["0.95", "0.5", "1", "7"])
def test_it_equals_scikit_learn(components: str) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    scaler = pytest.importorskip("sklearn.preprocessing").StandardScaler()
    every = vectors()
    wanted = Wanted.of(components)
    pca = decomposition.PCA(wanted.count or wanted.share, svd_solver="full")
    expected = pca.fit_transform(scaler.fit_transform(every.astype(np.float64)))
    parts = [Moments.of(part) for part in np.array_split(every, 5)]
    fitted = Reduction.fit(merged(parts, every.shape[1]), wanted, "m")
    assert len(fitted) == pca.n_components_
    np.testing.assert_allclose(fitted.scale, scaler.scale_, rtol=1e-6)
    np.testing.assert_allclose(fitted.components, pca.components_, atol=1e-6)
    kept = fitted.variances[: len(fitted)]
    np.testing.assert_allclose(kept, pca.explained_variance_ratio_, atol=1e-6)
    exact = (every.astype(np.float64) - fitted.mean) / fitted.scale @ fitted.components.T
    np.testing.assert_allclose(exact, expected, atol=1e-6 * np.abs(expected).max())
    reduced = fitted.apply(every)
    assert reduced.dtype == np.float32
    np.testing.assert_allclose(reduced, expected, atol=1e-4 * np.abs(expected).max())


def test_the_order_of_the_parts_makes_no_difference_to_the_signs() -> None:
    parts = [Moments.of(part) for part in np.array_split(vectors(), 7)]
    one = Reduction.fit(merged(parts, 24), Wanted(count=5), "m")
    other = Reduction.fit(merged(reversed(parts), 24), Wanted(count=5), "m")
    np.testing.assert_allclose(one.components, other.components, atol=1e-9)


def test_it_knows_how_much_of_others_it_keeps() -> None:
    moments = Moments.of(vectors())
    fitted = Reduction.fit(moments, Wanted(share=0.95), "m")
    assert fitted.explains(moments) == pytest.approx(fitted.explained, abs=1e-9)
    shares = shares_of(moments)
    assert count_for(shares, 0.95) == len(fitted)
    noise = np.random.default_rng(1).normal(size=(2000, 24)) * 50 + vectors().mean(axis=0)
    mixed = moments.merged(Moments.of(noise))
    assert fitted.explains(mixed) < 0.6
    assert count_for(shares_of(mixed, fitted.scale), 0.95) > len(fitted)


def test_it_is_kept_and_read_again(tmp_path: Path) -> None:
    fitted = Reduction.fit(Moments.of(vectors()), Wanted(count=4), "m")
    fitted.write(tmp_path / "r", {"source": "cells"})
    back = Reduction.read(tmp_path / "r")
    np.testing.assert_array_equal(back.apply(vectors()), fitted.apply(vectors()))
    assert (back.name, back.fitted_on) == (fitted.name, 400)
    numbers = tmp_path / "r" / "reduction.npz"
    numbers.write_bytes(numbers.read_bytes()[:-1] + b"x")
    with pytest.raises(Corrupted, match="not what was written"):
        Reduction.read(tmp_path / "r")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "nan", ""])
def test_components_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="such as 128"):
        Wanted.of(text)


def test_more_components_than_there_can_be_are_refused() -> None:
    with pytest.raises(Invalid, match="more than the 24"):
        Reduction.fit(Moments.of(vectors()), Wanted(count=25), "m")
    with pytest.raises(Invalid, match="too few"):
        Reduction.fit(Moments.of(vectors()[:1]), Wanted(share=0.9), "m")
