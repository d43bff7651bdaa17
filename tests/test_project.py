"""The loop in Python, through the public interface alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

import millpond
from millpond.apps import fruits
from millpond.errors import Conflict, Invalid, NotFound, UsageError


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[millpond.Project]:
    """A project of drawn fruits with two models: one that learned, and one that hardly did."""
    folder = tmp_path_factory.mktemp("orchard")
    (folder / "millpond.toml").write_text(
        "[apps.fruits]\n"
        'task = "classification"\n'
        'labels = ["apple", "lemon", "mango", "raspberry"]\n'
    )
    fruits.generate(folder / "drawn", 160, 1)
    with millpond.Project.open(folder) as project:
        assert project.ingest(folder / "drawn").objects == 160
        project.snapshot("first")
        assert project.train("first", steps=40).version == "fruits-1"
        assert project.train("first", steps=1).version == "fruits-2"
        yield project


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (100, 100), "yellow").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_model_knows_what_it_came_from(project: millpond.Project) -> None:
    model = project.registry.show("fruits-1")
    snapshot = project.snapshots.get("first")
    assert model.snapshot_id == snapshot.snapshot_id
    assert model.metrics["val"]["images"] == snapshot.parts["val"]
    package = project.registry.package("fruits-1")
    assert package.snapshot is not None
    assert package.snapshot.name == "first"
    assert package.profile["labels"]


def test_only_what_is_better_is_promoted(project: millpond.Project) -> None:
    assert project.predict(png())["model_version"] is None
    assert project.promote("fruits-1")["previous"] is None
    answer = project.predict(png(), candidates=True)
    assert answer["model_version"] == "fruits-1"
    assert len(answer["candidates"]) >= len(answer["predictions"]) >= 1
    with pytest.raises(Conflict, match=r"fruits-2 is not better than fruits-1 on the \d+ valid"):
        project.promote("fruits-2")
    with pytest.raises(UsageError, match="needs a --reason"):
        project.promote("fruits-2", force=True)
    assert project.registry.champion("fruits") == "fruits-1"
    project.promote("fruits-2", force=True, reason="to see it fail")
    assert project.predict(png())["model_version"] == "fruits-2"
    evidence = project.promote("fruits-1")["evidence"]
    assert evidence["fruits-1"] > evidence["fruits-2"]
    with pytest.raises(Conflict, match="is the champion of fruits already"):
        project.promote("fruits-1")


def test_a_rollback_goes_further_back_each_time(project: millpond.Project) -> None:
    registry = project.registry
    package = registry.package("fruits-1")
    first, second, third = (registry.register(package, by="os:test").version for _ in range(3))
    for version in (first, second, third):
        registry.set_champion("fruits", version, by="os:test")
    assert registry.champion("fruits") == third
    assert registry.rollback("fruits", by="os:test") == second
    assert registry.rollback("fruits", by="os:test") == first
    assert [model.version for model in registry.list("fruits") if model.aliases] == [first]


def test_a_snapshot_is_a_torch_data_set(project: millpond.Project) -> None:
    dataset = project.dataset("first", "train")
    assert len(dataset) == project.snapshots.get("first").parts["train"]
    images, targets = zip(*(dataset[index] for index in range(4)), strict=True)
    assert all(image.shape == (3, 100, 100) and image.dtype == torch.uint8 for image in images)
    assert all(target["labels"].shape == (1,) for target in targets)
    batches = DataLoader(dataset, batch_size=4, collate_fn=list)
    assert sum(len(batch) for batch in batches) == len(dataset)


def test_what_does_not_fit_is_refused(project: millpond.Project, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no snapshot 'second'; existing snapshots: first"):
        project.train("second")
    with pytest.raises(NotFound, match="no model 'fruits-9'"):
        project.promote("fruits-9")
    with pytest.raises(Invalid, match="pipeline 'tune' is not one of history"):
        project.run("tune")
    with pytest.raises(NotFound, match="no application 'dogs'; this project has fruits"):
        project.ingest(tmp_path, app="dogs")
    with pytest.raises(Invalid, match="sent to an inference_id or to an object_id"):
        project.annotate([{"action": "complete"}])


def test_an_exported_model_can_be_imported(project: millpond.Project, tmp_path: Path) -> None:
    project.registry.package("fruits-1").write(tmp_path / "package")
    made = project.import_model(tmp_path / "package")
    assert made.model.sha256 == project.registry.show("fruits-1").sha256
    assert made.version == f"fruits-{len(project.registry.list('fruits'))}"


def test_everything_reconciles_in_the_end(project: millpond.Project) -> None:
    assert project.run("history").status == "done"
    assert all(check["ok"] for check in project.doctor())
    assert project.verify().verify == "ok"
