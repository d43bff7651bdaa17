"""The client: what a project does, asked of a server over HTTP."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from millpond import errors
from millpond.errors import Busy, Conflict, MillpondError
from millpond.values import app_route

if TYPE_CHECKING:
    import pyarrow as pa

#: Seconds that a request may take; an export or a training run takes longer.
_SECONDS = 120.0

_BY_STATUS: Mapping[int, type[MillpondError]] = {
    400: errors.NotAnImage,
    401: errors.NotSignedIn,
    403: errors.NotAllowed,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.Unsupported,
    422: errors.Invalid,
    429: errors.Throttled,
    503: errors.Busy,
    507: errors.DiskFull,
}


class Client:
    """A project behind a server.

    Args:
        url: where it is served, such as ``http://127.0.0.1:8420``.
        token: made by ``millpond token create``.

    Every method raises the `MillpondError` that the server's answer stands for.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(
        self,
        image: bytes | str | Path,
        *,
        app: str,
        threshold: float | None = None,
        nms: float | None = None,
        subject: str | None = None,
        candidates: bool = False,
        key: str | None = None,
    ) -> dict[str, Any]:
        """What the champion sees in an image, captured before it is answered.

        Args:
            image: its bytes, or the path of its file.
            key: an ``Idempotency-Key``: the same request with it is one request.

        Returns:
            The answer of ``POST /api/v1/apps/{app}/predict``.
        """
        data = image if isinstance(image, bytes) else Path(image).read_bytes()
        asked = {"threshold": threshold, "nms": nms, "subject": subject}
        parameters = {name: value for name, value in asked.items() if value is not None}
        if candidates:
            parameters["candidates"] = "true"
        headers = {"Content-Type": "application/octet-stream"}
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = self._ask(
            "POST",
            f"/api/v1/apps/{app_route(app)}/predict",
            params=parameters,
            content=data,
            headers=headers,
        )
        return dict(answer)

    def inference(self, inference_id: str, *, candidates: bool = False) -> dict[str, Any]:
        """An inference as it was answered, with its annotations."""
        parameters = {"candidates": "true"} if candidates else {}
        return dict(self._ask("GET", f"/api/v1/inferences/{inference_id}", params=parameters))

    def annotate(
        self,
        annotations: Sequence[Mapping[str, Any]],
        *,
        inference_id: str | None = None,
        object_id: str | None = None,
        app: str | None = None,
    ) -> list[dict[str, Any]]:
        """Send annotations to an inference, or to an object of an application.

        Args:
            annotations: each with an ``action`` and what that takes.

        Returns:
            The annotations as kept.
        """
        if inference_id is not None:
            path, parameters = f"/api/v1/inferences/{inference_id}/annotations", {}
        else:
            path = f"/api/v1/objects/{object_id}/annotations"
            parameters = {} if app is None else {"app": app_route(app)}
        answer = self._ask("POST", path, params=parameters, json=list(annotations))
        return [dict(row) for row in answer]

    def query(self, sql: str, as_of: str | None = None) -> pa.Table:
        """What a query over the views answers, as of a moment."""
        import pyarrow as pa

        answer = self._ask("POST", "/api/v1/query", json={"sql": sql, "as_of": as_of})
        names = [column["name"] for column in answer["columns"]]
        columns = [list(values) for values in zip(*answer["rows"], strict=True)]
        return pa.table(
            [pa.array(values) for values in columns or [[] for _ in names]], names=names
        )

    def snapshot(self, name: str, *, app: str, as_of: str | None = None) -> dict[str, Any]:
        """Freeze the reviewed images of an application under a name."""
        body = {"name": name, "app": app_route(app), "as_of": as_of}
        return dict(self._ask("POST", "/api/v1/snapshots", json=body))

    def export(
        self,
        format: str,
        out: str | Path,
        *,
        app: str,
        labels: str = "truth",
        as_of: str | None = None,
        snapshot: str | None = None,
    ) -> Path:
        """Pull a mart into a new folder.

        Raises:
            Conflict: the folder exists already.
        """
        out = Path(out)
        if out.exists():
            raise Conflict(f"{out} exists already; choose another folder")
        asked = {"labels": labels, "as_of": as_of, "snapshot": snapshot}
        parameters = {name: value for name, value in asked.items() if value is not None}
        path = f"/api/v1/apps/{app_route(app)}/export/{format}"
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=".millpond-") as scratch:
            archive, folder = Path(scratch, "mart.zip"), Path(scratch, "mart")
            with self._http.stream("GET", path, params=parameters) as response:
                if response.is_error:
                    response.read()
                    raise _error(response)
                with archive.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(folder)
            shutil.move(folder, out)
        return out

    def models(self, app: str | None = None) -> list[dict[str, Any]]:
        """The registered models, oldest first."""
        parameters = {} if app is None else {"app": app_route(app)}
        answer = self._ask("GET", "/api/v1/models", params=parameters)
        return [dict(row) for row in answer["models"]]

    def run(self, pipeline: str) -> dict[str, Any]:
        """Run a pipeline and wait for it."""
        return dict(self._ask("POST", "/api/v1/runs", json={"pipeline": pipeline}, timeout=None))

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        response = self._http.request(method, path, **request)
        if response.is_error:
            raise _error(response)
        return response.json()


def _error(response: httpx.Response) -> MillpondError:
    """The error that an answer stands for."""
    try:
        detail = response.json()["detail"]
    except (json.JSONDecodeError, KeyError, TypeError):
        detail = f"the server answered {response.status_code} to {response.request.url}"
    kind = _BY_STATUS.get(response.status_code, MillpondError)
    if kind is Busy:
        return Busy(detail, retry_after=int(response.headers.get("Retry-After", "1")))
    return kind(detail)
