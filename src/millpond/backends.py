"""The composition root: reads the settings, opens the backends and hands them out."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from millpond.access.access import Access
from millpond.analytics.analytics import Analytics
from millpond.analytics.catalogue import FOLDER as VIEWS
from millpond.analytics.catalogue import Catalogue
from millpond.analytics.feed_views import feed_views
from millpond.analytics.images.index import ImageIndex
from millpond.analytics.lookup import Lookup
from millpond.analytics.past import Past

# Only a route uses it, but its table is one of those that a new database has.
from millpond.capture import saved_filters as saved_filters
from millpond.capture.uncaptured import UncapturedCounts
from millpond.database.connection import create_schema, open_database
from millpond.database.group_commit import GroupCommit
from millpond.engines.engine import open_engine
from millpond.errors import UsageError
from millpond.features.features import Features
from millpond.history.history import History
from millpond.marts.marts import Marts
from millpond.models.registry import Registry
from millpond.pipelines.features import Asked, features_pipeline, make_features
from millpond.pipelines.land import Landings
from millpond.pipelines.land_days import land_pipeline
from millpond.pipelines.land_topic import topic_group
from millpond.pipelines.named import Works, named_pipelines
from millpond.pipelines.workflows import Workflows
from millpond.raw.store import SEAM as STORES
from millpond.raw.store import ObjectStore
from millpond.seams import load_backend
from millpond.serving.addresses import Addresses
from millpond.serving.annotating import AnnotateService
from millpond.serving.leasing import LeaseService
from millpond.serving.predict import PredictService, decode_limits
from millpond.serving.queue import ReviewQueue
from millpond.serving.queue_items import QueueItems
from millpond.serving.recording import RecordService
from millpond.settings import AppSection, EngineSection, Settings, read_settings
from millpond.snapshots.snapshots import Snapshots, named_moment
from millpond.streaming.alerts import Alerts
from millpond.streaming.bus import Bus, open_bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.live import LiveMetrics
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.windows import WindowsConsumer, begin
from millpond.values import app_route, parse_age

#: Who acts where a script of the project's own opens it.
LOCAL = "os:python"


class Backends:
    """The backends of a project, each opened when it is first asked for.

    Args:
        folder: with its ``millpond.toml``.
        settings: what that says.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.lake = lake_folder(folder, settings)
        self.engine = open_database(settings.database.url, folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """The project in a folder.

        Raises:
            ProjectError: there is none, or it is of a newer format.
            UsageError: a setting does not fit.
        """
        folder = Path(folder).resolve()
        return cls(folder, read_settings(folder))

    def close(self) -> None:
        """Write what still waits, and close the backends."""
        for name in ("uncaptured", "images", "analytics", "past"):
            if name in vars(self):
                vars(self)[name].close()
        self.commit.close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def app_name(self, app: str | None) -> str:
        """The name of an application as output shows it; None where the project has just one.

        Raises:
            NotFound: the project has none of that name.
            UsageError: the project has several, or none at all.
        """
        if app is not None:
            self.settings.app(app)
            return app_route(app)
        if len(self.settings.apps) == 1:
            return self.settings.app_names[0]
        names = ", ".join(self.settings.app_names)
        raise UsageError(
            f"this project has several applications ({names}); name one with --app"
            if names
            else "this project has no application; add [apps.NAME] to millpond.toml"
        )

    def feed_name(self, feed: str | None) -> str:
        """The name of a feed; None where the project has just one.

        Raises:
            NotFound: the project has none of that name.
            UsageError: the project has several, or none at all.
        """
        if feed is None and len(self.settings.feeds) == 1:
            return next(iter(self.settings.feeds))
        if feed is None:
            names = ", ".join(sorted(self.settings.feeds)) or "none: add [feeds.NAME]"
            raise UsageError(f"name a feed with --feed; this project has {names}")
        self.settings.feed(feed)
        return feed

    def section(self, app: str) -> AppSection:
        """What the settings declare of an application."""
        return self.settings.app(app)

    @cached_property
    def store(self) -> ObjectStore:
        """Where the objects lie."""
        store: ObjectStore = load_backend(STORES, "file")(self.lake)
        return store

    @cached_property
    def access(self) -> Access:
        """Who may come in."""
        return Access(self.engine, self.commit, self.settings.server)

    @cached_property
    def registry(self) -> Registry:
        """The models."""
        return Registry(self.engine, self.commit, self.lake / "models")

    @cached_property
    def history(self) -> History:
        """The history's tables."""
        return History(self.lake / "history")

    @cached_property
    def catalogue(self) -> Catalogue:
        """The views."""
        return Catalogue(feed_views(self.settings.feeds), self.folder / VIEWS)

    @cached_property
    def analytics(self) -> Analytics:
        """What answers queries over the views."""
        return Analytics(
            self.engine, self.history, self.settings.query, self._moment_named, self.catalogue
        )

    @cached_property
    def landings(self) -> Landings:
        """What lands the files of feeds."""
        return Landings(self.engine, self.commit, self.store, self.analytics, self.lake)

    @cached_property
    def snapshots(self) -> Snapshots:
        """The frozen training sets."""
        return Snapshots(
            self.engine, self.commit, self.analytics, self.store, self.lake / "snapshots"
        )

    @cached_property
    def images(self) -> ImageIndex:
        """What answers filters over all images."""
        apps = {app_route(name): section for name, section in self.settings.apps.items()}
        return ImageIndex(self.engine, self.analytics, self.past, apps, self.snapshots.frozen)

    def features_on(self, engine: EngineSection) -> Features:
        """What makes features, and keeps them.

        Args:
            engine: what computes them.
        """
        limits = decode_limits(self.settings.limits)
        return Features(self.lake / "features", lambda: open_engine(engine), limits)

    @cached_property
    def marts(self) -> Marts:
        """Images and labels in forms that others read."""
        return Marts(self.engine, self.analytics, self.store, self.snapshots)

    @cached_property
    def predictions(self) -> PredictService:
        """What predicts and captures."""
        return PredictService(
            self.settings,
            self.engine,
            self.commit,
            self.store,
            self.registry,
            self.lookup,
            self.uncaptured,
        )

    @cached_property
    def recordings(self) -> RecordService:
        """What records the predictions of other model servers."""
        limits = decode_limits(self.settings.limits)
        return RecordService(
            self.settings,
            self.engine,
            self.predictions.keeper,
            self.lookup,
            Addresses(self.settings.capture.addresses, self.folder, limits),
            self.predictions.decoded,
        )

    @cached_property
    def uncaptured(self) -> UncapturedCounts:
        """What counts requests that were answered but not kept."""
        return UncapturedCounts(self.commit)

    @cached_property
    def past(self) -> Past:
        """What finds facts that were archived."""
        return Past(self.history)

    @cached_property
    def lookup(self) -> Lookup:
        """What finds facts by id, archived or not."""
        return Lookup(self.past)

    @cached_property
    def annotations(self) -> AnnotateService:
        """What keeps what people say."""
        return AnnotateService(self.engine, self.commit, self.lookup)

    @cached_property
    def queue(self) -> ReviewQueue:
        """What to review next."""
        return ReviewQueue(self.engine, self.commit, self.images, self.queue_items)

    @cached_property
    def leasing(self) -> LeaseService:
        """Who reviews what."""
        return LeaseService(self.engine, self.commit, self.queue_items)

    @cached_property
    def queue_items(self) -> QueueItems:
        """What reads the queues."""
        return QueueItems(self.settings, self.images)

    @cached_property
    def bus(self) -> Bus:
        """Where the events of the outbox go."""
        return open_bus(self.settings.bus)

    def consumer_groups(self) -> list[ConsumerGroup]:
        """What reads events while the project is served."""
        relay = self.bus.relay()
        outbox = OutboxSource(self.engine)
        groups = []
        if relay is not None:
            # The acknowledgement of a batch takes about as long, whatever its size.
            groups.append(ConsumerGroup(outbox, relay, self.engine, self.commit, most=5_000))
        if self.settings.metrics.live:
            windows = WindowsConsumer(parse_age(self.settings.metrics.keep))
            counted = self.bus.source(self.engine)
            self.commit.run(lambda transaction: begin(transaction.connection, counted.name))
            groups.append(ConsumerGroup(counted, windows, self.engine, self.commit))
        groups += [
            topic_group(
                name,
                source,
                self.settings.feed(source.feed),
                self.landings,
                self.engine,
                self.commit,
            )
            for name, source in self.settings.sources.items()
        ]
        return groups

    @cached_property
    def live(self) -> LiveMetrics:
        """What is measured while the project is served."""
        return LiveMetrics(self.engine, self.registry, self.settings)

    @cached_property
    def alert_rules(self) -> Alerts:
        """What raises alerts."""
        return Alerts(self.commit, self.live, self.settings.alerts, self.settings.app_names)

    @cached_property
    def workflows(self) -> Workflows:
        """What runs the pipelines."""
        settings = self.settings.pipelines
        works = Works(self.engine, self.commit, self.history, lambda: self.analytics, settings)
        feeds, landing = self.settings.feeds, self.settings.pipelines.land
        land = land_pipeline(lambda: self.landings, feeds, self.folder, landing)
        features = features_pipeline(
            self.settings.app_names, self._make_features, self.settings.pipelines.features
        )
        pipelines = [*named_pipelines(works), land, features]
        return Workflows(self.engine, self.commit, self.lake / "pipelines", pipelines)

    def _make_features(self, app: str, model: str | None, components: str) -> int:
        if model is not None and (self.folder / model).exists():
            model = str(self.folder / model)
        features, asked = self.features_on(self.settings.engine), Asked(app=app)
        made = make_features(
            features, asked, self.analytics, self.lake, model=model, components=components
        )
        return made.computed

    def _moment_named(self, name: str) -> int | None:
        return named_moment(self.engine, name)


def lake_folder(folder: Path, settings: Settings) -> Path:
    """The folder of the lake.

    Raises:
        UsageError: the settings name something else than a folder.
    """
    url = settings.storage.url
    if urlsplit(url).scheme:
        raise UsageError(f"storage.url {url!r} is no folder; this release keeps the lake in one")
    return folder / url
