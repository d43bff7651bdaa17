"""Recording: a prediction that another model server made is kept as one of ours is."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from millpond.access.principal import Principal
from millpond.analytics.lookup import Lookup
from millpond.capture.inferences import IdempotencyKey, NewInference, is_recorded
from millpond.database.connection import reading
from millpond.database.group_commit import Transaction
from millpond.errors import Conflict, Invalid, NotFound
from millpond.history.horizon import last_archived_inference
from millpond.models.candidates import pack
from millpond.raw.picture import Picture
from millpond.serving.addresses import Addresses
from millpond.serving.answers import InferenceAnswer, new_answer, read_inference
from millpond.serving.keeping import Admission, Keeper, new_image
from millpond.serving.predict import check_key, check_subject
from millpond.serving.sent_inference import (
    SentInference,
    check_inference_id,
    check_model,
    fitting_predictions,
)
from millpond.serving.sight import visible_object
from millpond.settings import Settings
from millpond.values import app_route, new_id


@dataclass(frozen=True)
class Recorded:
    """What was kept, and whether it was before."""

    answer: InferenceAnswer
    created: bool


class RecordService:
    """Records what other model servers answered. Many threads may use one at the same time.

    Args:
        engine: of the operational database, for reading.
        keeper: keeps images with their inferences.
        lookup: finds what was kept before.
        addresses: reads images where they lie.
        decoded: makes a picture of bytes, under limits.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        keeper: Keeper,
        lookup: Lookup,
        addresses: Addresses,
        decoded: Callable[[bytes], Picture],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._keeper = keeper
        self._lookup = lookup
        self._addresses = addresses
        self._decoded = decoded

    def record(
        self,
        app: str,
        sent: SentInference,
        caller: Principal,
        *,
        image: bytes | None = None,
        key: str | None = None,
    ) -> Recorded:
        """Keep what another server answered; when this returns, it is on disk.

        Args:
            image: the bytes, where they were sent beside; else `sent` says where the image is.
            key: requests with the same key are one request; so are those of an
                ``inference_id``.

        Raises:
            NotFound: there is no such application or object, or nothing at the address.
            Invalid: something of it does not fit; the message says what.
            NotAnImage, TooLarge, Unsupported: the bytes cannot be taken as an image.
            Conflict: the key or the id was used for another request.
            DiskFull: there is no room; nothing was kept.
        """
        self._settings.app(app)
        name = app_route(app)
        check_model(sent.model, self._settings.app_names)
        check_subject(sent.subject)
        image = _one_image(sent, image)
        asked = _key_of(name, caller, sent, image, key)
        answered = self._keeper.answered(asked)
        if answered is not None:
            return Recorded(self._answer(answered), created=False)
        return self._keep(name, sent, caller, image, asked)

    def _keep(
        self,
        app: str,
        sent: SentInference,
        caller: Principal,
        image: bytes | None,
        key: IdempotencyKey | None,
    ) -> Recorded:
        admission = self._admission(sent)
        if sent.object_id is not None:
            size = self._size_of(sent.object_id, app, sent.subject, caller)
            inference = self._inference(app, sent, caller, sent.object_id, size)
            kept = self._keeper.keep_again(inference, key, admission)
        else:
            data = self._addresses.read(sent.address) if sent.address is not None else image
            assert data is not None  # `_one_image` has seen to it.
            picture = self._decoded(data)
            new = new_image(app, data, hashlib.sha256(data).hexdigest(), picture, sent.subject)
            size = (picture.width, picture.height)
            inference = self._inference(app, sent, caller, new.object_id, size)
            kept = self._keeper.keep(data, new, inference, key, admission)
        if kept.object_id is None:
            return Recorded(self._answer(kept.inference_id), created=False)
        return Recorded(new_answer(inference, kept, size, None), created=True)

    def _inference(
        self,
        app: str,
        sent: SentInference,
        caller: Principal,
        object_id: str,
        size: tuple[int, int],
    ) -> NewInference:
        section = self._settings.app(app)
        predictions = fitting_predictions(sent, app, section, *size)
        return NewInference(
            inference_id=sent.inference_id or new_id(),
            object_id=object_id,
            app=app,
            model_version=sent.model,
            threshold=sent.lowest_answered(section),
            nms_threshold=1.0 if sent.nms is None else sent.nms,
            duration_ms=sent.duration_ms,
            requested_by=caller.name,
            predictions=predictions,
            # What it saw besides is not known here.
            candidates=pack([]),
            occurred_at=sent.moment(),
        )

    def _size_of(
        self, object_id: str, app: str, subject: str | None, caller: Principal
    ) -> tuple[int, int]:
        """Width and height of an object that is kept already."""
        if subject is not None:
            raise Invalid("an object that is kept has its subject already; leave it out")
        with reading(self._engine) as connection:
            row = visible_object(connection, self._lookup, object_id, caller)
        if row["app"] != app:
            raise NotFound(f"object {object_id} belongs to app {row['app']}, not to {app}")
        return row["width"], row["height"]

    def _admission(self, sent: SentInference) -> Admission:
        """Lets only an id in that no other inference has, archived ones among them."""
        inference_id = sent.inference_id
        if inference_id is None:
            return lambda transaction: None
        with reading(self._engine) as connection:
            last = last_archived_inference(connection)
            if last and inference_id <= last:
                try:
                    self._lookup.inference(connection, inference_id)
                except NotFound:
                    pass
                else:
                    raise _taken(inference_id)

        def check(transaction: Transaction) -> None:
            if is_recorded(transaction.connection, inference_id):
                raise _taken(inference_id)

        return check

    def _answer(self, inference_id: str) -> InferenceAnswer:
        with reading(self._engine) as connection:
            return read_inference(connection, self._lookup, inference_id, candidates=False)


def _one_image(sent: SentInference, image: bytes | None) -> bytes | None:
    """The bytes that were sent; None where `sent` says what the image is.

    Raises:
        Invalid: it is told in no way, or in several.
    """
    ways = {
        "file": image,
        "image": sent.image,
        "address": sent.address,
        "object_id": sent.object_id,
    }
    told = [name for name, value in ways.items() if value is not None]
    if len(told) != 1:
        raise Invalid(
            f"the image is told by {' and '.join(told) or 'nothing'}; send one of: a part file, "
            "or image (base64), address or object_id in the JSON"
        )
    if sent.image is None:
        return image
    try:
        return base64.b64decode(sent.image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"image is not base64: {error}") from error


def _key_of(
    app: str, caller: Principal, sent: SentInference, image: bytes | None, key: str | None
) -> IdempotencyKey | None:
    """What tells that a request is sent again: its key, or the id that it brings."""
    if sent.inference_id is not None:
        check_inference_id(sent.inference_id)
        if key is not None:
            raise Invalid("inference_id is a key already; leave out the Idempotency-Key")
        key = sent.inference_id
    if key is None:
        return None
    check_key(key)
    told = sent.model_dump_json(exclude={"image", "inference_id"}, exclude_none=True)
    digest = hashlib.sha256(told.encode())
    digest.update(hashlib.sha256(image or b"").digest())
    return IdempotencyKey(app, caller.name, key, digest.hexdigest())


def _taken(inference_id: str) -> Conflict:
    return Conflict(f"inference_id {inference_id} is taken by another inference; make a new id")
