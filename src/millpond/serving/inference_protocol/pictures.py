"""A model of the protocol that takes pictures: predicted, captured and answered as any upload."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from millpond.errors import Invalid, TooLarge
from millpond.serving.answers import CandidateAnswer, InferenceAnswer
from millpond.serving.inference_protocol.datatypes import BYTES
from millpond.serving.inference_protocol.find import TENSORS, Asking, Found
from millpond.serving.inference_protocol.metadata import TensorMetadata
from millpond.serving.inference_protocol.requests import InferRequest, Input, Value
from millpond.serving.inference_protocol.responses import Inferred, asked
from millpond.serving.predict import PredictService, Upload
from millpond.values import Task

#: Images of one request.
MOST_IMAGES: Final = 32

INPUTS: Final[tuple[TensorMetadata, ...]] = (
    {"name": "image", "datatype": BYTES, "shape": [-1]},
    {"name": "pixels", "datatype": "UINT8", "shape": [-1, -1, 3]},
)
_CANDIDATE: Final = "candidate_"
_PARAMETERS: Final[dict[str, tuple[type, ...]]] = {
    "threshold": (int, float),
    "nms": (int, float),
    "subject": (str,),
    "candidates": (bool,),
}


class PictureModel:
    """An application's model as a whole: files of images in, labels, scores and boxes out.

    Args:
        megapixels: most of one image.
    """

    captured = True

    def __init__(self, predict: PredictService, found: Found, task: Task, megapixels: int) -> None:
        self._predict = predict
        self._found = found
        self._task = task
        self._pixels = megapixels * 1_000_000

    @property
    def inputs(self) -> Sequence[TensorMetadata]:
        """What it takes: one of these."""
        return INPUTS

    @property
    def outputs(self) -> Sequence[TensorMetadata]:
        """What it gives, besides the candidates of those who ask for them."""
        return [
            *_tensors("", self._task),
            {"name": "inference_ids", "datatype": BYTES, "shape": [-1]},
        ]

    def infer(self, request: InferRequest, asking: Asking) -> tuple[str, Inferred]:
        """The version that answered, and its answer.

        When this returns, every image is kept with what was seen in it.

        Raises:
            Invalid: an input, an output or a parameter does not fit.
            NotAnImage, TooLarge, Unsupported: the bytes cannot be taken as an image; then
                none of the request is kept.
        """
        parameters = _checked(request.parameters)
        candidates = bool(parameters.pop("candidates", False))
        names = self._names(request, candidates)
        uploads = self._uploads(self._images(request), parameters, asking)
        wanted = any(name.startswith(_CANDIDATE) for name in names)
        answers = self._predict.predict_all(uploads, candidates=wanted)
        tensors = _arrays(answers)
        about: dict[str, Value] = {"captured": all(answer["captured"] for answer in answers)}
        if len(answers) == 1 and answers[0]["inference_id"]:
            about["inference_id"] = answers[0]["inference_id"]
        found = Inferred({name: tensors[name] for name in names}, about)
        return answers[0]["model_version"] or "", found

    def _names(self, request: InferRequest, candidates: bool) -> list[str]:
        usual = [tensor["name"] for tensor in self.outputs]
        more = [tensor["name"] for tensor in _tensors(_CANDIDATE, self._task)]
        names = [output.name for output in asked(request, usual + (more if candidates else []))]
        for name in names:
            if name not in (*usual, *more):
                raise Invalid(f"output {name!r} is not one of {', '.join((*usual, *more))}")
        return names

    def _images(self, request: InferRequest) -> list[bytes]:
        """The files of the images; pixels become a PNG file."""
        if request.raw is not None:
            return [bytes(request.raw)]
        if len(request.inputs) > 1:
            raise Invalid("inputs image and pixels are two ways to say the same; send one of them")
        [sent] = request.inputs
        if sent.name == "image":
            return _files(sent)
        if sent.name == "pixels":
            return [self._png(sent)]
        raise Invalid(
            f"input {sent.name!r} is neither image nor pixels; "
            f"tensors of the model itself are for {self._found.app}.{TENSORS}"
        )

    def _png(self, sent: Input) -> bytes:
        _check_datatype(sent, "UINT8")
        if len(sent.shape) != 3 or sent.shape[2] != 3 or 0 in sent.shape:
            raise Invalid(f"pixels of shape {list(sent.shape)} are not [height, width, 3]")
        if sent.shape[0] * sent.shape[1] > self._pixels:
            raise TooLarge(
                f"{sent.shape[1]} x {sent.shape[0]} pixels are more than the "
                f"{self._pixels // 1_000_000} million that are taken"
            )
        out = io.BytesIO()
        Image.fromarray(sent.array()).save(out, "PNG", compress_level=1)
        return out.getvalue()

    def _uploads(
        self, images: Sequence[bytes], parameters: dict[str, Any], asking: Asking
    ) -> list[Upload]:
        found = []
        for number, data in enumerate(images):
            # Each image is an inference of its own, so each has a key of its own.
            key = asking.key if asking.key is None or number == 0 else f"{asking.key}/{number}"
            upload = self._predict.upload(
                self._found.app,
                data,
                requested_by=asking.by,
                key=key,
                deadline=asking.deadline,
                **parameters,
            )
            # One version answers all of a request, also while another is promoted.
            found.append(replace(upload, version=self._found.version))
        asked = None if self._found.champion else self._found.version
        whole = hashlib.sha256(repr((asked, [one.sha256 for one in found])).encode()).hexdigest()
        return [_of_request(upload, whole) for upload in found]


def _of_request(upload: Upload, whole: str) -> Upload:
    """An upload whose key stands for all the images of its request and the version asked."""
    if upload.key is None:
        return upload
    request = hashlib.sha256((upload.key.request_sha256 + whole).encode()).hexdigest()
    return replace(upload, key=replace(upload.key, request_sha256=request))


def _checked(sent: Any) -> dict[str, Any]:
    for name, value in sent.items():
        if name not in _PARAMETERS:
            raise Invalid(f"parameter {name!r} is not one of {', '.join(_PARAMETERS)}")
        if type(value) not in _PARAMETERS[name]:
            kinds = " or ".join(kind.__name__ for kind in _PARAMETERS[name])
            raise Invalid(f"parameter {name} is {value!r}, which is no {kinds}")
    return dict(sent)


def _check_datatype(sent: Input, datatype: str) -> None:
    if sent.datatype != datatype:
        raise Invalid(f"input {sent.name!r} is {datatype}, not {sent.datatype!r}")


def _files(sent: Input) -> list[bytes]:
    _check_datatype(sent, BYTES)
    if len(sent.shape) != 1 or not 1 <= sent.shape[0] <= MOST_IMAGES:
        raise Invalid(
            f"image of shape {list(sent.shape)} is not [n], with n from 1 to {MOST_IMAGES}"
        )
    files: list[bytes] = sent.array().tolist()
    if isinstance(sent.data, memoryview):
        return files
    try:
        return [base64.b64decode(text, validate=True) for text in files]
    except binascii.Error as error:
        raise Invalid(f"an image in JSON is not the base64 of its file: {error}") from error


def _tensors(prefix: str, task: Task) -> list[TensorMetadata]:
    boxes: list[TensorMetadata] = [{"name": f"{prefix}boxes", "datatype": "FP32", "shape": [-1, 4]}]
    return [
        {"name": f"{prefix}labels", "datatype": BYTES, "shape": [-1]},
        {"name": f"{prefix}scores", "datatype": "FP32", "shape": [-1]},
        *(boxes if task == "detection" else []),
        {"name": f"{prefix}counts", "datatype": "INT32", "shape": [-1]},
    ]


def _arrays(answers: Sequence[InferenceAnswer]) -> dict[str, NDArray[Any]]:
    return {
        **_of("", [answer["predictions"] for answer in answers]),
        **_of(_CANDIDATE, [answer.get("candidates", []) for answer in answers]),
        "inference_ids": np.array([answer["inference_id"] or "" for answer in answers], object),
    }


def _of(prefix: str, images: Sequence[Sequence[CandidateAnswer]]) -> dict[str, NDArray[Any]]:
    """What was seen in the images, one after the other, and in each how many."""
    every = [seen for image in images for seen in image]
    boxes = [seen["box"] for seen in every if seen["box"] is not None]
    return {
        f"{prefix}labels": np.array([seen["label"] for seen in every], object),
        f"{prefix}scores": np.array([seen["score"] for seen in every], np.float32),
        f"{prefix}boxes": np.array(boxes, np.float32).reshape(-1, 4),
        f"{prefix}counts": np.array([len(image) for image in images], np.int32),
    }
