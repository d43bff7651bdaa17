"""The network that all of them serve: the shape of EfficientNet-B0 with a head of ten labels.

Its weights are random, and its batch normalisation has seen images: that is as fast as trained
weights, and good for nothing but speed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from benchmarks.features import data
from millpond.models.package import ModelPackage, Outputs

APP = "cells"
LABELS = tuple(f"kind {number}" for number in range(10))


def images(kept: Path, count: int) -> Path:
    """A folder of JPEG files."""
    return data.images(kept / "data", count)


def network(kept: Path) -> Path:
    """A folder with ``model.onnx``, ``labels.json``, the ``checkpoint`` and its ``head.npz``."""
    folder = kept / "data" / "serving-network"
    if not folder.exists():
        shutil.rmtree(making := folder.with_suffix(".part"), ignore_errors=True)
        photographs = images(kept, 300)
        _, checkpoint = data.network(kept / "data", photographs)
        shutil.copytree(checkpoint, making / "checkpoint")
        (making / "labels.json").write_text(json.dumps(LABELS))
        _export(making)
        making.rename(folder)
    return folder


def package(folder: Path) -> ModelPackage:
    """The network as Millpond registers it."""
    return ModelPackage(
        app=APP,
        task="classification",
        labels=LABELS,
        preprocessing=data.FED,
        outputs=Outputs("logits"),
        model=(folder / "model.onnx").read_bytes(),
    )


def _export(folder: Path) -> None:
    import torch
    from transformers import EfficientNetModel

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = EfficientNetModel.from_pretrained(folder / "checkpoint")
            self.head = torch.nn.Linear(data.DIMENSION, len(LABELS))

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            hidden: torch.Tensor = self.model(picture).last_hidden_state
            logits: torch.Tensor = self.head(hidden.mean(dim=(2, 3)))
            return logits

    torch.manual_seed(5)
    model = Classifier().eval()
    weight, bias = (part.detach().numpy() for part in (model.head.weight, model.head.bias))
    np.savez(folder / "head.npz", weight=weight, bias=bias)
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, data.SIDE, data.SIDE),),
        folder / "model.onnx",
        input_names=["picture"],
        output_names=["logits"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
