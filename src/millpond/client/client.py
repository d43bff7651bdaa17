"""The client: what a project does, asked of a server over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from millpond.client.buffer import WhenFull
from millpond.client.connection import Connection
from millpond.client.logger import Logger
from millpond.client.marts import pull_mart
from millpond.client.recording import Record, image_bytes
from millpond.errors import Invalid
from millpond.values import Prediction, Told, app_route, inference_document

if TYPE_CHECKING:
    import pyarrow as pa


class Client:
    """A project behind a server.

    Args:
        url: where it is served, such as ``http://127.0.0.1:8420``.
        token: made by ``millpond token create``.

    Every method raises the `MillpondError` that the server's refusal stands for.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._url, self._token = url, token
        self._server = Connection(url, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def predict(
        self,
        image: bytes | str | Path,
        *,
        app: str | None = None,
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
        answer = self._server.send(
            f"/api/v1/apps/{app_route(self._server.app_name(app))}/predict",
            image if isinstance(image, bytes) else Path(image).read_bytes(),
            {} if key is None else {"Idempotency-Key": key},
            threshold=threshold,
            nms=nms,
            subject=subject,
            candidates="true" if candidates else None,
        )
        return dict(answer)

    def log(
        self,
        image: bytes | str | Path | None = None,
        *,
        model: str,
        predictions: Sequence[Mapping[str, Any] | Prediction],
        app: str | None = None,
        key: str | None = None,
        **told: Unpack[Told],
    ) -> dict[str, Any]:
        """Record a prediction that another model server made; it is on its disk afterwards.

        Args:
            image: its bytes, or the path of its file; or ``address`` or ``object_id`` says
                which it was.
            model: its name there, such as ``triton/cells:3``.
            predictions: each ``{label, score, box?}``, the box in pixels.
            key: an ``Idempotency-Key``: the same request with it is one request.
            told: what else is known of it; see `values.Told`.

        Returns:
            The answer of ``POST /api/v1/apps/{app}/inferences``.
        """
        document = inference_document(model, predictions, told)
        record = Record(self._server.app_name(app), document, image_bytes(image))
        return record.send(self._server, key)

    def logger(
        self,
        buffer: Path | str,
        *,
        app: str | None = None,
        megabytes: float = 1024,
        when_full: WhenFull = "raise",
    ) -> Logger:
        """What records without waiting for the server; see `Logger`.

        Args:
            buffer: a folder in which records wait until the server has them.
        """
        name = self._server.app_name(app)
        return Logger(
            self._url, buffer, app=name, token=self._token, megabytes=megabytes, when_full=when_full
        )

    def inference(self, inference_id: str, *, candidates: bool = False) -> dict[str, Any]:
        """An inference as it was answered, with its annotations."""
        kept = "true" if candidates else None
        return dict(self._server.get(f"/api/v1/inferences/{inference_id}", candidates=kept))

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
            annotations: each ``{action, target?, label?, box?, annotation_id?}``.

        Returns:
            The annotations as kept, all or none.
        """
        sent = [dict(annotation) for annotation in annotations]
        if inference_id is not None:
            answer = self._server.post(f"/api/v1/inferences/{inference_id}/annotations", sent)
        elif object_id is not None:
            path = f"/api/v1/objects/{object_id}/annotations"
            answer = self._server.post(path, sent, app=self._server.app_name(app))
        else:
            raise Invalid("annotations are sent to an inference_id or to an object_id")
        return [dict(row) for row in answer]

    def review_queue(
        self,
        strategy: str = "uncertain",
        *,
        app: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> dict[str, Any]:
        """What to review next, the most useful first, with the reason.

        Args:
            strategy: ``requested``, ``uncertain``, ``disagree``, ``disputed``, ``random`` or
                ``oldest``.

        Returns:
            The answer of ``GET /api/v1/apps/{app}/queue``.
        """
        path = f"/api/v1/apps/{app_route(self._server.app_name(app))}/queue"
        return dict(self._server.get(path, strategy=strategy, limit=limit, offset=offset))

    def request_review(
        self,
        object_ids: Sequence[str] | None = None,
        *,
        filter: Mapping[str, Any] | None = None,
        app: str | None = None,
    ) -> int:
        """Send images to review, or all of a filter; the number that did not wait for one."""
        path = f"/api/v1/apps/{app_route(self._server.app_name(app))}/queue/requests"
        ids = None if object_ids is None else list(object_ids)
        chosen = None if filter is None else dict(filter)
        sent = {"object_ids": ids, "filter": chosen}
        return int(self._server.post(path, sent)["requested"])

    def query(
        self,
        sql: str,
        as_of: str | None = None,
        *,
        valid_at: str | None = None,
        definitions: str = "now",
    ) -> pa.Table:
        """What one SELECT over the views answers; moments come as text in UTC."""
        body = {"sql": sql, "as_of": as_of, "valid_at": valid_at, "definitions": definitions}
        return as_table(self._server.post("/api/v1/query", body))

    def images(
        self,
        *,
        app: str | None = None,
        offset: int = 0,
        limit: int = 100,
        boxes: bool = False,
        **filter: Any,
    ) -> dict[str, Any]:
        """A part of the images that a filter holds.

        Args:
            boxes: with the boxes of each.
            filter: its fields, such as ``label=["WBC"]`` and ``reviewed="no"``.

        Returns:
            ``{total, offset, images}``, as ``GET /api/v1/apps/{app}/images`` answers.
        """
        path = f"/api/v1/apps/{app_route(self._server.app_name(app))}/images"
        with_boxes = "true" if boxes else None
        part = {"offset": offset, "limit": limit, "boxes": with_boxes}
        return dict(self._server.get(path, **part, **filter))

    def facets(self, *, app: str | None = None, **filter: Any) -> dict[str, Any]:
        """How many images of a filter there are by each value of each of its fields."""
        path = f"/api/v1/apps/{app_route(self._server.app_name(app))}/images/facets"
        return dict(self._server.get(path, **filter))

    def snapshot(
        self,
        name: str,
        *,
        app: str | None = None,
        as_of: str | None = None,
        object_ids: Sequence[str] | None = None,
        filter: Mapping[str, Any] | None = None,
        similar: float | None = None,
    ) -> dict[str, Any]:
        """Freeze the reviewed images of an application under a name.

        Args:
            object_ids: of these alone.
            filter: of those alone that it holds now.
            similar: near-duplicates stay in one part, in clusters of this diameter.
        """
        body: dict[str, Any] = {"name": name, "app": self._server.app_name(app), "as_of": as_of}
        if object_ids is not None:
            body["object_ids"] = list(object_ids)
        if filter is not None:
            body["filter"] = dict(filter)
        if similar is not None:
            body["similar"] = similar
        return dict(self._server.post("/api/v1/snapshots", body))

    def similar(
        self, object_id: str, k: int = 10, *, model: str | None = None
    ) -> list[dict[str, Any]]:
        """The images of the same application most like one, the most alike first."""
        path = f"/api/v1/objects/{object_id}/similar"
        return list(self._server.get(path, k=k, model=model)["similar"])

    def export(
        self,
        format: str,
        out: str | Path,
        *,
        app: str | None = None,
        labels: str = "truth",
        as_of: str | None = None,
        snapshot: str | None = None,
        include_unreviewed: bool = False,
    ) -> Path:
        """Pull a mart into a new folder, whole or not at all.

        Raises:
            Conflict: there is something in the folder already.
        """
        pull_mart(
            self._server,
            format,
            self._server.app_name(app),
            Path(out),
            labels=labels,
            as_of=as_of,
            snapshot=snapshot,
            include_unreviewed="true" if include_unreviewed else None,
        )
        return Path(out)

    def models(self, app: str | None = None) -> list[dict[str, Any]]:
        """The registered models, oldest first."""
        return [dict(row) for row in self._server.get("/api/v1/models", app=app)["models"]]

    def run(self, pipeline: str, **parameters: str | None) -> dict[str, Any]:
        """Run a pipeline and wait for it.

        Args:
            parameters: those that the pipeline takes, such as ``older_than="7d"``.
        """
        given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        return dict(self._server.post("/api/v1/runs", {"pipeline": pipeline, **given}))


def as_table(document: Mapping[str, Any]) -> pa.Table:
    """The answer to a query as a table.

    Args:
        document: ``{columns: [{name, type}], rows: [[...]], as_of}``.
    """
    import pyarrow as pa

    names = [column["name"] for column in document["columns"]]
    rows = document["rows"]
    columns = [pa.array([row[place] for row in rows]) for place in range(len(names))]
    return pa.table(columns, names=names)
