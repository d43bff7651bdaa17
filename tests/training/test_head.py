"""Heads on features: what is packaged answers from a picture as its parts do one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

import millpond
from features.checkpoints import save
from features.network import DIMENSION, SIDE, network
from millpond.errors import Invalid, UsageError
from millpond.features.find_backbone import find_backbone
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.features.lineage import Lineages
from millpond.features.moments import Moments
from millpond.features.reduction import Reduction, Wanted
from millpond.features.tables import FeatureTables
from millpond.features.vectors import read_all
from millpond.models.package import ModelPackage
from millpond.models.runtime import open_runtime
from millpond.training.boosted_head import BoostedHead
from millpond.training.head import HeadTrainer, ReducedVectors, preprocessing_of
from millpond.training.joined import ABSENT, Head, joined
from millpond.training.linear_head import LinearHead
from millpond.training.trainer import Plan

LABELS = ("brick", "stone", "wood")
SETTINGS = """
[apps.walls]
task = "classification"
labels = ["brick", "stone", "wood"]
"""


def wall(kind: str, seed: int) -> NDArray[np.uint8]:
    """A wall of bricks, red and in rows, or of wood, in planks that run down."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:48, 0:64] / 64
    along = y if kind == "brick" else x
    wave = np.sin(along * chance.uniform(40, 70) + chance.uniform(0, 6))
    colour = np.array([170, 70, 60] if kind == "brick" else [120, 110, 60])
    found = (
        colour
        + chance.uniform(-40, 40, 3)
        + wave[..., None] * 50
        + chance.normal(0, 12, (48, 64, 3))
    )
    return np.clip(found, 0, 255).astype(np.uint8)


def walls(folder: Path, count: int) -> Path:
    for number in range(count):
        kind = ("brick", "wood")[number % 2]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(wall(kind, number)).save(folder / kind / f"{number}.png")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[millpond.Project]:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "millpond.toml").write_text(SETTINGS)
    with millpond.Project.open(folder) as opened:
        opened.ingest(walls(tmp_path / "images", 80))
        opened.snapshot("s")
        yield opened


def cropping(folder: Path) -> str:
    """A backbone that cuts the middle out of the picture."""
    return str(save("resnet", folder / "resnet"))


def unaveraged(folder: Path) -> str:
    """A backbone whose answer is averaged over the picture by whoever uses it."""
    return str(network(folder / "network.onnx", averaged=False))


@pytest.mark.parametrize(("head", "backbone"), [("linear", cropping), ("boosted", unaveraged)])
def test_a_head_is_learned_on_features_and_packaged_with_its_backbone(
    project: millpond.Project, tmp_path: Path, head: str, backbone: Callable[[Path], str]
) -> None:
    model = backbone(tmp_path)
    made = project.train("s", head=head, model=model)
    package = project.registry.package(made.version)
    assert made.metrics["val"]["accuracy"] > 0.9
    assert package.training["trainer"] == f"{head} head"
    assert package.snapshot is not None
    assert package.snapshot.name == "s"
    _assert_answers_as_its_parts(project, head, model, package)
    project.promote(made.version)
    Image.fromarray(wall("brick", 2000)).save(tmp_path / "brick.png")
    answer = project.predict(tmp_path / "brick.png")
    assert answer["predictions"][0]["label"] == "brick"


def _assert_answers_as_its_parts(
    project: millpond.Project, head: str, model: str, package: ModelPackage
) -> None:
    folder = project.lake / "features"
    reduction = Lineages(folder).reduction(package.training["reduction"])
    extractor = find_backbone(model, folder / "backbones").open()
    learned = _learned(project, head, reduction)
    runtime = open_runtime(package.model)
    for seed in range(1000, 1012):
        pixels = wall("wood", seed)
        reduced = reduction.apply(extractor.of_picture(Image.fromarray(pixels))[None])
        [found] = runtime.run(package.preprocessing.tensor(pixels)[None])
        np.testing.assert_allclose(found, learned.logits(reduced), rtol=1e-4, atol=1e-4)


def _learned(project: millpond.Project, head: str, reduction: Reduction) -> Head:
    """The head learned once more, on the reduced vectors as they are in the lake."""
    table = FeatureTables(project.lake / "features").reduced
    examples = list(project.snapshots.examples("s", "train"))
    vectors = read_all(table, reduction.name, [one.object_id for one in examples])
    kinds = [LABELS.index(one.labels[0].label) for one in examples]
    kind = {"linear": LinearHead, "boosted": BoostedHead}[head]
    with threadpool_limits(1):
        return kind.fit(vectors, np.array(kinds), len(LABELS), 0)


def test_the_same_features_give_the_same_model_in_seconds(
    project: millpond.Project, tmp_path: Path
) -> None:
    backbone = str(network(tmp_path / "network.onnx"))
    first = project.train("s", head="linear", model=backbone)
    begun = time.monotonic()
    again = project.train("s", head="linear", model=backbone)
    assert time.monotonic() - begun < 20
    models = [project.registry.package(one.version).model for one in (first, again)]
    assert models[0] == models[1]


@pytest.mark.parametrize("present", [(0, 1, 2), (0, 2)])
@pytest.mark.parametrize("kind", [LinearHead, BoostedHead])
def test_a_head_is_the_same_as_a_graph_and_knows_nothing_of_absent_labels(
    kind: type[LinearHead] | type[BoostedHead], present: tuple[int, ...], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    kinds = np.array(present)[rng.integers(len(present), size=300)]
    vectors = rng.normal(size=(300, DIMENSION)) + 3 * kinds[:, None] * np.eye(DIMENSION)[2]
    vectors = vectors.astype(np.float32)
    reduction = Reduction.fit(Moments.of(vectors), Wanted(count=20), "net")
    head = kind.fit(reduction.apply(vectors), kinds, 4, 0)
    logits = head.logits(reduction.apply(vectors))
    assert (logits.argmax(axis=1) == kinds).mean() > 0.85
    assert (logits[:, [n for n in range(4) if n not in present]] == ABSENT).all()
    backbone = network(tmp_path / "network.onnx").read_bytes()
    picture = rng.normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    [found] = open_runtime(joined(backbone, reduction, head)).run(picture)
    [vector] = open_runtime(backbone).run(picture)
    np.testing.assert_allclose(found, head.logits(reduction.apply(vector)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "backbone",
    [
        ImagePreprocessing(20, 30),
        ImagePreprocessing(20, 30, filter=0, scale=(0.017, 0.018, 0.019), offset=(-2.0, -1.8, 0.5)),
        ImagePreprocessing(20, 20, shorter=23, filter=3),
        ImagePreprocessing(21, 24, shorter=22, filter=1),
        ImagePreprocessing(20, 20, stretch=(24, 31), filter=4),
        ImagePreprocessing(24, 24, bgr=True, scale=(0.01, 0.02, 0.03), offset=(1.0, 0.0, -1.0)),
    ],
)
def test_a_package_prepares_a_picture_as_its_backbone_does(backbone: ImagePreprocessing) -> None:
    theirs = preprocessing_of(backbone)
    assert type(theirs).from_json(theirs.as_json()) == theirs
    for height, width in [(48, 64), (65, 33), (40, 40), (20, 30), (10, 80)]:
        pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
        wanted = backbone.tensor(Image.fromarray(pixels))[0]
        np.testing.assert_allclose(theirs.tensor(pixels), wanted, rtol=1e-5, atol=1e-5)


def test_a_head_needs_two_labels_and_a_vector_of_each_image(
    project: millpond.Project, tmp_path: Path
) -> None:
    examples = list(project.snapshots.examples("s", "train"))
    backbone = find_backbone(str(network(tmp_path / "network.onnx")), tmp_path)
    reduction = Reduction.fit(Moments.of(np.eye(24, dtype=np.float32)), Wanted(count=2), "net")
    plan = Plan(app="walls", labels=LABELS)
    trainer = HeadTrainer(
        "linear", ReducedVectors(backbone, reduction, lambda ids: np.ones((0, 2)))
    )
    with pytest.raises(Invalid, match="have one label, and a head tells two or more apart"):
        trainer.train([one for one in examples if one.labels[0].label == "wood"], plan)
    made = project.features(snapshot="s", model=backbone.name)
    tables = FeatureTables(project.lake / "features")
    with pytest.raises(Invalid, match="1 of 2 images have no vector of network"):
        read_all(tables.reduced, str(made.reduction), [examples[0].object_id, "else"])


def test_what_does_not_go_together_is_refused(project: millpond.Project) -> None:
    with pytest.raises(UsageError, match="head 'round' is not one of linear, boosted"):
        project.train("s", head="round")
    with pytest.raises(UsageError, match="add --head linear"):
        project.train("s", model="google/efficientnet-b0")
    with pytest.raises(UsageError, match="leave the steps out"):
        project.train("s", head="linear", steps=5)
