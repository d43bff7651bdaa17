"""The network as the peers with ONNX Runtime call it: a file in, a label and its score out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

SIDE = 224


class Network:
    """One session, which any number of threads may share.

    Args:
        folder: with ``model.onnx`` and ``labels.json``.
        threads: of the session; 0 is its own way, one for each core.
    """

    def __init__(self, folder: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = Path(folder, "model.onnx")
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._name = self._session.get_inputs()[0].name
        self._labels = json.loads(Path(folder, "labels.json").read_text())

    def predict(self, data: bytes) -> dict[str, object]:
        """What is seen in the bytes of a file."""
        with Image.open(io.BytesIO(data)) as picture:
            batch = tensor(picture)[None]
        return answer(self._session.run(None, {self._name: batch})[0][0], self._labels)


def tensor(picture: Image.Image) -> np.ndarray:
    """What the network is fed: RGB, stretched, from 0 to 1, ``[3, 224, 224]``."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    scaled = np.asarray(small, dtype=np.float32) * np.float32(1 / 255)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def answer(logits: np.ndarray, labels: list[str]) -> dict[str, object]:
    """The best label and its score, by softmax."""
    raised = np.exp(logits - logits.max())
    best = int(raised.argmax())
    return {"label": labels[best], "score": float(raised[best] / raised.sum())}
