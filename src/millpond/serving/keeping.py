"""Keeping: an image and what was said of it, on disk together before anyone is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from millpond.capture.inferences import (
    IdempotencyKey,
    NewInference,
    SeenImage,
    find_answered,
    record_inferences,
)
from millpond.capture.objects import Identity, NewObject, kept_objects, object_key, record_objects
from millpond.capture.quotas import QuotaReached
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import DiskFull
from millpond.raw.picture import Picture
from millpond.raw.statistics import statistics_of
from millpond.raw.store import ObjectStore
from millpond.values import new_id

#: Images of which is remembered that they were sent.
_SENT = 16_384

#: Looks at a transaction before anything of a request is written in it; where it raises, it
#: has written nothing itself, and nothing of the request is.
Admission = Callable[[Transaction], None]


@dataclass(frozen=True)
class Kept:
    """What is on disk.

    Args:
        object_id: None where another request with the same key was first: the inference is
            that one's, and nothing of this request was written.
        prediction_ids: of the predictions that were written, in their order.
    """

    inference_id: str
    object_id: str | None = None
    prediction_ids: Sequence[str] = ()


@dataclass(frozen=True)
class ToKeep:
    """An image and what was said of it, for `Keeper.keep_all`.

    Args:
        data: the bytes of `image`.
    """

    data: bytes
    image: NewObject
    inference: NewInference
    key: IdempotencyKey | None
    admission: Admission


def new_image(
    app: str, data: bytes, sha256: str, picture: Picture, subject: str | None
) -> NewObject:
    """An image that was sent, as it is to be kept.

    Args:
        sha256: of its bytes, in hexadecimal.
        picture: that is in them.
    """
    seen = statistics_of(picture.image)
    return NewObject(
        object_id=new_id(),
        app=app,
        sha256=sha256,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        bytes=len(data),
        source="upload",
        subject=subject,
        brightness=seen.brightness,
        contrast=seen.contrast,
    )


class Keeper:
    """Keeps images with their inferences. Many threads may use one at the same time.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        store: where the bytes go.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, store: ObjectStore) -> None:
        self._engine = engine
        self._commit = commit
        self._store = store
        self._sent: set[Identity] = set()

    def answered(self, key: IdempotencyKey | None) -> str | None:
        """The inference that was answered to a key before, if any.

        Raises:
            Conflict: the key was used for another request.
        """
        if key is None:
            return None
        with reading(self._engine) as connection:
            return find_answered(connection, key)

    def keep(
        self,
        data: bytes,
        image: NewObject,
        inference: NewInference,
        key: IdempotencyKey | None = None,
        admission: Admission = lambda transaction: None,
        *,
        patient: bool = False,
    ) -> Kept:
        """Keep an image with what was said of it; when this returns, both are on disk.

        Args:
            inference: of `image`, or of the object that is kept of these bytes already.
            patient: more are sure to come soon, so this may wait for them a little.

        Raises:
            Conflict: the key was used for another request.
            DiskFull: there is no room; nothing was kept.
        """
        asked = _Asked(inference, image, key, admission)
        with self._stored([(data, image, asked)]):
            return self._commit.together(_record, asked, patient=patient)

    def keep_all(self, sent: Sequence[ToKeep]) -> list[Kept | QuotaReached]:
        """Keep several images with what was said of them in one transaction.

        Returns:
            For each what is kept; or that the quota has no place for it.

        Raises:
            Conflict: one of the keys was used for another request; nothing was kept.
            DiskFull: there is no room; nothing was kept.
        """
        asked = [_Asked(one.inference, one.image, one.key, one.admission) for one in sent]
        files = [(one.data, one.image, own) for one, own in zip(sent, asked, strict=True)]
        with self._stored(files):
            return self._commit.run(lambda transaction: _record_all(transaction, asked))

    def keep_again(
        self,
        inference: NewInference,
        key: IdempotencyKey | None = None,
        admission: Admission = lambda transaction: None,
    ) -> Kept:
        """Keep what was said of an object that is kept already; it is on disk afterwards.

        Raises:
            Conflict: the key was used for another request.
            DiskFull: there is no room; nothing was kept.
        """
        return self._commit.together(_record, _Asked(inference, None, key, admission))

    @contextlib.contextmanager
    def _stored(self, files: Sequence[tuple[bytes, NewObject, _Asked]]) -> Iterator[None]:
        """Images whose bytes are in the store, while their rows are written."""
        put = []
        try:
            # Step 1. The bytes, durably, unless they are kept already.
            for data, image, asked in files:
                if not self._is_kept(image):
                    self._store.put(object_key(image.object_id), data)
                    put.append((image, asked))
            # Step 2. Every row and event of them, in one transaction, also with those of others.
            yield
        except DiskFull:
            # It is certain that no row was kept.
            for _, asked in put:
                asked.named = False
            raise
        finally:
            # Step 3. Where no row names the bytes, since another request was first, the
            # facts were refused or found no room, they go again. When the commit fails
            # otherwise they stay: a row may yet turn out to be kept, after a loss of the
            # connection or of power. Bytes that nothing names do no harm.
            for image, asked in put:
                if not asked.named:
                    with contextlib.suppress(OSError):
                        self._store.delete(object_key(image.object_id))

    def _is_kept(self, image: NewObject) -> bool:
        """Whether the bytes need not be put; it is not looked for until they come again.

        Most come once. Bytes that are put though they are kept already go again in step 3.
        """
        if image.identity not in self._sent:
            if len(self._sent) >= _SENT:
                self._sent.clear()
            self._sent.add(image.identity)
            return False
        with reading(self._engine) as connection:
            return image.identity in kept_objects(connection, [image])


@dataclass
class _Asked:
    """What is to be recorded for one request.

    Args:
        image: None where the object of `inference` is kept already.
        named: whether a row was written that names the bytes of `image`.
    """

    inference: NewInference
    image: NewObject | None
    key: IdempotencyKey | None
    admission: Admission
    named: bool = False


class _SameKey(Exception):
    """Requests with one key came at once: each is to see what the one before was answered."""


def _record(transaction: Transaction, asked: Sequence[_Asked]) -> list[Kept | Exception]:
    """Record inferences, each with its image where that is new, with one statement a table."""
    keys = [replace(one.key, request_sha256="") for one in asked if one.key is not None]
    if len(set(keys)) < len(keys):
        raise _SameKey
    answers = [_answered(transaction, one) for one in asked]
    new = [one for one, answer in zip(asked, answers, strict=True) if answer is None]
    said = _with_images(transaction, new)
    ids = record_inferences(
        transaction, [(inference, one.key) for inference, one in zip(said, new, strict=True)]
    )
    written = (
        Kept(inference.inference_id, inference.object_id, own)
        for inference, own in zip(said, ids, strict=True)
    )
    return [next(written) if answer is None else answer for answer in answers]


def _record_all(transaction: Transaction, asked: Sequence[_Asked]) -> list[Kept | QuotaReached]:
    """Record inferences as `_record` does; what refuses one of them undoes all."""
    found: list[Kept | QuotaReached] = []
    for answer in _record(transaction, asked):
        if not isinstance(answer, Kept | QuotaReached):
            for one in asked:
                one.named = False
            raise answer
        found.append(answer)
    return found


def _answered(transaction: Transaction, one: _Asked) -> Kept | Exception | None:
    """What a request is answered of which nothing is to be recorded; None of others."""
    one.named = False
    try:
        connection = transaction.connection
        inference_id = None if one.key is None else find_answered(connection, one.key)
        if inference_id is None:
            one.admission(transaction)
    except DBAPIError:
        raise
    except Exception as error:
        return error
    return None if inference_id is None else Kept(inference_id)


def _with_images(transaction: Transaction, new: Sequence[_Asked]) -> list[NewInference]:
    """The inferences, each about the object that is kept, once the images are recorded."""
    images = [one.image for one in new if one.image is not None]
    ids = iter(record_objects(transaction, images) if images else ())
    said = []
    for one in new:
        if one.image is None:
            said.append(one.inference)
            continue
        object_id = next(ids)
        one.named = object_id == one.image.object_id
        # Of an object that is kept already, its own row tells.
        seen = _seen(one.image) if one.named else None
        said.append(replace(one.inference, object_id=object_id, image=seen))
    return said


def _seen(image: NewObject) -> SeenImage:
    return SeenImage(image.width, image.height, image.bytes, image.brightness, image.contrast)
