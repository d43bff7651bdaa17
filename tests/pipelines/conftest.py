"""A real operational database and object store, and small folders of pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image
from sqlalchemy import Engine, text

from backends import database_url
from millpond.analytics.lookup import Lookup
from millpond.analytics.past import Past
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit
from millpond.history.history import History
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.pipelines.ingest import Ingested, IngestOptions, ingest
from millpond.raw.folder import FolderStore
from millpond.settings import AppSection
from pond import Pond

APPS = {
    "cells": AppSection(task="detection", labels=("RBC", "WBC")),
    "fruits": AppSection(task="classification", labels=("apple", "lemon")),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def commit(engine: Engine) -> Iterator[GroupCommit]:
    commit = GroupCommit(engine)
    yield commit
    commit.close()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "lake")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    folder = tmp_path / "feed"
    folder.mkdir()
    return folder


@pytest.fixture
def bring(
    engine: Engine, commit: GroupCommit, store: FolderStore, tmp_path: Path
) -> Callable[..., Ingested]:
    """Ingest a folder into the application ``cells``, or another."""
    lookup = Lookup(Past(History(tmp_path / "history")))

    def run(
        path: Path, app: str = "cells", declared: AppSection | None = None, **options: Any
    ) -> Ingested:
        declared = declared or APPS[app]
        chosen = IngestOptions(**options)
        return ingest(engine, commit, store, app, declared, path, chosen, lookup=lookup)

    return run


@pytest.fixture
def rows(engine: Engine) -> Callable[[str], list[tuple[Any, ...]]]:
    """What a statement selects from the operational database."""

    def run(sql: str) -> list[tuple[Any, ...]]:
        with reading(engine) as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    return run


@pytest.fixture
def picture() -> Callable[[int], bytes]:
    """The bytes of a PNG of noise, 40 x 30 pixels, different for each seed."""

    def make(seed: int) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        return out.getvalue()

    return make


@pytest.fixture
def voc(feed: Path, picture: Callable[[int], bytes]) -> Callable[..., None]:
    """Write a picture with its XML file; boxes as VOC has them, from 1 and inclusive."""

    def write(name: str, *objects: tuple[str, int, int, int, int], seed: int = 0) -> None:
        (feed / f"{name}.png").write_bytes(picture(seed))
        boxes = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin>"
            f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
            for label, left, top, right, bottom in objects
        )
        (feed / f"{name}.xml").write_text(f"<annotation>{boxes}</annotation>")

    return write


@pytest.fixture
def make_model() -> Callable[[Pond], Path]:
    """Register a model that says nothing, and give the folder of its package."""

    def make(pond: Pond) -> Path:
        graph = helper.make_graph(
            [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)],
            "mean",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        package = ModelPackage(
            app="cells",
            task="classification",
            labels=("a", "b", "c"),
            preprocessing=Preprocessing(8, 6, mean=(0, 0, 0), std=(1, 1, 1)),
            outputs=Outputs("logits"),
            model=model.SerializeToString(),
        )
        version = pond.registry.register(package, by="user:ann").version
        return pond.folder / "lake" / "models" / version

    return make
