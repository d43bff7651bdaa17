"""A real server in a thread, over real backends and a real, tiny model."""

from __future__ import annotations

import io
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import onnx
import uvicorn
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from starlette.types import ASGIApp

from backends import section
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.project import Project
from millpond.serving.app import create_app
from millpond.serving.server import configuration
from millpond.serving.services import Services
from millpond.settings import Settings

LABELS = ("RBC", "WBC", "Platelets")


@contextmanager
def taken(compute: Callable[[Callable[[], object]], object]) -> Iterator[None]:
    """A turn at computing is taken, and not given back before the end."""
    begun, ending = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        ending.wait(60)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(compute, hold)
        begun.wait(60)
        try:
            yield
        finally:
            ending.set()
        holding.result()


def tiny_detector() -> bytes:
    """Finds the same three cells in every picture; the two RBC overlap by 0.68."""
    scores = np.array([[[0.9, 0, 0], [0.6, 0, 0], [0, 0.3, 0]]], np.float32)
    boxes = np.array([[[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "fixed_scores"], ["scores"]),
            helper.make_node("Add", ["nothing", "fixed_boxes"], ["boxes"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, 48, 64])],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 3, 3]),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 3, 4]),
        ],
        [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(scores, "fixed_scores"),
            numpy_helper.from_array(boxes, "fixed_boxes"),
        ],
    )
    opset = [helper.make_opsetid("", 13)]
    return bytes(
        onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )


def detector_package() -> ModelPackage:
    return ModelPackage(
        app="blood-cells",
        task="detection",
        labels=LABELS,
        preprocessing=Preprocessing(64, 48),
        outputs=Outputs("scores_and_boxes"),
        model=tiny_detector(),
    )


def picture(seed: int = 0, form: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """An image file that no other seed gives."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form)
    return out.getvalue()


@dataclass
class Served:
    """A server that runs, and what it runs on."""

    url: str
    services: Services
    clients: ExitStack
    layers: Project

    def client(
        self, role: str = "admin", *, name: str = "", app: str | None = None
    ) -> httpx.Client:
        """A client with a new token of a role."""
        token = self.services.access.create_token(name or role, role, app=app, by="os:test")
        return self.open(Authorization=f"Bearer {token}")

    def open(self, **headers: str) -> httpx.Client:
        """A client that sends these headers; it is closed with the server."""
        # Many threads share a client. One that keeps few connections open may close one that
        # another thread has just taken, which then is a bad file descriptor.
        every = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        client = httpx.Client(base_url=self.url, headers=headers, timeout=60, limits=every)
        return self.clients.enter_context(client)

    def promote(self) -> str:
        version = self.services.registry.register(detector_package(), by="os:test").version
        self.services.registry.set_champion("blood-cells", version, by="os:test")
        return version

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the operational database says."""
        with self.services.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def kept(self) -> tuple[object, ...]:
        """Everything of which a refused request must leave nothing."""
        files = sorted(stored.key for stored in self.services.store.list("objects"))
        tables = ("objects", "inferences", "predictions", "annotations", "reviews", "idempotency")
        return (files, *(self.rows(f"select count(*) from {table}") for table in tables))


@contextmanager
def serving(folder: Path, settings: Settings) -> Iterator[Served]:
    """A project of these settings in an empty folder, behind a server."""
    settings = settings.model_copy(update={"database": section(folder)})
    with Project(folder, settings) as project, ExitStack() as clients:
        services = project.services()
        with running(create_app(services)) as url:
            yield Served(url, services, clients, project)


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """The URL of a server in a thread."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(configuration(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """To this process, the disk is full for anything beyond `size` bytes of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
