"""A bare handler: FastAPI and one ONNX Runtime session; it stores nothing and asks nobody."""

from __future__ import annotations

import argparse

import uvicorn
from fastapi import FastAPI, Request
from network import Network
from starlette.concurrency import run_in_threadpool


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0, help="of the session; 0: its own way")
    asked = parser.parse_args()
    network = Network(asked.model, asked.threads)
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, object]:
        return await run_in_threadpool(network.predict, await request.body())

    uvicorn.run(app, host="127.0.0.1", port=asked.port, log_level="warning", access_log=False)


main()
