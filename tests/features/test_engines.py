"""The same features from every engine, also when a worker is killed on the way."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

import millpond
from features.network import images, network
from millpond.features.lineage import Lineages
from millpond.features.report import FeaturesReport
from millpond.testing.engine import descendants

#: What the command line of a worker has that may be killed, by engine. With Ray it is that of
#: a worker which has a task: its agents begin with the same letters, and a node ends with them.
_WORKERS = {"spark": b"pyspark.daemon", "ray": b"ray::call"}
_START = '[apps.cells]\ntask = "classification"\nlabels = ["a", "b"]\n[engine]\nworkers = 2\n'


@dataclass(frozen=True)
class Made:
    """What an engine made."""

    lake: Path
    report: FeaturesReport
    rows: pl.DataFrame

    @property
    def vectors(self) -> NDArray[np.float32]:
        return np.array(self.rows["vector"].to_list(), np.float32)

    @property
    def quarantined(self) -> list[str]:
        found = pl.read_delta(str(self.lake / "features" / "features_quarantine"))
        return sorted(found["object_id"].to_list())


def made(folder: Path, engine: str, prefix: Path, model: Path, *, kill: bool) -> Made:
    """The features of a prefix in a new project; one worker is killed in the middle, if asked."""
    pytest.importorskip({"spark": "pyspark"}.get(engine, engine) if engine != "local" else "numpy")
    if engine == "spark" and shutil.which("java") is None:
        pytest.skip("there is no Java, which Spark needs")
    folder.mkdir()
    (folder / "millpond.toml").write_text(_START)
    with millpond.Project.open(folder) as project, killing(project, engine, kill) as killed:
        report = project.features(str(prefix), model=str(model), engine=engine, components=0.9)
        rows = pl.read_delta(str(project.lake / "features" / "features")).sort("object_id")
        assert killed.is_set() == kill
        return Made(project.lake, report, rows)


@contextmanager
def killing(project: millpond.Project, engine: str, kill: bool) -> Iterator[threading.Event]:
    """Kill one worker of an engine once some shards are done."""
    killed, over = threading.Event(), threading.Event()

    def watch() -> None:
        staging = project.lake / "features" / "staging"
        while not over.wait(0.02):
            if len(list(staging.glob("*/vectors/[0-9]*"))) < 2:
                continue
            for pid in descendants(os.getpid()):
                with suppress(OSError):
                    if _WORKERS[engine] in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(pid, signal.SIGKILL)
                        killed.set()
                        return

    watching = threading.Thread(target=watch)
    if kill:
        watching.start()
    try:
        yield killed
    finally:
        over.set()
        if kill:
            watching.join()


def assert_same(one: Made, other: Made) -> None:
    """The same images, vectors within 1e-5, variance within 1e-6, reduced vectors within 1e-3."""
    assert other.rows["object_id"].to_list() == one.rows["object_id"].to_list()
    assert other.rows["object_id"].is_unique().all()
    assert other.rows["label"].to_list() == one.rows["label"].to_list()
    assert other.quarantined == one.quarantined
    np.testing.assert_allclose(other.vectors, one.vectors, atol=1e-5)
    explained = one.report.explained_variance
    assert other.report.components == one.report.components
    assert other.report.explained_variance == pytest.approx(explained, abs=1e-6)
    fit = Lineages(one.lake / "features").reduction(str(one.report.reduction))
    mine, theirs = fit.apply(one.vectors), fit.apply(other.vectors)
    assert np.linalg.norm(theirs - mine) <= 1e-3 * np.linalg.norm(mine)


@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_every_engine_makes_the_same_though_a_worker_is_killed(tmp_path: Path, engine: str) -> None:
    prefix, model = tmp_path / "images", network(tmp_path / "network.onnx", work=20)
    images(prefix, range(196))
    for number in range(4):
        (prefix / "a" / f"broken{number}.jpg").write_bytes(b"\xff\xd8\xff broken")
    local = made(tmp_path / "local", "local", prefix, model, kill=False)
    assert (local.report.images, local.report.quarantined) == (196, 4)
    assert_same(local, made(tmp_path / engine, engine, prefix, model, kill=True))


@pytest.mark.soak
@pytest.mark.parametrize("kill", [False, True], ids=["whole", "killed"])
@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_every_engine_makes_the_same_of_many_real_images(
    tmp_path: Path, real_data: Path, engine: str, kill: bool
) -> None:
    prefix, model = tmp_path / "images", network(tmp_path / "network.onnx", work=40)
    found = [*real_data.glob("fruits/*/*.jpg"), *real_data.glob("bccd/images/*.jpg")]
    found = sorted(found or real_data.rglob("*.jpg"))[:1980]
    assert len(found) == 1980
    for number, path in enumerate(found):
        folder = prefix / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / f"{number:05d}-{path.name}")
    for number, path in enumerate(found[:20]):
        (prefix / f"broken{number}.jpg").write_bytes(path.read_bytes()[: 50 + 20 * number])
    local = made(tmp_path / "local", "local", prefix, model, kill=False)
    assert (local.report.images, local.report.quarantined) == (1980, 20)
    assert_same(local, made(tmp_path / engine, engine, prefix, model, kill=kill))
