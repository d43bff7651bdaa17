"""The registry: every model version, what it came from, and which one is the champion.

A version is never changed and an alias never overwritten: a promotion and a
rollback are each a new row that says who moved the alias, from what, and why.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, select

from millpond.capture.outbox import write_events
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.lately import Lately
from millpond.errors import Conflict, NotFound
from millpond.events.event import Event
from millpond.models import tables
from millpond.models.package import ModelPackage
from millpond.models.predictor import Predictor
from millpond.values import new_id

CHAMPION = "champion"

#: Predictors that are kept in memory: the champions of a few applications.
_LOADED = 4


@dataclass(frozen=True)
class ModelVersion:
    """A registered model.

    Args:
        snapshot_id: the snapshot that it was trained on, where that is known.
        sha256: of its ONNX file.
        metrics: by part of the snapshot, such as ``{"val": {"map50": 0.9}}``.
        aliases: the names it bears now, such as ``champion``.
        recorded_at: microseconds since 1970.
    """

    version: str
    app: str
    task: str
    snapshot_id: str | None
    sha256: str
    metrics: Mapping[str, Any]
    registered_by: str
    recorded_at: int
    aliases: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "aliases": list(self.aliases)}


class Registry:
    """The models of a project.

    Args:
        folder: holds a package for each version, in a folder of its name.
        threads: that one prediction may use.
    """

    def __init__(
        self, engine: Engine, commit: GroupCommit, folder: Path, *, threads: int = 1
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._folder = folder
        self._threads = threads
        self._loaded: OrderedDict[str, Future[Predictor]] = OrderedDict()
        self._lately: Lately[str, str] = Lately()
        self._lock = threading.Lock()

    def register(self, package: ModelPackage, *, by: str) -> ModelVersion:
        """Keep a model under the next version of its application.

        The package is durable before its row is committed.

        Returns:
            The version, such as ``blood-cells-2``.
        """

        def work(transaction: Transaction) -> str:
            table = tables.models
            number = 1 + (
                transaction.connection.scalar(
                    select(func.max(table.c.number)).where(table.c.app == package.app)
                )
                or 0
            )
            version = f"{package.app}-{number}"
            named = replace(package, version=version)
            folder = self._folder / version
            if folder.exists():
                # Left by a registration that was never committed.
                shutil.rmtree(folder)
            named.write(folder)
            recorded_at = transaction.clock.tick()
            transaction.connection.execute(
                table.insert().values(
                    version=version,
                    app=named.app,
                    number=number,
                    task=named.task,
                    snapshot_id=named.snapshot and named.snapshot.snapshot_id,
                    sha256=hashlib.sha256(named.model).hexdigest(),
                    metrics=dict(named.metrics),
                    registered_by=by,
                    recorded_at=recorded_at,
                )
            )
            write_events(
                transaction.connection,
                [Event.of("millpond.model.registered", named.app, version, recorded_at)],
            )
            return version

        return self.show(self._commit.run(work))

    def list(self, app: str | None = None) -> list[ModelVersion]:
        """The models of an application, or of all, oldest first."""
        query = select(tables.models).order_by(tables.models.c.recorded_at)
        if app is not None:
            query = query.where(tables.models.c.app == app)
        with reading(self._engine) as connection:
            aliases = _aliases(connection)
            return [_version(row, aliases) for row in connection.execute(query).mappings()]

    def show(self, version: str) -> ModelVersion:
        """One model.

        Raises:
            NotFound: there is none of that version.
        """
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(tables.models).where(tables.models.c.version == version))
                .mappings()
                .first()
            )
            if row is None:
                known = connection.scalars(select(tables.models.c.version)).all()
                raise NotFound(
                    f"no model {version!r}; existing models: {', '.join(known) or 'none'}"
                )
            return _version(row, _aliases(connection))

    def package(self, version: str) -> ModelPackage:
        """The package of a version, every byte of it verified.

        Raises:
            NotFound: there is no such version.
            Corrupted: a file is not what was registered.
        """
        self.show(version)
        return ModelPackage.read(self._folder / version)

    def predictor(self, version: str) -> Predictor:
        """What predicts with a version; kept in memory, warm, for the next call.

        Those who ask for one that is being loaded wait for it.

        Raises:
            NotFound: there is no such version.
            Corrupted: a file is not what was registered.
        """
        with self._lock:
            known = version in self._loaded
            loading = self._loaded.setdefault(version, Future())
            self._loaded.move_to_end(version)
            while len(self._loaded) > _LOADED:
                self._loaded.popitem(last=False)
        if not known:
            try:
                loading.set_result(self._warm(version))
            except BaseException as error:
                with self._lock:
                    self._loaded.pop(version, None)
                loading.set_exception(error)
        return loading.result()

    def _warm(self, version: str) -> Predictor:
        """A predictor that has predicted once: the first time takes longest."""
        predictor = Predictor(self.package(version), threads=self._threads)
        # One that cannot predict says so to those who ask it.
        with contextlib.suppress(Exception):
            predictor.candidates(np.zeros((64, 64, 3), np.uint8))
        return predictor

    def _prepare(self, app: str, version: str) -> None:
        """Where this process serves an application, load what is to serve it next."""
        if self.champion(app) in self._loaded:
            self.predictor(version)

    def champion(self, app: str) -> str | None:
        """The version that serves an application now, if any."""
        with reading(self._engine) as connection:
            row = _latest_move(connection, app)
            return None if row is None else str(row["version"])

    def champion_lately(self, app: str) -> str | None:
        """The champion, for every prediction asks for it.

        What another process changes shows `lately.SECONDS` later at most, what this one
        changes at once.
        """
        return self._lately.read(app, lambda: self.champion(app))

    def set_champion(
        self,
        app: str,
        version: str,
        *,
        by: str,
        reason: str | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a version the champion of its application; it serves from the next request on.

        Where this process serves the application, the version is loaded and warm by then.

        Raises:
            NotFound: there is no such version of that application.
            Conflict: it is the champion already.
        """
        if self.show(version).app != app:
            raise NotFound(f"model {version} is not one of application {app}")
        self._prepare(app, version)
        self._commit.run(lambda transaction: _move(transaction, app, version, by, reason, evidence))
        self._lately.forget()

    def rollback(self, app: str, *, by: str, reason: str | None = None) -> str:
        """Give the alias back to the champion before this one.

        Returns:
            The version that serves now.

        Raises:
            Conflict: there was none before.
        """

        def work(transaction: Transaction) -> str:
            row = _latest_move(transaction.connection, app)
            if row is None or row["previous"] is None:
                raise Conflict(f"application {app} has no champion before this one")
            version = str(row["previous"])
            # What comes before it now is what came before it then, so that a second
            # rollback goes further back and not forward again.
            before = _move_to(transaction.connection, app, version)
            _move(transaction, app, version, by, reason or "rollback", None, before=before)
            return version

        with reading(self._engine) as connection:
            latest = _latest_move(connection, app)
        if latest is not None and latest["previous"] is not None:
            self._prepare(app, str(latest["previous"]))
        version = self._commit.run(work)
        self._lately.forget()
        return version


def _move(
    transaction: Transaction,
    app: str,
    version: str,
    by: str,
    reason: str | None,
    evidence: Mapping[str, Any] | None,
    *,
    before: RowMapping | None = None,
) -> None:
    latest = _latest_move(transaction.connection, app)
    current = None if latest is None else latest["version"]
    if current == version:
        raise Conflict(f"model {version} is the champion of {app} already")
    recorded_at = transaction.clock.tick()
    transaction.connection.execute(
        tables.model_aliases.insert().values(
            move_id=new_id(),
            app=app,
            alias=CHAMPION,
            version=version,
            previous=current if before is None else before["previous"],
            moved_by=by,
            reason=reason,
            evidence=None if evidence is None else dict(evidence),
            recorded_at=recorded_at,
        )
    )
    write_events(
        transaction.connection,
        [Event.of("millpond.model.promoted", app, version, recorded_at, previous=current, by=by)],
    )


# Built once: every prediction asks it.
_LATEST_MOVE = (
    select(tables.model_aliases)
    .where(
        tables.model_aliases.c.app == bindparam("of_app"),
        tables.model_aliases.c.alias == CHAMPION,
    )
    .order_by(tables.model_aliases.c.recorded_at.desc())
    .limit(1)
)


def _latest_move(connection: Connection, app: str) -> RowMapping | None:
    return connection.execute(_LATEST_MOVE, {"of_app": app}).mappings().first()


def _move_to(connection: Connection, app: str, version: str) -> RowMapping | None:
    """The latest move that made `version` the champion."""
    table = tables.model_aliases
    query = (
        select(table)
        .where(table.c.app == app, table.c.alias == CHAMPION, table.c.version == version)
        .order_by(table.c.recorded_at.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def _aliases(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The aliases that each version bears now."""
    table = tables.model_aliases
    latest = (
        select(table.c.app, func.max(table.c.recorded_at).label("recorded_at"))
        .where(table.c.alias == CHAMPION)
        .group_by(table.c.app)
        .subquery()
    )
    query = select(table.c.version).join(
        latest, (table.c.app == latest.c.app) & (table.c.recorded_at == latest.c.recorded_at)
    )
    return dict.fromkeys(connection.scalars(query), (CHAMPION,))


def _version(row: RowMapping, aliases: Mapping[str, tuple[str, ...]]) -> ModelVersion:
    return ModelVersion(
        version=row["version"],
        app=row["app"],
        task=row["task"],
        snapshot_id=row["snapshot_id"],
        sha256=row["sha256"],
        metrics=row["metrics"],
        registered_by=row["registered_by"],
        recorded_at=row["recorded_at"],
        aliases=aliases.get(row["version"], ()),
    )
