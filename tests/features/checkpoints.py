"""Small checkpoints of published families, as `transformers` itself saves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import transformers as hf
from PIL import Image
from torch import nn

SIDE = 64
_TRANSFORMER = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "image_size": SIDE,
    "patch_size": 16,
}
_TEXT = {**_TRANSFORMER, "vocab_size": 50, "max_position_embeddings": 8, "projection_dim": 16}
_STAGES = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
_CROPPED = {"size": {"shortest_edge": SIDE}}

FAMILIES: dict[str, Callable[[], tuple[nn.Module, object]]] = {
    "efficientnet": lambda: (
        hf.EfficientNetModel(
            hf.EfficientNetConfig(
                width_coefficient=0.2, depth_coefficient=0.2, hidden_dim=256, image_size=SIDE
            )
        ),
        hf.EfficientNetImageProcessorPil(size={"height": SIDE, "width": SIDE}, resample=0),
    ),
    "resnet": lambda: (
        hf.ResNetModel(hf.ResNetConfig(embedding_size=8, layer_type="basic", **_STAGES)),
        hf.ConvNextImageProcessorPil(crop_pct=0.875, **_CROPPED),
    ),
    "convnext": lambda: (
        hf.ConvNextModel(hf.ConvNextConfig(**_STAGES)),
        hf.ConvNextImageProcessorPil(crop_pct=0.875, **_CROPPED),
    ),
    "vit": lambda: (
        hf.ViTModel(hf.ViTConfig(**_TRANSFORMER)),
        hf.ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}),
    ),
    "beit": lambda: (
        hf.BeitModel(hf.BeitConfig(use_relative_position_bias=True, **_TRANSFORMER)),
        hf.BeitImageProcessorPil(
            size={"height": 72, "width": 72}, crop_size={"height": SIDE, "width": SIDE}
        ),
    ),
    "swin": lambda: (
        hf.SwinModel(hf.SwinConfig(image_size=SIDE, embed_dim=8, depths=[1, 1], num_heads=[1, 2])),
        hf.ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}),
    ),
    "clip": lambda: (
        hf.CLIPModel(hf.CLIPConfig(text_config=_TEXT, vision_config=_TRANSFORMER)),
        hf.CLIPImageProcessorPil(crop_size={"height": SIDE, "width": SIDE}, **_CROPPED),
    ),
}


def save(family: str, folder: Path) -> Path:
    """A checkpoint of that family with weights by chance, and statistics of real pictures."""
    torch.manual_seed(0)
    network, processor = FAMILIES[family]()
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
        if isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
            part.momentum = None
    if family != "clip":
        with torch.no_grad():
            network.train()(_pixels(processor, [picture(seed) for seed in range(8)]))
    network.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def wanted(family: str, folder: Path, image: Image.Image) -> np.ndarray:
    """The vector of a picture, by `transformers` alone."""
    network = hf.AutoModel.from_pretrained(folder).eval()
    processor = hf.AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.no_grad():
        pixels = _pixels(processor, [image])
        if family == "clip":
            return network.vision_model(pixels).pooler_output[0].numpy()
        hidden = network(pixels).last_hidden_state[0]
    pooled = {"vit": lambda: hidden[0], "beit": lambda: hidden[1:].mean(0)}
    pooled["swin"] = lambda: hidden.mean(0)
    return pooled.get(family, lambda: hidden.mean((1, 2)))().numpy()


def picture(seed: int, width: int = 90, height: int = 70) -> Image.Image:
    """Coloured blocks with a little noise."""
    chance = np.random.default_rng(seed)
    blocks = chance.integers(0, 200, (7, 9, 3)).repeat(10, 0).repeat(10, 1)
    noisy = (blocks + chance.integers(0, 40, blocks.shape)).astype(np.uint8)
    return Image.fromarray(noisy).resize((width, height), Image.Resampling.BICUBIC)


def _pixels(processor: object, images: list[Image.Image]) -> torch.Tensor:
    return processor(images, return_tensors="pt")["pixel_values"]
