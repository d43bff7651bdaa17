"""The same work through a server: what ``--url`` and ``--token`` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import typer

from millpond.cli.line import line_of, opened
from millpond.errors import MillpondError, UsageError

if TYPE_CHECKING:
    import httpx
    import pyarrow as pa

    from millpond.project import Project

Result = TypeVar("Result")


def either(
    context: typer.Context,
    here: Callable[[Project], Result],
    there: Callable[[Remote], Result],
) -> Result:
    """Do a command's work on the project here, or with ``--url`` on the one behind a server."""
    line = line_of(context)
    if line.url is None:
        with opened(context) as project:
            return here(project)
    with Remote(line.url, line.token) as server:
        return there(server)


class Remote:
    """A server, asked over HTTP.

    Args:
        url: where it is served, such as ``http://127.0.0.1:8420``.
        token: made by ``millpond token create``.
    """

    def __init__(self, url: str, token: str | None) -> None:
        import httpx

        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # A pipeline that runs is waited for.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """What ``GET`` answers; parameters that are None are left out."""
        with self._asked("GET", path, params=_given(parameters)) as response:
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

    def post(self, path: str, body: Any = None) -> Any:
        """What ``POST`` answers to a JSON body."""
        with self._asked("POST", path, json=body) as response:
            response.read()
            return response.json()

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
        """The response to a request, once it is known to be none of refusal."""
        import httpx

        try:
            with self._http.stream(method, path, **request) as response:
                if not response.is_success:
                    response.read()
                    raise MillpondError(_detail(response))
                yield response
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise MillpondError(f"the server cannot be reached: {error}; see --url") from error


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _detail(response: httpx.Response) -> str:
    """What a refusal says."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {response.status_code} to {response.request.url}"


@dataclass(frozen=True)
class RemoteAnswer:
    """What a query was answered by a server.

    Args:
        document: ``{columns, rows, as_of}``.
    """

    document: dict[str, Any]

    @property
    def table(self) -> pa.Table:
        """The rows, with moments as the text that they came as."""
        import pyarrow as pa

        names = [column["name"] for column in self.document["columns"]]
        rows = self.document["rows"]
        columns = [pa.array([row[place] for row in rows]) for place in range(len(names))]
        return pa.table(columns, names=names)

    def rows(self) -> Iterator[list[Any]]:
        """The rows."""
        return iter(self.document["rows"])

    def as_json(self) -> dict[str, Any]:
        """The document as it came."""
        return self.document
