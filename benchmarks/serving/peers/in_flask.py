"""Flask and PyTorch, as published systems serve their models: one process, a thread a request."""

from __future__ import annotations

import argparse
import io
import json
import logging
from pathlib import Path

import numpy as np
import torch
from flask import Flask, request
from network import answer, tensor
from PIL import Image
from transformers import EfficientNetModel


class Classifier(torch.nn.Module):
    """The checkpoint's last hidden state, averaged over space, and the head on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        head = np.load(folder / "head.npz")
        self.model = EfficientNetModel.from_pretrained(folder / "checkpoint")
        self.head = torch.nn.Linear(head["weight"].shape[1], head["weight"].shape[0])
        self.head.weight.data = torch.from_numpy(head["weight"])
        self.head.bias.data = torch.from_numpy(head["bias"])

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.head(self.model(picture).last_hidden_state.mean(dim=(2, 3)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    folder = Path(asked.model)
    model = Classifier(folder).eval()
    labels = json.loads((folder / "labels.json").read_text())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Flask("peer")

    @app.post("/predict")
    def predict() -> dict[str, object]:
        batch = torch.from_numpy(tensor(Image.open(io.BytesIO(request.get_data()))))[None]
        with torch.inference_mode():
            return answer(model(batch)[0].numpy(), labels)

    app.run(host="127.0.0.1", port=asked.port, threaded=True)


main()
