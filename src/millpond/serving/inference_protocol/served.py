"""The models of the protocol as they are served: their metadata, and their answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import BoundedSemaphore

from starlette.responses import Response

from millpond.errors import Busy
from millpond.serving.inference_protocol.find import Asking, Found
from millpond.serving.inference_protocol.graphs import GraphModel
from millpond.serving.inference_protocol.metadata import ModelMetadata
from millpond.serving.inference_protocol.pictures import PictureModel
from millpond.serving.inference_protocol.requests import InferRequest, elements_of, read_request
from millpond.serving.inference_protocol.responses import Inferred, respond
from millpond.serving.services import Services

#: So many elements of JSON lie in memory together with any number of others like them.
_FEW = 50_000
#: Requests with more that are under way at once.
_MANY = BoundedSemaphore(4)


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
    services: Services, found: Found, asking: Asking, body: bytes, json_length: str | None
) -> Response:
    """The answer to a request.

    Raises:
        Invalid: the request does not fit; the message says where.
        Busy: its deadline passed before its turn came; nothing was computed or kept.
    """
    with _room(elements_of(body, json_length)):
        request = read_request(body, json_length)
        if request.timeout:
            patient = min(asking.deadline, asking.arrived + request.timeout)
            asking = replace(asking, deadline=patient)
        if found.tensors:
            computed = _computed(services, found, request, asking)
            return respond(request, found.name, found.version, computed)
        version, inferred = _picture(services, found).infer(request, asking)
        return respond(request, found.name, version, inferred)


@contextmanager
def _room(elements: int) -> Iterator[None]:
    """A place in memory for elements of JSON, each of which takes many times its size.

    Raises:
        Busy: there is none, for so many.
    """
    few = elements <= _FEW
    if not (few or _MANY.acquire(blocking=False)):
        raise Busy("enough large requests in JSON are under way; send tensors as binary data")
    try:
        yield
    finally:
        if not few:
            _MANY.release()


def _computed(services: Services, found: Found, request: InferRequest, asking: Asking) -> Inferred:
    graph = _graph(services, found)
    computed = services.predict.compute(lambda: graph.infer(request), asking.deadline)
    services.uncaptured.count(found.app, found.version, "tensors")
    return computed


def _graph(services: Services, found: Found) -> GraphModel:
    return GraphModel(services.registry.predictor(found.version).runtime)


def _picture(services: Services, found: Found) -> PictureModel:
    task = services.settings.app(found.app).task
    return PictureModel(services.predict, found, task, services.settings.limits.megapixels)
