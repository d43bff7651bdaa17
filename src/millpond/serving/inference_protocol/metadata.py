"""What a model takes and gives, as its metadata says it."""

from __future__ import annotations

from typing_extensions import TypedDict


class TensorMetadata(TypedDict):
    """An input or an output; a side of any length is -1."""

    name: str
    datatype: str
    shape: list[int]


class ModelParameters(TypedDict):
    """Whether what the model is asked is kept."""

    captured: bool


class ModelMetadata(TypedDict):
    """A model: the versions that may be asked for, what it takes and what it gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: ModelParameters
