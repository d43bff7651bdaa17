"""Landing: one file of a feed read, decoded and put into the object store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine

from millpond.capture.objects import NewObject, Origin, find_object, object_key
from millpond.database.connection import reading
from millpond.errors import NotAnImage, TooLarge, Unsupported
from millpond.pipelines.fitting import Fitted, fit
from millpond.raw.decode import Limits, decode
from millpond.raw.feeds import FeedItem
from millpond.raw.rules import Rule
from millpond.raw.statistics import statistics_of
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection
from millpond.values import new_id


@dataclass(frozen=True)
class Rules:
    """How subject, group and order of a file are found; None where they are not."""

    subject_from: Rule | None = None
    group: Rule | None = None
    order: Rule | None = None


@dataclass(frozen=True)
class Landed:
    """A file whose bytes are durable, ready to be recorded.

    Args:
        new: the object; with an id known before, where the bytes are.
        origin: where this file is, and how it may be split.
        fitted: its labels.
        put: the bytes were put into the store under the object's id just now.
    """

    new: NewObject
    origin: Origin
    fitted: Fitted
    put: bool


@dataclass(frozen=True)
class Refused:
    """A file, or some of its labels, that was not taken, and why.

    Args:
        path: relative to what was ingested. It may identify a person, so it is shown
            to the caller and kept nowhere.
        status: that of the same refusal over HTTP.
    """

    path: str
    reason: str
    status: int


class Landing:
    """Brings files in, from several threads at once.

    Args:
        engine: tells which bytes are known already; they are not decoded again.
        store: takes the bytes that are new.
    """

    def __init__(
        self,
        engine: Engine,
        store: ObjectStore,
        app: str,
        declared: AppSection,
        rules: Rules,
        limits: Limits,
    ) -> None:
        self._engine = engine
        self._store = store
        self._app = app
        self._declared = declared
        self._rules = rules
        self._limits = limits

    def land(self, item: FeedItem, part: str | None) -> Landed | Refused:
        """Put one file's bytes durably, or say why not.

        Raises:
            DiskFull: there is no room; nothing of the file is kept.
        """
        if item.problem is not None:
            return Refused(item.path, item.problem, 422)
        try:
            return self._land(item, part)
        except (NotAnImage, TooLarge, Unsupported) as error:
            return Refused(item.path, str(error), error.status)
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror or error}"
            return Refused(item.path, reason, NotAnImage.status)

    def _land(self, item: FeedItem, part: str | None) -> Landed:
        data = item.read()
        origin = Origin(
            item.path,
            group_key=_value(self._rules.group, item),
            order_key=_value(self._rules.order, item),
            part=part,
        )
        new, put = self._object(data, _value(self._rules.subject_from, item), origin)
        fitted = fit(item.labels, self._app, self._declared, new.width, new.height)
        return Landed(new, origin, fitted, put)

    def _object(self, data: bytes, subject: str | None, origin: Origin) -> tuple[NewObject, bool]:
        """The object of a file's bytes, and whether they had to be put."""
        sha256 = hashlib.sha256(data).hexdigest()
        with reading(self._engine) as connection:
            known = find_object(connection, self._app, subject, sha256)
        if known is not None:
            object_id, media_type = known["object_id"], known["media_type"]
            width, height = known["width"], known["height"]
            brightness, contrast = known["brightness"], known["contrast"]
        else:
            picture = decode(data, self._limits)
            object_id, media_type = new_id(), picture.media_type
            width, height = picture.width, picture.height
            seen = statistics_of(picture.image)
            brightness, contrast = seen.brightness, seen.contrast
            self._store.put(object_key(object_id), data)
        new = NewObject(
            object_id,
            self._app,
            sha256,
            media_type,
            width,
            height,
            len(data),
            "ingest",
            subject,
            origin,
            brightness,
            contrast,
        )
        return new, known is None


def _value(rule: Rule | None, item: FeedItem) -> str | None:
    return None if rule is None else rule.value(item)
