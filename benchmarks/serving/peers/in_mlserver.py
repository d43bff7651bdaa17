"""MLServer with ONNX Runtime: a runtime of one's own, in the ways of its documentation."""

from __future__ import annotations

import argparse
import asyncio
import base64
import importlib
import json
import os

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from network import Network


class Peer(MLModel):
    """A file as base64 in, a label out."""

    async def load(self) -> bool:
        self._network = Network(os.environ["PEER_MODEL"], 1)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        sent = payload.inputs[0].data[0]
        found = self._network.predict(base64.b64decode(sent))
        output = ResponseOutput(
            name="answer", shape=[1], datatype="BYTES", data=[json.dumps(found)]
        )
        return InferenceResponse(model_name=self.name, outputs=[output])


async def serve(port: int, workers: int) -> None:
    settings = Settings(
        host="127.0.0.1",
        http_port=port,
        grpc_port=port + 1,
        metrics_port=port + 2,
        parallel_workers=workers,
        debug=False,
    )
    server = MLServer(settings)
    # By its module, for the workers are other processes, to whom this one's `__main__` is unknown.
    peer = importlib.import_module("in_mlserver").Peer
    model = ModelSettings(name="cells", implementation=peer, parameters=ModelParameters())
    await server.start([model])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    os.environ["PEER_MODEL"] = asked.model
    asyncio.run(serve(asked.port, asked.workers))


if __name__ == "__main__":
    main()
