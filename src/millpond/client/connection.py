"""A connection to a server: requests with a token, and refusals as the errors they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from millpond import errors
from millpond.errors import Busy, MillpondError, UsageError

#: Seconds that a connection may take to come about; an answer may take longer.
_CONNECT_SECONDS = 10.0

_PROBLEM = "application/problem+json"
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
    507: errors.DiskFull,
}


class Connection:
    """A server, asked over HTTP.

    Args:
        url: where it is served, such as ``http://127.0.0.1:8420``.
        token: made by ``millpond token create``.
        patience: seconds without a byte after which a server counts as lost; None, for ever,
            as a pipeline or an export takes long.

    Every request raises the `MillpondError` that a refusal stands for, and `Busy` where the
    server cannot be reached.
    """

    def __init__(
        self, url: str, token: str | None = None, *, patience: float | None = None
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        timeout = httpx.Timeout(patience, connect=_CONNECT_SECONDS)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """What ``GET`` answers; parameters that are None are left out."""
        with self._asked("GET", path, params=_given(parameters)) as response:
            response.read()
            return response.json()

    def post(
        self,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Any:
        """What ``POST`` answers to a JSON body."""
        asked = {"json": body, "headers": headers, "params": _given(parameters)}
        with self._asked("POST", path, **asked) as response:
            response.read()
            return response.json()

    def send(self, path: str, data: bytes, headers: Mapping[str, str], **parameters: Any) -> Any:
        """What ``POST`` answers to bytes."""
        kind = {"Content-Type": "application/octet-stream", **headers}
        with self._asked(
            "POST", path, content=data, headers=kind, params=_given(parameters)
        ) as response:
            response.read()
            return response.json()

    def send_parts(self, path: str, parts: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """What ``POST`` answers to the parts of a form."""
        with self._asked("POST", path, files=parts, headers=headers) as response:
            response.read()
            return response.json()

    def download(self, path: str, file: Path, **parameters: Any) -> None:
        """Write what ``GET`` answers into a file, piece by piece."""
        with (
            self._asked("GET", path, params=_given(parameters)) as response,
            file.open("wb") as sink,
        ):
            for piece in response.iter_bytes():
                sink.write(piece)

    def app_name(self, app: str | None) -> str:
        """The application that was named, or the only one there is.

        Raises:
            UsageError: the project has several, or none at all.
        """
        if app is not None:
            return app
        names = [found["app"] for found in self.get("/api/v1/apps")["apps"]]
        if len(names) == 1:
            return str(names[0])
        raise UsageError(f"name an application with --app: {', '.join(names) or 'there is none'}")

    @contextmanager
    def _asked(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        """The response to a request, once it is known to be no refusal."""
        try:
            with self._http.stream(method, path, **request) as response:
                if not response.is_success:
                    response.read()
                    raise _error(response)
                yield response
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Busy(f"the server cannot be reached: {error}; see --url") from error


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _error(response: httpx.Response) -> MillpondError:
    """The error that a refusal stands for; what is in between may answer too, in its own way."""
    status = response.status_code
    if status == Busy.status:
        after = response.headers.get("Retry-After", "")
        return Busy(_detail(response), retry_after=int(after) if after.isdecimal() else 1)
    if not response.headers.get("Content-Type", "").startswith(_PROBLEM):
        return Busy(_detail(response))
    return _BY_STATUS.get(status, MillpondError)(_detail(response))


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {response.status_code} to {response.request.url}"
