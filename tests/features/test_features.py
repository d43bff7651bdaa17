"""Features of a project, from the first image to the reduction, read as others read them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import polars as pl
import pytest
from deltalake import DeltaTable
from numpy.typing import NDArray
from PIL import Image

import millpond
from features.network import DIMENSION, SIDE, images, network, picture
from millpond.errors import Invalid, UsageError

START = """
[apps.cells]
task = "classification"
labels = ["a", "b"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[millpond.Project]:
    folder = tmp_path / "cells"
    folder.mkdir()
    (folder / "millpond.toml").write_text(START)
    with millpond.Project.open(folder) as opened:
        yield opened


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(network(tmp_path / "network.onnx"))


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Sixty images, two of them broken."""
    folder = tmp_path / "images"
    images(folder, range(58))
    (folder / "a" / "text.jpg").write_text("no picture")
    whole = (folder / "a" / "00000.png").read_bytes()
    (folder / "b" / "torn.png").write_bytes(whole[:200])
    return folder


def rows(project: millpond.Project, name: str) -> pl.DataFrame:
    """The rows of a table, as another engine reads them."""
    return pl.read_delta(str(project.lake / "features" / name)).sort("object_id")


def matrix(table: pl.DataFrame) -> NDArray[np.float32]:
    return np.array(table["vector"].to_list(), np.float32)


def expected(model: str, paths: list[str]) -> NDArray[np.float32]:
    """The vectors by hand: RGB, bilinear, divided by 255."""
    session = ort.InferenceSession(model)
    found = []
    for path in paths:
        small = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        tensor = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 255
        found.append(session.run(None, {"image": tensor})[0][0])
    return np.stack(found)


def assert_reduced_rightly(project: millpond.Project, report: Any, share: float) -> None:
    """The reduced vectors are those of scikit-learn, each image once."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    full = rows(project, "features")
    scaled = StandardScaler().fit_transform(matrix(full).astype(np.float64))
    theirs = PCA(share, svd_solver="full").fit(scaled)
    assert report.components == theirs.n_components_
    assert report.explained_variance == pytest.approx(theirs.explained_variance_ratio_.sum())
    ours = rows(project, "features_reduced").filter(pl.col("reduction") == report.reduction)
    assert ours["object_id"].to_list() == full["object_id"].to_list()
    np.testing.assert_allclose(matrix(ours), theirs.transform(scaled), atol=1e-4)


def test_a_folder_becomes_vectors_that_others_read(
    project: millpond.Project, model: str, prefix: Path
) -> None:
    report = project.features(str(prefix), model=model, components=0.9)
    assert (report.images, report.computed, report.quarantined) == (58, 58, 2)
    assert report.images_per_second > 0
    full = rows(project, "features")
    assert full.columns == ["object_id", "label", "model", "vector"]
    assert full["object_id"].to_list() == sorted(map(str, prefix.glob("*/0*.png")))
    assert full["label"].to_list() == ["a"] * 29 + ["b"] * 29
    assert set(full["model"]) == {report.model}
    np.testing.assert_allclose(
        matrix(full), expected(model, full["object_id"].to_list()), atol=1e-5
    )
    assert_reduced_rightly(project, report, 0.9)
    bad = rows(project, "features_quarantine")
    assert [Path(each).name for each in bad["object_id"]] == ["text.jpg", "torn.png"]
    assert {Path(each.object_id).name for each in report.refused} == {"text.jpg", "torn.png"}
    assert not list((project.lake / "features" / "staging").iterdir())


def test_only_what_is_new_is_computed(project: millpond.Project, model: str, prefix: Path) -> None:
    first = project.features(str(prefix), model=model)
    again = project.features(str(prefix), model=model)
    assert (again.images, again.computed, again.reduced, again.refitted) == (58, 0, 0, False)
    assert (again.reduction, again.quarantined) == (first.reduction, 2)
    assert again.explained_variance == pytest.approx(first.explained_variance)
    assert again.previous_explained_variance == pytest.approx(first.explained_variance)
    images(prefix, range(100, 106))
    more = project.features(str(prefix), model=model)
    assert (more.images, more.computed) == (64, 6)
    assert more.reduced == (64 if more.refitted else 6)
    ours = rows(project, "features_reduced").filter(pl.col("reduction") == more.reduction)
    assert len(ours) == ours["object_id"].n_unique() == 64


def test_a_reduction_that_keeps_too_little_is_made_anew(
    project: millpond.Project, model: str, tmp_path: Path
) -> None:
    folder = tmp_path / "grey"
    folder.mkdir()
    for number in range(40):
        Image.fromarray(np.full((40, 40, 3), 3 * number + 60, np.uint8)).save(
            folder / f"{number:03d}.png"
        )
    narrow = project.features(str(folder), model=model, components=0.99)
    fixed = project.features(str(folder), model=model, components=2)
    assert fixed.reduced == 40
    images(folder, range(40))
    wide = project.features(str(folder), model=model, components=0.99)
    assert wide.refitted
    assert wide.components > narrow.components
    assert (wide.images, wide.reduced, wide.previous_explained_variance) == (
        80,
        80,
        narrow.explained_variance,
    )
    assert_reduced_rightly(project, wide, 0.99)
    told = project.features(str(folder), model=model, components=2)
    assert told.computed == 0
    [warning] = told.warnings
    assert warning.startswith("2 components explain")
    assert "would explain as much again" in warning


def test_all_is_computed_anew_where_that_is_asked(
    project: millpond.Project, model: str, prefix: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    images(other, range(200, 204))
    project.features(str(other), model=model)
    project.features(str(prefix), model=model)
    (prefix / "a" / "text.jpg").unlink()
    (prefix / "b" / "torn.png").write_bytes((prefix / "b" / "00001.png").read_bytes())
    changed = prefix / "a" / "00000.png"
    Image.fromarray(255 - picture(0)).save(changed)
    report = project.features(str(prefix), model=model, recompute=True)
    assert (report.images, report.computed, report.quarantined) == (59, 59, 0)
    full = rows(project, "features")
    assert len(full) == full["object_id"].n_unique() == 63
    np.testing.assert_allclose(
        matrix(full), expected(model, full["object_id"].to_list()), atol=1e-5
    )
    assert (
        len(rows(project, "features_quarantine").filter(pl.col("object_id").str.contains("torn")))
        == 0
    )


def test_images_of_an_application_as_of_a_moment(
    project: millpond.Project, model: str, tmp_path: Path
) -> None:
    images(tmp_path / "one", range(20))
    images(tmp_path / "two", range(20, 30))
    project.ingest(tmp_path / "one", app="cells")
    project.snapshot("first")
    project.ingest(tmp_path / "two", app="cells")
    early = project.features(model=model, snapshot="first")
    assert early.images == 20
    late = project.features(model=model)
    assert (late.images, late.computed) == (30, 10)
    assert_reduced_rightly(project, late, 0.95)
    past = project.features(model=model, as_of="first")
    assert (past.images, past.computed) == (20, 0)
    assert past.explained_variance == pytest.approx(early.explained_variance)
    full = rows(project, "features")
    truth = dict(
        project.query("select object_id, label from ground_truth")
        .to_pandas()
        .itertuples(index=False)
    )
    assert dict(zip(full["object_id"], full["label"], strict=True)) == truth


def test_a_kill_in_the_middle_loses_and_doubles_nothing(
    project: millpond.Project, tmp_path: Path
) -> None:
    slow = str(network(tmp_path / "slow.onnx", work=40))
    images(tmp_path / "images", range(300))
    command = [sys.executable, "-m", "millpond", "features", str(tmp_path / "images")]
    command += ["--model", slow, "--project", str(project.folder)]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    staging = project.lake / "features" / "staging"
    deadline = time.monotonic() + 120
    while len(list(staging.glob("*/vectors/[0-9]*"))) < 2:
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    left = {path: path.stat().st_mtime_ns for path in staging.glob("*/vectors/[0-9]*")}
    assert not (project.lake / "features" / "features").exists()
    report = project.features(str(tmp_path / "images"), model=slow)
    assert (report.images, report.computed) == (300, 300)
    full = rows(project, "features")
    assert len(full) == full["object_id"].n_unique() == 300
    table = project.lake / "features" / "features"
    kept = {path.stat().st_mtime_ns for path in table.glob("*.parquet")}
    assert set(left.values()) <= kept, "what was computed before the kill was computed again"
    assert_reduced_rightly(project, report, 0.95)
    assert DeltaTable(str(table)).version() == 1


def test_a_kill_once_the_vectors_are_rows_doubles_nothing(
    project: millpond.Project, model: str, tmp_path: Path
) -> None:
    images(tmp_path / "images", range(60))
    command = [sys.executable, "-m", "millpond", "features", str(tmp_path / "images")]
    command += ["--model", model, "--project", str(project.folder)]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    table = project.lake / "features" / "features"
    deadline = time.monotonic() + 120
    while not (table / "_delta_log" / f"{1:020d}.json").exists():
        assert time.monotonic() < deadline
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    if not list((project.lake / "features" / "staging").iterdir()):
        pytest.skip("the run came to its end before it could be killed")
    before = {path.name: path.stat().st_mtime_ns for path in table.glob("*.parquet")}
    report = project.features(str(tmp_path / "images"), model=model)
    assert report.images == 60
    assert before == {path.name: path.stat().st_mtime_ns for path in table.glob("*.parquet")}
    assert rows(project, "features")["object_id"].n_unique() == len(rows(project, "features")) == 60
    assert_reduced_rightly(project, report, 0.95)
    assert not list((project.lake / "features" / "staging").iterdir())


def test_what_makes_no_sense_is_refused(
    project: millpond.Project, model: str, prefix: Path
) -> None:
    with pytest.raises(UsageError, match="leave out"):
        project.features(str(prefix), app="cells", model=model)
    with pytest.raises(Invalid, match="such as 128"):
        project.features(str(prefix), model=model, components="most")
    with pytest.raises(Invalid, match="'storm' is not one of local, ray, spark"):
        project.features(str(prefix), model=model, engine="storm")
    with pytest.raises(Invalid, match="more than the"):
        project.features(str(prefix), model=model, components=500)


def test_a_prefix_without_images_is_told(
    project: millpond.Project, model: str, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    report = project.features(str(empty), model=model)
    assert (report.images, report.reduction) == (0, None)
    assert report.warnings == [f"there are no images in {empty}"]
    images(empty, range(1))
    one = project.features(str(empty), model=model)
    assert (one.images, one.computed, one.components) == (1, 1, 0)


def test_dimension_of_the_network(project: millpond.Project, model: str, prefix: Path) -> None:
    project.features(str(prefix), model=model)
    assert matrix(rows(project, "features")).shape == (58, DIMENSION)


def test_a_pipeline_makes_those_of_each_application(tmp_path: Path, model: str) -> None:
    folder = tmp_path / "cells"
    folder.mkdir()
    network(folder / "own.onnx")
    told = '\n[pipelines.features]\nmodel = "own.onnx"\ncomponents = "3"\n'
    (folder / "millpond.toml").write_text(START + told)
    images(tmp_path / "one", range(12))
    with millpond.Project.open(folder) as project:
        project.ingest(tmp_path / "one", app="cells")
        done = project.run("features")
        assert (done.status, done.rows) == ("done", 12)
        assert project.run("features", app="cells").rows == 0
        assert matrix(rows(project, "features_reduced")).shape == (12, 3)
        with pytest.raises(Invalid, match="there are cells"):
            project.run("features", app="trains")


def test_a_restored_project_goes_on_where_it_was(
    project: millpond.Project, model: str, tmp_path: Path
) -> None:
    images(tmp_path / "one", range(20))
    project.ingest(tmp_path / "one", app="cells")
    made = project.features(model=model)
    project.backup(tmp_path / "copy")
    millpond.Project.restore(tmp_path / "copy", tmp_path / "again")
    images(tmp_path / "two", range(20, 23))
    with millpond.Project.open(tmp_path / "again") as restored:
        assert rows(restored, "features").equals(rows(project, "features"))
        restored.ingest(tmp_path / "two", app="cells")
        more = restored.features(model=model)
    assert (more.images, more.computed) == (23, 3)
    assert more.previous_explained_variance == made.explained_variance
