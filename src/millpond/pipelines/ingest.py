"""Ingest: a folder of pictures, with the labels that people gave them, into the project.

Files are read, decoded and made durable by a few threads, in the order of the feed
and a bounded number ahead; what they hold is then recorded in batches, one
transaction each. An ingest that was broken off is simply started again: what was
recorded is known by its bytes and adds nothing.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from millpond.analytics.lookup import Lookup
from millpond.capture.annotations import record_annotations
from millpond.capture.objects import (
    find_object,
    object_key,
    origin_of,
    record_object,
    record_origin,
)
from millpond.capture.refusals import record_refusal
from millpond.capture.reviews import Earlier, Place, Row, annotations_of
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import UsageError
from millpond.history.horizon import archived_until
from millpond.pipelines.imported import ANNOTATOR, difference, imported
from millpond.pipelines.landing import Landed, Landing, Refused, Rules
from millpond.raw.decode import DEFAULT_LIMITS, Limits
from millpond.raw.feeds import Feed, FeedItem, Split, find_split, open_feed, read_split
from millpond.raw.rules import Rule
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection

#: Files of one transaction.
_BATCH = 64
#: Decoding takes a core each, putting waits for the disk: more threads than cores pay.
_THREADS = 4
#: The most refusals that the result lists; all of them are counted.
_LISTED = 100


@dataclass(frozen=True)
class IngestOptions:
    """How a folder is read.

    Args:
        format: one of `millpond.raw.feeds.FORMATS`.
        labels: take the labels, not only the pictures.
        subject_from: the rule that finds whom a file is about; so with `group` and
            `order`. One that is None is as the application declares it.
        split: a CSV file ``path,part``; without it, the lists ``train.txt``,
            ``val.txt`` and ``test.txt`` of the folder say the parts, where there are any.
    """

    format: str = "auto"
    labels: bool = True
    subject_from: str | None = None
    group: str | None = None
    order: str | None = None
    split: Path | None = None


@dataclass(frozen=True)
class Ingested:
    """What an ingest brought in.

    Args:
        objects: objects that are new.
        annotations: boxes or labels that are new or changed; not the ``complete``.
        refused: files that were refused, wholly or some of their labels.
        refusals: the first hundred of them.
    """

    objects: int
    annotations: int
    refused: int
    refusals: tuple[Refused, ...]


def ingest(
    engine: Engine,
    commit: GroupCommit,
    store: ObjectStore,
    app: str,
    declared: AppSection,
    path: Path,
    options: IngestOptions = IngestOptions(),
    *,
    lookup: Lookup,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[int], None] = lambda files: None,
) -> Ingested:
    """Bring the files of a folder in; the same again adds nothing.

    Args:
        app: the application's name as output shows it.
        lookup: finds what was said of an object before, also where it was archived.
        on_progress: called with the number of files that are done.

    Raises:
        NotFound: there is nothing at `path`.
        UsageError: the format or a rule is malformed, or the labels are for another task.
        Invalid: the folder has no form that is known, or the split does not fit.
        DiskFull: there is no room; what was recorded before stays.
    """
    feed = open_feed(path, options.format, options.labels)
    _check_task(feed, app, declared)
    landing = Landing(engine, store, app, declared, _rules(options, declared), limits)
    recorder = _Recorder(engine, commit, store, lookup, app, declared)
    for batch in _batches(_landed(landing, feed, _split(options, path))):
        recorder.record(batch)
        on_progress(recorder.files)
    return recorder.result()


def _check_task(feed: Feed, app: str, declared: AppSection) -> None:
    if feed.task not in (None, declared.task):
        raise UsageError(
            f"the labels are for a {feed.task}, but app {app} is a {declared.task}; "
            "ingest with --no-labels or into another application"
        )


def _rules(options: IngestOptions, declared: AppSection) -> Rules:
    texts = (
        options.subject_from or declared.subject_from,
        options.group or declared.group,
        options.order or declared.order,
    )
    return Rules(*(None if text is None else Rule.parse(text) for text in texts))


def _split(options: IngestOptions, path: Path) -> Split | None:
    if options.split is not None:
        return read_split(options.split)
    return find_split(path) if path.is_dir() else None


def _landed(landing: Landing, feed: Feed, split: Split | None) -> Iterator[Landed | Refused]:
    """The files in the order of the feed, landed by threads that stay a little ahead."""
    ahead: deque[Future[Landed | Refused]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="millpond-ingest") as pool:
        try:
            for item in feed:
                ahead.append(pool.submit(landing.land, item, _part(split, item)))
                if len(ahead) >= 2 * _THREADS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for waiting in ahead:
                waiting.cancel()


def _part(split: Split | None, item: FeedItem) -> str | None:
    return None if split is None else split.part(item.path)


def _known(connection: Connection, batch: list[Landed | Refused]) -> list[str]:
    """The objects of a batch that are kept already."""
    new = [file.new for file in batch if isinstance(file, Landed)]
    found = (find_object(connection, one.app, one.subject, one.sha256) for one in new)
    return [row["object_id"] for row in found if row is not None]


def _batches(files: Iterable[Landed | Refused]) -> Iterator[list[Landed | Refused]]:
    files = iter(files)
    while batch := list(itertools.islice(files, _BATCH)):
        yield batch


class _Recorder:
    """Records batches of landed files, and counts what was new."""

    def __init__(
        self,
        engine: Engine,
        commit: GroupCommit,
        store: ObjectStore,
        lookup: Lookup,
        app: str,
        declared: AppSection,
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._store = store
        self._lookup = lookup
        self._app = app
        self._declared = declared
        self._objects = self._annotations = self._refused = 0
        self._listed: list[Refused] = []
        self.files = 0

    def record(self, batch: list[Landed | Refused]) -> None:
        """Record one batch in one transaction."""
        outcomes = None
        while outcomes is None:
            outcomes = self._attempt(batch)
        for file, outcome in zip(batch, outcomes, strict=True):
            self._objects += outcome.is_new
            self._annotations += outcome.annotations
            self._refuse(outcome.refused)
            if isinstance(file, Landed) and file.put and not outcome.is_new:
                # The same bytes came twice, a few files apart: no row names the second.
                self._store.delete(object_key(file.new.object_id))
        self.files += len(batch)

    def result(self) -> Ingested:
        """What all batches brought in."""
        return Ingested(self._objects, self._annotations, self._refused, tuple(self._listed))

    def _refuse(self, refused: Refused | None) -> None:
        if refused is not None:
            self._refused += 1
            if len(self._listed) < _LISTED:
                self._listed.append(refused)

    def _attempt(self, batch: list[Landed | Refused]) -> list[_Outcome] | None:
        """Record a batch; None where something that was said came and was archived in between."""
        with reading(self._engine) as connection:
            moment = last(connection)
            said = self._lookup.annotations_on(connection, _known(connection, batch))

        def work(transaction: Transaction) -> list[_Outcome] | None:
            if archived_until(transaction.connection) > moment:
                return None
            return [self._record(transaction, file, said) for file in batch]

        return self._commit.run(work)

    def _record(
        self, transaction: Transaction, file: Landed | Refused, said: Mapping[str, list[Row]]
    ) -> _Outcome:
        if isinstance(file, Landed):
            outcome = self._record_landed(transaction, file, said)
        else:
            outcome = _Outcome(refused=file)
        if outcome.refused is not None:
            refused = outcome.refused
            record_refusal(transaction, self._app, refused.status, refused.reason)
        return outcome

    def _record_landed(
        self, transaction: Transaction, file: Landed, said: Mapping[str, list[Row]]
    ) -> _Outcome:
        object_id = record_object(transaction, file.new)
        is_new = file.put and object_id == file.new.object_id
        problems = list(file.fitted.problems)
        same_file = is_new or self._is_same_file(transaction, object_id, file, problems)
        sent = []
        earlier = {row["annotation_id"]: row for row in said.get(object_id, ())}
        if file.fitted.labels is not None:
            # What was said since is added to what was looked up before the transaction.
            since = annotations_of(transaction.connection, object_id=object_id)
            rows = {**earlier, **{row["annotation_id"]: row for row in since}}
            sent = difference(imported([*rows.values()]), file.fitted.labels)
            if sent and not same_file:
                problems.append("the same picture was ingested from another path with other labels")
                sent = []
        if sent:
            place = Place(object_id, self._app, file.new.width, file.new.height)
            before = Earlier(annotations=earlier)
            record_annotations(transaction, place, sent, self._declared, ANNOTATOR, before)
        refused = Refused(file.origin.path, "; ".join(problems), 422) if problems else None
        return _Outcome(is_new, sum(one.action != "complete" for one in sent), refused)

    def _is_same_file(
        self, transaction: Transaction, object_id: str, file: Landed, problems: list[str]
    ) -> bool:
        """Whether a known object came from the same path; a new fact, where none is known."""
        connection = transaction.connection
        origin = origin_of(connection, object_id)
        if origin is None:
            record_origin(connection, object_id, file.origin, transaction.clock.tick())
            return True
        if file.origin.part not in (None, origin.part):
            problems.append(
                f"the picture is already in part {origin.part or 'none'}, not {file.origin.part}; "
                "a part is given when a picture is first ingested"
            )
        return origin.path == file.origin.path


@dataclass(frozen=True)
class _Outcome:
    is_new: bool = False
    annotations: int = 0
    refused: Refused | None = None
