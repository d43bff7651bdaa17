"""LitServe with ONNX Runtime: a worker for each core, in the ways of its documentation."""

# No postponed annotations: LitServe looks at that of `decode_request`, and wants the class itself.
import argparse

import litserve
from fastapi import Request
from network import Network


class Peer(litserve.LitAPI):
    """A file in a form in, a label out."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self._model = model

    def setup(self, device: str) -> None:
        self._network = Network(self._model, 1)

    def decode_request(self, request: Request) -> bytes:
        return request["file"].file.read()

    def predict(self, data: bytes) -> dict[str, object]:
        return self._network.predict(data)

    def encode_response(self, found: dict[str, object]) -> dict[str, object]:
        return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    server = litserve.LitServer(
        Peer(asked.model), accelerator="cpu", workers_per_device=asked.workers, timeout=120
    )
    server.run(host="127.0.0.1", port=asked.port, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
