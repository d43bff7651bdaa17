"""What a client gets: the JSON of an inference response, and the binary data behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from starlette.responses import Response

from millpond.serving.inference_protocol.datatypes import datatype_of
from millpond.serving.inference_protocol.elements import to_binary, to_json
from millpond.serving.inference_protocol.requests import JSON_LENGTH, InferRequest, Output


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a model answers to a request.

    Args:
        tensors: the outputs that were asked for, by their names.
        parameters: what is known of the answer as a whole.
    """

    tensors: Mapping[str, NDArray[Any]]
    parameters: Mapping[str, bool | int | float | str]


def asked(request: InferRequest, default: Sequence[str]) -> Sequence[Output]:
    """The outputs of a request; where it names none, those of `default`."""
    return request.outputs or [Output(name, request.binary) for name in default]


def respond(request: InferRequest, model: str, version: str, inferred: Inferred) -> Response:
    """The answer, in the forms that the request asks for.

    Raises:
        Invalid: JSON cannot hold an output that is to go as JSON.
    """
    tensors, behind = [], []
    for output in asked(request, list(inferred.tensors)):
        array = inferred.tensors[output.name]
        tensor: dict[str, Any] = {
            "name": output.name,
            "datatype": datatype_of(array.dtype),
            "shape": list(array.shape),
        }
        if output.binary:
            behind.append(to_binary(array))
            tensor["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            tensor["data"] = to_json(output.name, array)
        tensors.append(tensor)
    about = {
        "model_name": model,
        "model_version": version,
        **({} if request.id is None else {"id": request.id}),
        "parameters": dict(inferred.parameters),
        "outputs": tensors,
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    if not behind:
        return Response(text, media_type="application/json")
    length = {JSON_LENGTH: str(len(text))}
    return Response(b"".join([text, *behind]), 200, length, "application/octet-stream")
