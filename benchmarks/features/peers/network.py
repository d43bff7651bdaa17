"""The network as every peer calls it: the same picture, the same session, the same clock.

The clock of a run begins when the first of its workers has its session and could take an
image, so that nobody pays for imports, for the start of a cluster, or for reading the network;
it ends when the last vector is written.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

SIDE = 224


class Network:
    """One session, which any number of threads may share."""

    def __init__(self, job: Job) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = job.threads
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(job.model, options, providers=providers)
        self._name = self._session.get_inputs()[0].name
        job.begin()

    def vector(self, data: bytes) -> np.ndarray:
        """Of the bytes of a file: ``[1280]``."""
        return self.of_picture(Image.open(io.BytesIO(data)))

    def of_picture(self, picture: Image.Image) -> np.ndarray:
        """Of a picture: ``[1280]``."""
        return self._session.run(None, {self._name: tensor(picture)[None]})[0][0]


class Job:
    """What a peer is asked to do, and its clock. It can be sent to workers."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.images: str = arguments.images
        self.model: str = arguments.model
        self.out: str = arguments.out
        self.workers: int = arguments.workers
        self.threads: int = arguments.threads

    @classmethod
    def asked(cls) -> Job:
        """Of the command line."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--images", required=True, help="a folder of JPEG files")
        parser.add_argument("--model", required=True, help="the ONNX file, or the checkpoint")
        parser.add_argument("--out", required=True, help="a new folder for what is written")
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--threads", type=int, default=1, help="of a session; 0: its own way")
        job = cls(parser.parse_args())
        os.makedirs(job._clock)
        return job

    @property
    def vectors(self) -> str:
        """The folder for the Parquet files, with columns ``path`` and ``vector``."""
        return os.path.join(self.out, "vectors")

    def begin(self) -> None:
        """Say that a worker has its session now."""
        name = f"{os.getpid()}-{time.monotonic_ns()}"
        Path(self._clock, name).write_text(repr(time.time()))

    def end(self) -> None:
        """Say that all is written: print the seconds."""
        ended = time.time()
        begun = [float(mark.read_text()) for mark in Path(self._clock).iterdir()]
        print(json.dumps({"seconds": ended - min(begun)}), flush=True)

    @property
    def _clock(self) -> str:
        return os.path.join(self.out, "clock")


def tensor(picture: Image.Image) -> np.ndarray:
    """What the network is fed: RGB, stretched, from 0 to 1, ``[3, 224, 224]``."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    scaled = np.asarray(small, dtype=np.float32) * np.float32(1 / 255)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))
