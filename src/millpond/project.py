"""A project: everything that can be done with one, a method each.

Whatever works on a project, the command line, the server or a user's own
script, begins with `Project.open`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from millpond.access.milestones import note_reached
from millpond.access.principal import Principal
from millpond.analytics.analytics import Answer, Definitions
from millpond.analytics.compare import diff_view, view_history
from millpond.analytics.definitions import record_definitions
from millpond.analytics.reports import ViewReport, view_reports
from millpond.backends import LOCAL, lake_folder
from millpond.capture.annotations import NewAnnotation
from millpond.capture.leases import end_leases
from millpond.capture.objects import get_object
from millpond.capture.reviews import Place
from millpond.database.connection import reading
from millpond.errors import Corrupted, Invalid
from millpond.learning import Learning
from millpond.marts.content import Labels
from millpond.marts.marts import Choice, Exported
from millpond.pipelines.arrivals import arrived
from millpond.pipelines.backup import BackedUp, Origin, backup
from millpond.pipelines.doctor import (
    checked,
    reach_bus,
    reach_database,
    reach_engine,
    reach_models,
    reach_pipelines,
    reach_store,
    reach_training,
)
from millpond.pipelines.findings import Verified
from millpond.pipelines.ingest import Ingested, IngestOptions, ingest
from millpond.pipelines.land import LandedFile
from millpond.pipelines.migrate import Migrated
from millpond.pipelines.migrate import migrate as migrated
from millpond.pipelines.restore import Restored, restore
from millpond.pipelines.runs import MOST, Run, RunReport, list_runs, report_run
from millpond.pipelines.timetable import Timetable
from millpond.pipelines.verify import Ground, OnProgress, unreadable, verify
from millpond.pipelines.workers import Workers
from millpond.serving.answers import AnnotationAnswer, InferenceAnswer, annotation_answer
from millpond.serving.predict import decode_limits
from millpond.serving.queue_answers import QueuePage
from millpond.serving.reasons import check_strategy
from millpond.serving.sent_inference import SentInference
from millpond.serving.services import Services
from millpond.settings import read_settings
from millpond.streaming.alert_watch import AlertWatch
from millpond.streaming.alerts import AlertAnswer, list_alerts
from millpond.streaming.workers import ConsumerGroups
from millpond.values import Prediction, Told, app_route, inference_document, iso

if TYPE_CHECKING:
    import pyarrow as pa


class Project(Learning):
    """An open project.

    Use it as a context manager, or call `close`: it writes what still waits.
    """

    _workers: Workers | None = None

    # Predict and correct.

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
        by: str = LOCAL,
    ) -> InferenceAnswer:
        """What the champion sees in an image, captured before it is answered.

        Args:
            image: its bytes, or the path of its file.
            threshold: lowest score that is answered; the application's by default.
            nms: overlap (IoU) above which the weaker box is left out.
            subject: whom the image is about, by the caller's own name.
            candidates: with what was kept before suppression.
            key: the same request with the same key is one request.
        """
        data = image if isinstance(image, bytes) else Path(image).read_bytes()
        upload = self.predictions.upload(
            self.app_name(app),
            data,
            requested_by=by,
            threshold=threshold,
            nms=nms,
            subject=subject,
            key=key,
        )
        return self.predictions.predict(upload, candidates=candidates)

    def log(
        self,
        image: bytes | str | Path | None = None,
        *,
        model: str,
        predictions: Sequence[Mapping[str, Any] | Prediction],
        app: str | None = None,
        key: str | None = None,
        by: str = LOCAL,
        **told: Unpack[Told],
    ) -> InferenceAnswer:
        """Record a prediction that another model server made; it is on disk afterwards.

        Args:
            image: its bytes, or the path of its file; or ``address`` or ``object_id`` says
                which it was.
            model: its name there, such as ``triton/cells:3``.
            predictions: each ``{label, score, box?}``, the box in pixels.
            key: the same request with the same key is one request.
            told: what else is known of it; see `values.Told`.

        Returns:
            The answer of ``POST /api/v1/apps/{app}/inferences``.

        Raises:
            Invalid: a label, score, box or anything else does not fit; the message says which.
        """
        data = image if isinstance(image, bytes | None) else Path(image).read_bytes()
        sent = SentInference.of(inference_document(model, predictions, told))
        caller = Principal(by, "admin")
        name = self.app_name(app)
        return self.recordings.record(name, sent, caller, image=data, key=key).answer

    def annotate(
        self,
        annotations: Sequence[Mapping[str, Any]],
        *,
        inference_id: str | None = None,
        object_id: str | None = None,
        by: str = LOCAL,
    ) -> list[AnnotationAnswer]:
        """Record what a person says of an inference, or of an object.

        Args:
            annotations: each ``{action, target?, label?, box?, annotation_id?}``.

        Returns:
            The annotations as kept, all or none.

        Raises:
            Invalid: an action, target, label or box does not fit.
        """
        with reading(self.engine) as connection:
            if inference_id is not None:
                row = self.lookup.inference(connection, inference_id)
            elif object_id is not None:
                row = get_object(connection, object_id)
            else:
                raise Invalid("annotations are sent to an inference_id or to an object_id")
        place = Place(row["object_id"], row["app"], row["width"], row["height"], inference_id)
        sent = [NewAnnotation.of(annotation) for annotation in annotations]
        kept = self.annotations.annotate(place, sent, self.settings.app(place.app), by)
        return [annotation_answer(row) for row in kept.rows]

    def review_queue(
        self,
        strategy: str = "uncertain",
        *,
        app: str | None = None,
        limit: int = 50,
        offset: int = 0,
        by: str = LOCAL,
    ) -> QueuePage:
        """What to review next, the most useful first, with the reason.

        Args:
            strategy: ``requested``, ``uncertain``, ``disagree``, ``disputed``, ``random`` or
                ``oldest``.
            limit: most images; `offset` of them are left out before.
        """
        name, chosen = self.app_name(app), check_strategy(strategy)
        return self.queue.page(name, chosen, by, limit=limit, offset=offset)

    def request_review(
        self,
        object_ids: Sequence[str] | None = None,
        *,
        filter: Mapping[str, Any] | None = None,
        app: str | None = None,
        by: str = LOCAL,
    ) -> int:
        """Send images to review, or all of a filter; the number that did not wait for one.

        Args:
            filter: fields of the list of images, each with a value or a list of values.

        Raises:
            Invalid: both or neither is given, or a field of the filter does not fit.
            NotFound: the application has no object of an id.
        """
        return self.queue.request(self.app_name(app), object_ids, filter, by)

    def ingest(
        self,
        path: Path | str,
        *,
        app: str | None = None,
        options: IngestOptions | None = None,
        by: str = LOCAL,
        on_progress: Callable[[int], None] = lambda files: None,
    ) -> Ingested:
        """Bring a folder of images in, with their labels; the same again adds nothing.

        Raises:
            NotFound: there is nothing at `path`.
            UsageError: the format or a rule is malformed, or the labels are for another task.
        """
        name = self.app_name(app)
        self.access.note(by, "ingest", f"ingest into {name}")
        return ingest(
            self.engine,
            self.commit,
            self.store,
            name,
            self.section(name),
            Path(path),
            options or IngestOptions(),
            lookup=self.lookup,
            limits=decode_limits(self.settings.limits),
            on_progress=on_progress,
        )

    def land(
        self,
        path: Path | str,
        *,
        feed: str | None = None,
        date: str | None = None,
        name: str | None = None,
        again: bool = False,
        by: str = LOCAL,
        on_progress: Callable[[int], None] = lambda rows: None,
    ) -> LandedFile:
        """Bring the rows of a feed's file in; the same file again adds nothing.

        Args:
            feed: may be left out where the project has just one.
            date: its business date as YYYY-MM-DD; by default that in its name, or today.
            name: what the file is called, where the path does not say it.
            again: land it anew, although its bytes have landed before.

        Raises:
            NotFound: the project has no such feed, or there is no such file.
            Invalid: the file is not of its format, or lacks a column that may not be blank.
        """
        feed = self.feed_name(feed)
        self.access.note(by, "ingest", f"land a file of {feed}")
        return self.landings.land(
            feed,
            self.settings.feed(feed),
            arrived(Path(path), date, name),
            again=again,
            on_progress=on_progress,
        )

    # Ask.

    def answer(
        self,
        sql: str,
        as_of: str | int | None = None,
        *,
        valid_at: str | int | None = None,
        definitions: Definitions = "now",
    ) -> Answer:
        """What one SELECT over the views answers, with the moment that it is as of."""
        answer = self.analytics.query(sql, as_of, valid_at=valid_at, definitions=definitions)
        note_reached(self.engine, self.commit, "query")
        return answer

    def query(
        self,
        sql: str,
        as_of: str | int | None = None,
        *,
        valid_at: str | int | None = None,
        definitions: Definitions = "now",
    ) -> pa.Table:
        """What one SELECT over the views answers.

        Args:
            as_of: what was known then: ISO 8601, a date, an age such as ``2h ago``, or a
                snapshot's name.
            valid_at: what was true then, of feeds; written in the same ways.
            definitions: ``then`` takes the views as they were defined at `as_of`.

        Raises:
            Invalid: the SQL is not allowed or does not fit, or the moment is still to come.
        """
        return self.answer(sql, as_of, valid_at=valid_at, definitions=definitions).table

    def diff(self, view: str, before: str | int, after: str | int | None = None) -> Answer:
        """What is different in a view as of two moments; see `analytics.compare.diff_view`.

        Raises:
            Invalid: there is no such view, or a moment does not fit.
        """
        return diff_view(self.analytics, view, before, after)

    def changes(
        self,
        view: str,
        *,
        key: str | None = None,
        since: str | int | None = None,
        until: str | int | None = None,
        limit: int = 100,
    ) -> Answer:
        """What changed in a view and when, the newest first; see `compare.view_history`.

        Raises:
            Invalid: there is no such view, it has no key, or a moment does not fit.
        """
        return view_history(self.analytics, view, key=key, since=since, until=until, limit=limit)

    def views(self) -> list[ViewReport]:
        """Every view, how it is kept, and what is wrong with it, if something is."""
        return view_reports(self.analytics)

    def export(
        self,
        format: str,
        out: Path | str,
        *,
        app: str | None = None,
        labels: Labels = "truth",
        as_of: str | int | None = None,
        snapshot: str | None = None,
        include_unreviewed: bool = False,
        by: str = LOCAL,
    ) -> Exported:
        """Write a mart into a folder, whole or not at all.

        Args:
            format: such as ``coco``.
            labels: ``truth``, or ``predictions`` of each object's latest inference.
            snapshot: only what this snapshot froze.
            include_unreviewed: images that nobody reviewed, too.

        Raises:
            Invalid: the format, the labels or the moment does not fit.
            Conflict: the folder holds something else.
        """
        name = self.app_name(app)
        self.access.note(by, "export", f"export {labels} of {name} as {format}")
        choice = Choice(labels, as_of, snapshot, include_unreviewed)
        return self.marts.export(format, name, self.section(name), Path(out), choice)

    def verify(
        self,
        *,
        resume: bool = False,
        on_progress: OnProgress = lambda check, done, total: None,
    ) -> Verified:
        """Reconcile every layer with every other, and every object with its hash.

        Args:
            resume: go on where the last verification broke off.
        """
        try:
            history = self.history
        except Corrupted as error:
            return unreadable(error)
        ground = Ground(
            engine=self.engine,
            store=self.store,
            history=history,
            analytics=self.analytics,
            registry=self.registry,
            snapshots=self.snapshots,
            lake=self.lake,
            apps={app_route(name): section for name, section in self.settings.apps.items()},
        )
        return verify(ground, resume=resume, on_progress=on_progress)

    def backup(
        self,
        out: Path | str,
        *,
        link_from: Path | str | None = None,
        by: str = LOCAL,
        on_progress: OnProgress = lambda stage, done, total: None,
    ) -> BackedUp:
        """Copy the project into a new folder, whole and as of one moment, while others write.

        Args:
            link_from: an earlier backup on the same disk, whose files are not copied again.

        Raises:
            Conflict: the folder holds something already.
            Busy: another backup is under way.
            DiskFull: there is no room for it, and nothing is left of it.
        """
        self.access.note(by, "backup", "backup")
        origin = Origin(
            folder=self.folder,
            name=self.settings.project.name,
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            history=self.history,
        )
        earlier = None if link_from is None else Path(link_from)
        return backup(origin, Path(out), link_from=earlier, on_progress=on_progress)

    @classmethod
    def restore(
        cls,
        source: Path | str,
        folder: Path | str,
        *,
        database: str | None = None,
        by: str = LOCAL,
        on_damaged: Callable[[str], None] = lambda problem: None,
        on_progress: OnProgress = lambda stage, done, total: None,
    ) -> Restored:
        """Make a project of a backup in a new folder, and verify it.

        Args:
            database: where its operational database goes; by default as it was.
            on_damaged: hears of each file of the backup that is not as it was written.

        Raises:
            Corrupted: the backup is damaged; nothing is restored.
            Conflict: the folder holds something already, or the database a project.
        """
        folder = Path(folder).resolve()
        manifest = restore(
            Path(source), folder, database=database, on_damaged=on_damaged, on_progress=on_progress
        )
        with cls.open(folder) as project:
            project.access.note(by, "restore", f"restore of {iso(manifest.moment)}")
            project.commit.run(lambda transaction: end_leases(transaction.connection))
            verified = project.verify(on_progress=on_progress)
        return Restored(folder, manifest.moment, verified)

    # Run.

    def run(self, pipeline: str, *, by: str = LOCAL, **parameters: str | None) -> Run:
        """Run a pipeline and wait for it, after those of its name that are under way.

        Args:
            pipeline: ``history`` loads what was captured into the history.
            parameters: those that the pipeline takes, such as ``older_than="7d"``; a name
                that is a word of Python ends in an underscore (``from_``).

        Raises:
            Invalid: there is none of that name, or a parameter does not fit.
        """
        given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        return (self._workers or self.workflows).run(pipeline, given, by)

    def _worker(self, pipeline: str) -> list[str]:
        """Starts a process that works on a pipeline."""
        return [sys.executable, "-m", "millpond.cli.worker", pipeline, str(self.folder)]

    def runs(self, limit: int = MOST) -> list[Run]:
        """The newest runs, newest first."""
        return list_runs(self.engine, limit)

    def run_report(self, run_id: str) -> RunReport:
        """A run with its steps and its log.

        Raises:
            NotFound: there is no such run.
        """
        return report_run(self.engine, run_id)

    # Watch.

    def alerts(self, *, app: str | None = None, limit: int = 100) -> list[AlertAnswer]:
        """The alerts that were raised: those that hold first, then the newest.

        Args:
            app: of this application alone.
        """
        only = None if app is None else self.app_name(app)
        with reading(self.engine) as connection:
            return list_alerts(connection, only, limit)

    # Serve.

    def services(self) -> Services:
        """What the routes work with."""
        return Services(
            settings=self.settings,
            folder=self.folder,
            engine=self.engine,
            commit=self.commit,
            store=self.store,
            registry=self.registry,
            access=self.access,
            lookup=self.lookup,
            images=self.images,
            predict=self.predictions,
            uncaptured=self.uncaptured,
            live=self.live,
            record=self.recordings,
            annotate=self.annotations,
            queue=self.queue,
            leasing=self.leasing,
            work=self,
        )

    def serve(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8420,
        on_ready: Callable[[str], None] = lambda url: None,
    ) -> None:
        """Serve the pages and the API until SIGTERM or SIGINT.

        Args:
            port: 0 takes any that is free.
            on_ready: called with the URL once requests are answered.

        Raises:
            ProjectError: another server has the project, or the port is taken.
        """
        from millpond.serving.server import serve

        record_definitions(self.engine, self.catalogue.views())
        timetable = Timetable(self.engine, self.commit, self.workflows)
        self._workers = Workers(self.workflows, timetable, self._worker)
        consumers = ConsumerGroups(self.commit, self.consumer_groups())
        watch = AlertWatch(self.engine, self.alert_rules)

        def ready(url: str) -> None:
            consumers.start()
            watch.start()
            self.images.warm()
            on_ready(url)

        try:
            serve(self.services(), self.lake, host, port, ready, workers=self._workers)
        finally:
            watch.stop()
            consumers.stop()

    def doctor(self) -> list[dict[str, Any]]:
        """Whether each backend can be reached: ``{name, ok, detail}`` of each."""
        return [
            checked("operational database", lambda: reach_database(self.engine)),
            checked("object store", lambda: reach_store(self.store, self.lake)),
            checked("event bus", lambda: reach_bus(self.bus, self.engine)),
            checked("history", lambda: f"{len(self.history.tables)} tables"),
            checked("models", lambda: reach_models(self.registry, self.settings.app_names)),
            checked("pipelines", lambda: reach_pipelines(self.engine, self.commit, self.workflows)),
            checked("engine", lambda: reach_engine(self.settings.engine)),
            checked("training", reach_training),
        ]


def migrate(
    folder: Path | str,
    *,
    dry_run: bool = False,
    on_step: Callable[[str, int, int], None] = lambda name, number, steps: None,
) -> Migrated:
    """Bring the project in a folder to the format of this release.

    Args:
        dry_run: change nothing, and say what would be done.
        on_step: called before each step with its name, its number, and how many there are.

    Raises:
        ProjectError: it is of a newer format, or is served at the moment.
    """
    from millpond.serving.server import only_server

    folder = Path(folder).resolve()
    settings = read_settings(folder, older=True)
    lake = lake_folder(folder, settings)
    with nullcontext() if dry_run else only_server(lake):
        return migrated(folder, settings, lake, dry_run=dry_run, on_step=on_step)
