"""The models of the protocol as they are served: their metadata, and their answers."""

from __future__ import annotations

from starlette.responses import Response

from millpond.serving.inference_protocol.find import Found
from millpond.serving.inference_protocol.graphs import GraphModel
from millpond.serving.inference_protocol.metadata import ModelMetadata
from millpond.serving.inference_protocol.pictures import PictureModel
from millpond.serving.inference_protocol.requests import read_request
from millpond.serving.inference_protocol.responses import respond
from millpond.serving.services import Services


def metadata(services: Services, found: Found) -> ModelMetadata:
    """What a model takes and gives.

    Raises:
        Corrupted: the model is not what was registered.
    """
    model = _graph(services, found) if found.tensors else _picture(services, found)
    return {
        "name": found.name,
        "versions": [known.version for known in services.registry.list(found.app)],
        "platform": "onnxruntime_onnx",
        "inputs": list(model.inputs),
        "outputs": list(model.outputs),
        "parameters": {"captured": model.captured},
    }


def infer(
    services: Services,
    found: Found,
    body: bytes,
    json_length: str | None,
    *,
    by: str,
    key: str | None,
) -> Response:
    """The answer to a request.

    Args:
        by: who asks.
        key: requests with the same key are one request.

    Raises:
        Invalid: the request does not fit; the message says where.
    """
    request = read_request(body, json_length)
    if found.tensors:
        graph = _graph(services, found)
        with services.predict.computing():
            computed = graph.infer(request)
        return respond(request, found.name, found.version, computed)
    version, inferred = _picture(services, found).infer(request, by, key)
    return respond(request, found.name, version, inferred)


def _graph(services: Services, found: Found) -> GraphModel:
    return GraphModel(services.registry.predictor(found.version).runtime)


def _picture(services: Services, found: Found) -> PictureModel:
    task = services.settings.app(found.app).task
    return PictureModel(services.predict, found, task, services.settings.limits.megapixels)
