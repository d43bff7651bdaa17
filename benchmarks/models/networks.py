"""Small detectors made from configurations of `transformers`, and their training."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from torch import Tensor, nn

from benchmarks.models.shapes import LABELS, SIDE, Drawn

_NAMES = {"id2label": dict(enumerate(LABELS)), "label2id": {n: i for i, n in enumerate(LABELS)}}
_STAGES = {
    "embedding_size": 24,
    "hidden_sizes": [24, 48, 72, 96],
    "depths": [1, 1, 1, 1],
    "layer_type": "basic",
}
_WIDTH = {
    "d_model": 64,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "dropout": 0.0,
}
_LATER = ["stage2", "stage3", "stage4"]
_SIZE = {"height": SIDE, "width": SIDE}


def _yolos() -> nn.Module:
    return hf.YolosForObjectDetection(
        hf.YolosConfig(
            hidden_size=96,
            num_hidden_layers=4,
            num_attention_heads=4,
            intermediate_size=192,
            image_size=[SIDE, SIDE],
            patch_size=8,
            num_detection_tokens=8,
            use_mid_position_embeddings=False,
            **_NAMES,
        )
    )


def _deformable_detr() -> nn.Module:
    return hf.DeformableDetrForObjectDetection(
        hf.DeformableDetrConfig(
            backbone_config=hf.ResNetConfig(**_STAGES, out_features=_LATER),
            num_queries=12,
            encoder_layers=1,
            decoder_layers=2,
            with_box_refine=True,
            auxiliary_loss=True,
            disable_custom_kernels=True,
            **_WIDTH,
            **_NAMES,
        )
    )


def _rt_detr() -> nn.Module:
    return hf.RTDetrForObjectDetection(
        hf.RTDetrConfig(
            backbone_config=hf.RTDetrResNetConfig(**_STAGES, out_features=_LATER),
            encoder_in_channels=[48, 72, 96],
            decoder_in_channels=[64, 64, 64],
            encoder_hidden_dim=64,
            num_queries=20,
            decoder_layers=2,
            num_denoising=0,
            **_WIDTH,
            **_NAMES,
        )
    )


_PROCESSORS: dict[str, Callable[[], Any]] = {
    "yolos": lambda: hf.YolosImageProcessorPil(size=_SIZE),
    "deformable_detr": lambda: hf.DeformableDetrImageProcessorPil(size=_SIZE),
    "rt_detr": lambda: hf.RTDetrImageProcessorPil(size=_SIZE),
}
_NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "yolos": _yolos,
    "deformable_detr": _deformable_detr,
    "rt_detr": _rt_detr,
}
FAMILIES = tuple(_NETWORKS)
#: Pictures of a batch.
_BATCH = 8


def train(family: str, pictures: Sequence[Drawn], seconds: float, folder: Path) -> int:
    """Train a network of a family, and save its checkpoint; the steps it took.

    Args:
        seconds: of one processor core, so that a busy machine learns as much as an idle one.
    """
    torch.manual_seed(0)
    network, processor = _NETWORKS[family](), _PROCESSORS[family]()
    tensors = processor([p.image for p in pictures], return_tensors="pt")["pixel_values"]
    targets = [_target(picture) for picture in pictures]
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    network.train()
    torch.set_num_threads(1)
    started, step = time.process_time(), 0
    while (passed := time.process_time() - started) < seconds:
        # The rate falls to nothing in the last third.
        share = min(1.0, 3 * (1 - passed / seconds)) * min(1.0, (step + 1) / 50)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * share
        chosen = torch.randperm(len(pictures))[:_BATCH].tolist()
        loss = network(pixel_values=tensors[chosen], labels=[targets[i] for i in chosen]).loss
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
    network.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return step


def _target(picture: Drawn) -> dict[str, Tensor]:
    """Classes, and boxes as centre x, centre y, width, height, from 0 to 1."""
    boxes = [
        [(b.x_min + b.x_max) / 2, (b.y_min + b.y_max) / 2, b.x_max - b.x_min, b.y_max - b.y_min]
        for _, b in picture.things
    ]
    return {
        "class_labels": torch.tensor([LABELS.index(label) for label, _ in picture.things]),
        "boxes": torch.tensor(boxes) / SIDE,
    }
