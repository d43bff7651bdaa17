"""The images most like one: the right ones, in their order, of those that may be given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from features.rows import add_rows
from millpond.errors import Invalid, NotFound
from millpond.features.similar import nearest, similar
from millpond.features.tables import FeatureTable, FeatureTables
from millpond.features.vectors import Vectors
from pond import Pond, cells


@pytest.fixture
def table(tmp_path: Path) -> FeatureTable:
    return FeatureTables(tmp_path / "features").features


@pytest.fixture
def pond(tmp_path: Path) -> Iterator[Pond]:
    pond = Pond(tmp_path)
    yield pond
    pond.close()


@pytest.fixture
def engine(pond: Pond) -> Engine:
    return pond.engine


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.integers(1, 60))
def test_it_finds_what_sorting_all_of_them_finds(seed: int, count: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    # Few different numbers, so that many are as like it.
    matrix = rng.integers(-1, 2, size=(count, 4)).astype(np.float32)
    names = [f"image-{number:03}" for number in rng.permutation(count)]
    vector = np.array([1, 1, 0, -1], np.float32)
    allowed = {name for name in names if not name.endswith("7")}
    blocks = [
        Vectors(names[start : start + 33], [None] * 33, matrix[start : start + 33])
        for start in range(0, count, 33)
    ]
    found = nearest(blocks, "image-003", vector, k, lambda some: allowed & set(some))
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(vector)
    cosines = (matrix @ vector) / np.maximum(lengths, 1e-30)
    wanted = sorted(
        (-round(float(cosine), 5), name)
        for cosine, name in zip(cosines, names, strict=True)
        if name in allowed and name != "image-003"
    )
    assert [(-round(one.similarity, 5), one.object_id) for one in found] == wanted[:k]


def test_what_is_not_of_an_application_is_compared_with_its_like(
    engine: Engine, table: FeatureTable
) -> None:
    names = [f"/fruits/apple/{number}.jpg" for number in range(6)]
    angles = np.linspace(0, 1, 6)
    matrix = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    add_rows(table, "net-000000000000", names, matrix, ["apple"] * 6)
    found = similar(engine, table, names[2], 2)
    assert [one.object_id for one in found] == [names[1], names[3]]
    assert found[0].label == "apple"
    assert found[0].similarity == pytest.approx(np.cos(0.2), abs=1e-6)


def test_an_object_is_compared_with_those_of_its_application(
    tmp_path: Path, pond: Pond, table: FeatureTable
) -> None:
    pond.ingest(cells(tmp_path / "cells", 4))
    pond.ingest(cells(tmp_path / "others", 3, first=10, labels=False), app="fruits")
    mine, others = _ids(pond, "cells"), _ids(pond, "fruits")
    gone = "0199a000-0000-7000-8000-000000000000"
    names = [*mine, *others, gone, "/somewhere/else.jpg"]
    vectors = np.random.default_rng(0).normal(size=(len(names), 8)).astype(np.float32)
    add_rows(table, "net-000000000000", names, vectors)
    found = similar(pond.engine, table, mine[0], 100)
    assert {one.object_id for one in found} == set(mine[1:])
    with pytest.raises(NotFound, match="no object '0199a000"):
        similar(pond.engine, table, gone, 5)


def test_the_newest_model_answers_unless_one_is_named(engine: Engine, table: FeatureTable) -> None:
    names = ["/a.jpg", "/b.jpg", "/c.jpg"]
    first = np.array([[1, 0], [1, 0.1], [0, 1]], np.float32)
    add_rows(table, "net-aaaaaaaaaaaa", names, first)
    add_rows(table, "other-bbbbbbbbbbbb", names[:2], -first[:2])
    add_rows(table, "net-cccccccccccc", names, first[[2, 1, 0]])
    assert similar(engine, table, "/a.jpg", 1)[0].object_id == "/b.jpg"
    assert len(similar(engine, table, "/a.jpg", 5, "org/net")) == 2
    assert len(similar(engine, table, "/a.jpg", 5, "other")) == 1
    old = similar(engine, table, "/c.jpg", 5, "net-aaaaaaaaaaaa")
    assert [one.object_id for one in old] == ["/b.jpg", "/a.jpg"]
    with pytest.raises(NotFound, match=r"'/c\.jpg' has no vector of other-bbbbbbbbbbbb; mill"):
        similar(engine, table, "/c.jpg", 5, "other")
    with pytest.raises(NotFound, match="no vectors of model 'resnet'; there are those of net-aaa"):
        similar(engine, table, "/a.jpg", 5, "resnet")


def test_what_is_not_there_is_told(engine: Engine, table: FeatureTable) -> None:
    with pytest.raises(NotFound, match=r"'/a\.jpg' has no vector; millpond features makes them"):
        similar(engine, table, "/a.jpg", 5)
    with pytest.raises(NotFound, match="no vectors yet; millpond features"):
        similar(engine, table, "/a.jpg", 5, "net")
    with pytest.raises(Invalid, match="k is 0, not a number from 1 to 1000"):
        similar(engine, table, "/a.jpg", 0)


def _ids(pond: Pond, app: str) -> list[str]:
    return [
        row["object_id"] for row in pond.rows(f"SELECT object_id FROM images WHERE app='{app}'")
    ]
