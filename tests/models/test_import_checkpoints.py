"""Checkpoints of `transformers` answer here what they answer there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from numpy.typing import NDArray
from torch import nn

import millpond
from millpond.errors import Invalid
from millpond.models.described import Purpose
from millpond.models.description import Description
from millpond.models.package import ModelPackage
from millpond.models.predictor import Predictor
from millpond.models.published import convert
from millpond.pipelines.checkpoint import of_checkpoint, packaged
from millpond.values import Box, Prediction

CLASSES = {0: "cat", 1: "lamp", 2: "dog"}
LABELS = ("dog", "cat")
_ATTENTION = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
_NARROW = {"d_model": 32, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, **_ATTENTION}
_STAGES = {
    "embedding_size": 8,
    "hidden_sizes": [8, 16, 24, 32],
    "depths": [1, 1, 1, 1],
    "layer_type": "basic",
}
_LATER = ["stage2", "stage3", "stage4"]


def _yolos() -> tuple[nn.Module, Any]:
    config = hf.YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        image_size=[64, 64],
        num_detection_tokens=8,
        id2label=CLASSES,
    )
    size = {"shortest_edge": 64, "longest_edge": 100}
    return hf.YolosForObjectDetection(config), hf.YolosImageProcessorPil(size=size)


def _deformable_detr() -> tuple[nn.Module, Any]:
    config = hf.DeformableDetrConfig(
        backbone_config=hf.ResNetConfig(**_STAGES, out_features=_LATER),
        num_queries=8,
        encoder_layers=1,
        decoder_layers=2,
        disable_custom_kernels=True,
        id2label=CLASSES,
        **_NARROW,
    )
    size = {"shortest_edge": 64, "longest_edge": 200}
    network = hf.DeformableDetrForObjectDetection(config)
    return network, hf.DeformableDetrImageProcessorPil(size=size)


def _rt_detr() -> tuple[nn.Module, Any]:
    config = hf.RTDetrConfig(
        backbone_config=hf.RTDetrResNetConfig(**_STAGES, out_features=_LATER),
        encoder_in_channels=[16, 24, 32],
        decoder_in_channels=[32, 32, 32],
        encoder_hidden_dim=32,
        num_queries=12,
        decoder_layers=2,
        num_denoising=0,
        id2label=CLASSES,
        **_NARROW,
    )
    size = {"height": 64, "width": 96}
    return hf.RTDetrForObjectDetection(config), hf.RTDetrImageProcessorPil(size=size)


DETECTORS: dict[str, Callable[[], tuple[nn.Module, Any]]] = {
    "yolos": _yolos,
    "deformable_detr": _deformable_detr,
    "rt_detr": _rt_detr,
}


def pixels(seed: int, width: int = 120, height: int = 80) -> NDArray[np.uint8]:
    """Blocks of colour with noise, for equal places would be chosen from by rounding."""
    chance = np.random.default_rng(seed)
    blocks = chance.integers(0, 200, (4, 6, 3)).repeat(height // 4, 0).repeat(width // 6, 1)
    return (blocks + chance.integers(0, 55, blocks.shape)).astype(np.uint8)


def save(family: str, folder: Path) -> Path:
    """A checkpoint with weights by chance, the ends of its heads so strong that queries differ."""
    torch.manual_seed(1)
    network, processor = DETECTORS[family]()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "class_embed" in name or "score" in name or name.endswith("layers.2.weight"):
                # Far from the prior of focal loss, by which a new network finds nothing.
                weight.zero_() if name.endswith("bias") else weight.mul_(4)
    network.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def here(folder: Path, purpose: Purpose, picture: NDArray[np.uint8]) -> ModelPackage:
    """The package of a checkpoint, converted in this process: quicker than in one of its own."""
    converted = convert(folder, purpose.task, picture, None)
    return packaged(folder, converted, Description(), purpose, picture)


@torch.no_grad()
def wanted(folder: Path, picture: NDArray[np.uint8]) -> list[Prediction]:
    """What `transformers` itself finds: its own preprocessing, network and postprocessing."""
    network = hf.AutoModelForObjectDetection.from_pretrained(folder).eval()
    processor = hf.AutoImageProcessor.from_pretrained(folder, backend="pil")
    answer = network(**processor(picture, return_tensors="pt"))
    [found] = processor.post_process_object_detection(
        answer, threshold=0.1, target_sizes=[picture.shape[:2]]
    )
    return [
        Prediction(CLASSES[int(label)], float(score), Box.of(box.tolist()))
        for label, score, box in zip(found["labels"], found["scores"], found["boxes"], strict=True)
    ]


@pytest.mark.parametrize("family", DETECTORS)
def test_a_detector_finds_what_it_finds_in_transformers(family: str, tmp_path: Path) -> None:
    folder = save(family, tmp_path / "checkpoint")
    picture = pixels(0)
    purpose = Purpose("pets", "detection", LABELS)
    package = here(folder, purpose, picture)
    package.write(tmp_path / "package")
    predictor = Predictor(ModelPackage.read(tmp_path / "package"))
    found = predictor.candidates(picture)
    expected = [one for one in wanted(folder, picture) if one.label in LABELS]
    assert expected
    for one in expected:
        assert one.box is not None
        inside = one.box.clipped(120, 80)
        near = [
            other
            for other in found
            if other.label == one.label
            and abs(other.score - one.score) < 1e-3
            and other.box is not None
            and np.abs(np.subtract(other.box.as_list(), inside.as_list())).max() < 0.1
        ]
        assert near, (one, found)
    assert {one.label for one in found} <= set(LABELS)
    assert package.labels == ("cat", "dog")


@pytest.mark.parametrize("several", [False, True])
def test_a_classifier_answers_what_it_answers_in_transformers(
    several: bool, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    config = hf.ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        image_size=64,
        id2label={0: "LABEL_0", 1: "LABEL_1"},
        problem_type="multi_label_classification" if several else None,
    )
    network = hf.ViTForImageClassification(config).eval()
    with torch.no_grad():
        network.classifier.weight.mul_(40)
    processor = hf.ViTImageProcessorPil(size={"height": 64, "width": 64})
    network.save_pretrained(tmp_path / "checkpoint")
    processor.save_pretrained(tmp_path / "checkpoint")
    picture = pixels(1)
    purpose = Purpose("pets", "classification", LABELS)
    package = here(tmp_path / "checkpoint", purpose, picture)
    found = {one.label: one.score for one in Predictor(package).candidates(pixels(2))}
    with torch.no_grad():
        logits = network(**processor(pixels(2), return_tensors="pt")).logits[0]
    scores = logits.sigmoid() if several else logits.softmax(0)
    for label, score in zip(LABELS, scores.tolist(), strict=True):
        assert found.get(label, 0) == pytest.approx(score, abs=2e-3) or score < 0.05


def test_what_is_no_whole_checkpoint_for_the_task(tmp_path: Path) -> None:
    folder = save("yolos", tmp_path / "checkpoint")
    purpose = Purpose("pets", "detection", LABELS)
    with pytest.raises(Invalid, match="no network for classification"):
        here(folder, Purpose("pets", "classification", LABELS), pixels(0))
    with pytest.raises(Invalid, match="answers cat, lamp, dog, none"):
        here(folder, Purpose("pets", "detection", ("bird",)), pixels(0))
    said = Description(inputs={"pixel_values": "picture"})
    with pytest.raises(Invalid, match="says itself how it is used"):
        of_checkpoint(folder, said, purpose, pixels(0))
    hf.YolosModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(Invalid, match=r"lacks \d+ weights.*with the head for detection"):
        here(folder, purpose, pixels(0))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(Invalid, match="a Python pickle, which can run code"):
        of_checkpoint(folder, Description(), purpose, pixels(0))


def test_a_checkpoint_becomes_a_version_of_a_project(tmp_path: Path) -> None:
    folder = save("yolos", tmp_path / "checkpoint")
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "millpond.toml").write_text(
        '[project]\nname = "pets"\n[apps.pets]\ntask = "detection"\nlabels = ["hound", "tabby"]\n'
    )
    (tmp_path / "said.toml").write_text(
        'labels = ["tabby", "", "hound"]\n[preprocessing]\nwidth = 96\nheight = 64\n'
    )
    with millpond.open(tmp_path / "pets") as project:
        assert isinstance(project, millpond.Project)
        made = project.import_model(folder, description=tmp_path / "said.toml")
        package = project.registry.package("pets-1")
    assert made.version == "pets-1"
    assert made.found
    assert {one.label for one in made.found} <= {"tabby", "hound"}
    assert package.labels == ("tabby", "hound")
    assert (package.preprocessing.width, package.preprocessing.height) == (96, 64)
    assert package.training == {
        "trainer": "import",
        "checkpoint": "checkpoint",
        "architecture": "YolosForObjectDetection",
    }
