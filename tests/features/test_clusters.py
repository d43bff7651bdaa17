"""Clusters of near-duplicates: never wider than they may be, whatever the order of the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.cluster.hierarchy import fcluster, linkage

from millpond.apps.fruits.kinds import draw_fruit
from millpond.apps.fruits.turning import view
from millpond.errors import Invalid
from millpond.features import pieces
from millpond.features.clusters import clusters

Vectors = NDArray[np.float32]


def _batches(ids: list[str], vectors: Vectors, size: int) -> Iterator[tuple[list[str], Vectors]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size], vectors[start : start + size]


def _names(count: int) -> list[str]:
    return [f"object-{number:05}" for number in range(count)]


def _distances(vectors: Vectors) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    return 1 - exact @ exact.T


def _members(found: dict[str, str], ids: list[str]) -> list[list[int]]:
    together = defaultdict(list)
    for place, name in enumerate(ids):
        together[found[name]].append(place)
    return list(together.values())


def _widest(found: dict[str, str], ids: list[str], vectors: Vectors) -> float:
    distances = _distances(vectors)
    return max(float(distances[np.ix_(some, some)].max()) for some in _members(found, ids))


def _blobs(rng: np.random.Generator, count: int, width: int = 16) -> Vectors:
    """Vectors around a few middles, some of them very near each other."""
    middles = rng.normal(size=(max(1, count // 8), width))
    spread = rng.choice([0.0, 0.01, 0.1, 0.3], size=(count, 1))
    chosen = middles[rng.integers(len(middles), size=count)]
    return (chosen + spread * rng.normal(size=(count, width))).astype(np.float32)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 120),
    diameter=st.sampled_from([0.001, 0.02, 0.1, 0.5]),
)
def test_no_cluster_is_wider_and_the_order_of_rows_does_not_matter(
    tmp_path: Path, seed: int, count: int, diameter: float
) -> None:
    rng = np.random.default_rng(seed)
    vectors, ids = _blobs(rng, count), _names(count)
    found = clusters(_batches(ids, vectors, 7), diameter, tmp_path)
    assert sorted(found) == ids
    assert _widest(found, ids, vectors) <= diameter
    shuffled = rng.permutation(count)
    again = _batches([ids[place] for place in shuffled], vectors[shuffled], 50)
    assert clusters(again, diameter, tmp_path) == found
    assert not list(tmp_path.iterdir())


def test_it_is_complete_linkage_as_scipy_has_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    vectors, ids = _blobs(rng, 400), _names(400)
    # Points that are exactly the same are a tie, which either may break in its own way.
    vectors += rng.normal(size=vectors.shape).astype(np.float32) * 0.02
    found = clusters(_batches(ids, vectors, 64), 0.08, tmp_path)
    upper = _distances(vectors)[np.triu_indices(400, 1)]
    labels = fcluster(linkage(upper, "complete"), 0.08, "distance")
    wanted = defaultdict(set)
    for place, label in enumerate(labels):
        wanted[label].add(place)
    assert {frozenset(some) for some in _members(found, ids)} == set(
        map(frozenset, wanted.values())
    )


def test_a_slow_change_does_not_chain(tmp_path: Path) -> None:
    angles = np.linspace(0, np.pi, 500)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    ids = _names(500)
    found = clusters([(ids, vectors)], 0.01, tmp_path)
    assert _widest(found, ids, vectors) <= 0.01
    # A cluster spans at most 8.1 degrees of the 180, and most span half of that at least.
    assert 22 <= len(set(found.values())) <= 46


def test_what_hangs_together_beyond_a_piece_is_taken_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MOST", 30)
    monkeypatch.setattr(pieces, "_BLOCK", 16)
    rng = np.random.default_rng(8)
    # One cloud in which everything hangs together, forty pairs that are almost the same,
    # and more of the same than fit into a piece.
    cloud = rng.normal(size=(160, 6)) * 0.2 + np.array([3, 0, 0, 0, 0, 0])
    twins = cloud[:40] + rng.normal(size=(40, 6)) * 1e-4
    same = np.tile(rng.normal(size=6), (70, 1))
    vectors, ids = np.concatenate([cloud, twins, same]).astype(np.float32), _names(270)
    found = clusters(_batches(ids, vectors, 33), 0.02, tmp_path)
    assert _widest(found, ids, vectors) <= 0.02
    assert all(found[ids[place]] == found[ids[160 + place]] for place in range(40))
    assert len({found[name] for name in ids[200:]}) == 3


def test_a_vector_of_nothing_is_alone(tmp_path: Path) -> None:
    vectors = np.array([[0, 0], [0, 0], [1, 0], [2, 0]], np.float32)
    found = clusters([(_names(4), vectors)], 0.1, tmp_path)
    assert len(set(found.values())) == 3
    assert clusters([], 0.1, tmp_path) == {}


@pytest.mark.parametrize("diameter", [0.0, -0.1, 1.0, float("nan")])
def test_a_diameter_that_is_none_is_refused(tmp_path: Path, diameter: float) -> None:
    with pytest.raises(Invalid, match=f"diameter {diameter} is not a cosine distance"):
        clusters([], diameter, tmp_path)


def test_neighbouring_views_of_turning_fruits_come_together(tmp_path: Path) -> None:
    turns = [(label, number) for label in ("apple", "lemon") for number in range(60)]
    fruits = {label: draw_fruit(label, np.random.default_rng(1)) for label in ("apple", "lemon")}
    drawn = [view(fruits[label], np.pi * n / 30, lying=False) for label, n in turns]
    vectors, ids = np.stack([_seen(pixels) for pixels in drawn]), _names(120)
    found = clusters(_batches(ids, vectors, 50), 0.01, tmp_path)
    assert _widest(found, ids, vectors) <= 0.01
    several = [some for some in _members(found, ids) if len(some) > 1]
    assert len(several) > 10
    assert all(len({turns[place][0] for place in some}) == 1 for some in several)
    unbroken = [some for some in several if _arc([turns[p][1] for p in some]) == len(some) - 1]
    assert len(unbroken) > 0.7 * len(several)


def test_real_fruits(real_data: Path, tmp_path: Path) -> None:
    paths = sorted(real_data.glob("fruits/*/*.jpg"))
    vectors = np.stack([_seen(np.asarray(Image.open(path))) for path in paths])
    ids = [path.relative_to(real_data).as_posix() for path in paths]
    found = clusters(_batches(ids, vectors, 100), 0.01, tmp_path)
    assert _widest(found, ids, vectors) <= 0.01
    members = _members(found, ids)
    assert 50 < len(members) < len(ids) / 3
    assert all(len({paths[place].parent for place in some}) == 1 for some in members)


def _seen(pixels: NDArray[np.uint8]) -> Vectors:
    """What a fruit looks like, without the white around it."""
    small = Image.fromarray(pixels).resize((12, 12), Image.Resampling.BOX)
    return 1 - np.asarray(small, np.float32).reshape(-1) / 255


def _arc(views: list[int]) -> int:
    """How many steps of the 60 of a turn lie between the first and the last of some."""
    places = sorted(set(views))
    gaps = np.diff([*places, places[0] + 60])
    return 60 - int(gaps.max())
