"""Records of predictions that another model server made: as bytes to keep, and as requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from millpond.client.connection import Connection
from millpond.errors import Corrupted, Invalid
from millpond.values import app_route


@dataclass(frozen=True)
class Record:
    """A prediction that another model server made.

    Args:
        document: the JSON form of the inference.
        image: its bytes; None where the document says which image it was.
    """

    app: str
    document: Mapping[str, Any]
    image: bytes | None

    def pack(self) -> bytes:
        """The bytes of the record: a line of JSON, then those of the image.

        Raises:
            Invalid: the document holds what JSON cannot.
        """
        head = {"app": self.app, "image": self.image is not None, "inference": self.document}
        try:
            line = json.dumps(head, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise Invalid(f"the inference is no JSON: {error}") from error
        return line.encode() + b"\n" + (self.image or b"")

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The record of these bytes.

        Raises:
            Corrupted: they are none.
        """
        line, _, image = packed.partition(b"\n")
        try:
            head = json.loads(line)
            return cls(head["app"], head["inference"], image if head["image"] else None)
        except (ValueError, KeyError, TypeError) as error:
            raise Corrupted(f"{packed[:40]!r} does not begin a record: {error}") from error

    def send(self, server: Connection, key: str | None = None) -> dict[str, Any]:
        """What the server answers once it has kept the record.

        Args:
            key: an ``Idempotency-Key``.
        """
        path = f"/api/v1/apps/{app_route(self.app)}/inferences"
        headers = {} if key is None else {"Idempotency-Key": key}
        if self.image is None:
            return dict(server.post(path, dict(self.document), headers))
        told = json.dumps(self.document, allow_nan=False)
        parts = {
            "file": ("image", self.image, "application/octet-stream"),
            "inference": (None, told, "application/json"),
        }
        return dict(server.send_parts(path, parts, headers))


def image_bytes(image: bytes | str | Path | None) -> bytes | None:
    """The bytes of an image, which may be told by the path of its file."""
    return image if isinstance(image, bytes | None) else Path(image).read_bytes()
