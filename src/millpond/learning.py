"""What a project does to learn: training sets, features, models; a part of `Project`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millpond.analytics.images.filter import ImageFilter
from millpond.backends import LOCAL, Backends
from millpond.capture.objects import object_key
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.errors import Invalid, UsageError
from millpond.features.backbone import Precision
from millpond.features.computing import OnProgress as OnImages
from millpond.features.report import FeaturesReport
from millpond.models.described import Purpose
from millpond.models.package import MEASURED_ON, ModelPackage
from millpond.models.registry import ModelVersion
from millpond.pipelines.features import COMPONENTS, Asked, make_features
from millpond.pipelines.import_model import (
    ImportedModel,
    TryPicture,
    newest_object,
    picture_of,
    tried,
    waves,
)
from millpond.raw.decode import decode
from millpond.serving.predict import decode_limits
from millpond.snapshots.alike import FindAlike
from millpond.snapshots.selection import Selection
from millpond.snapshots.snapshot import Snapshot
from millpond.snapshots.split import DEFAULT_RULE, SplitRule

if TYPE_CHECKING:
    from millpond.training.dataset import SnapshotDataset
    from millpond.training.trainer import Progress, Trainer


class Learning(Backends):
    """The methods of a project that make training sets, features and models."""

    # Training sets and models.

    def snapshot(
        self,
        name: str,
        *,
        app: str | None = None,
        as_of: str | int | None = None,
        rule: SplitRule = DEFAULT_RULE,
        object_ids: Sequence[str] | None = None,
        filter: Mapping[str, Any] | None = None,
        similar: float | None = None,
        by: str = LOCAL,
    ) -> Snapshot:
        """Freeze the reviewed images of an application, their labels and their split.

        Args:
            object_ids: of these images alone.
            filter: of those alone that it holds now, whatever `as_of` is; its fields are
                those of the list of images, such as ``{"label": "WBC", "reviewed": "yes"}``.
            similar: pictures of a cluster of this diameter (one minus the cosine of the two
                most apart, such as 0.05) never straddle two parts; each needs a vector.

        Raises:
            Conflict: the name is taken.
            Invalid: there is nothing to freeze, the moment is still to come, the filter
                does not fit, or an image has no vector.
        """
        found = self.app_name(app)
        self.access.note(by, "snapshots.create", f"snapshot {name} of {found}")
        return self.snapshots.create(
            name,
            found,
            self.section(found),
            as_of=as_of,
            rule=rule,
            selection=self._selection(found, object_ids, filter),
            find_alike=None if similar is None else self._find_alike(similar),
            by=by,
        )

    def _find_alike(self, diameter: float) -> FindAlike:
        from millpond.features.alike import find_alike
        from millpond.features.tables import FeatureTables

        tables = FeatureTables(self.lake / "features")
        return lambda ids: find_alike(tables.features, ids, diameter, tables.folder)

    def _selection(
        self, app: str, object_ids: Sequence[str] | None, filter: Mapping[str, Any] | None
    ) -> Selection | None:
        if object_ids is not None and filter is not None:
            raise Invalid("object_ids and filter are two ways to choose images; send one of them")
        if filter is not None:
            chosen = ImageFilter.of(filter, now=machine_now())
            return Selection.of(self.images.ids(app, chosen), chosen.as_dict())
        return None if object_ids is None else Selection.of(object_ids)

    def promote(
        self,
        version: str,
        *,
        app: str | None = None,
        force: bool = False,
        reason: str | None = None,
        by: str = LOCAL,
    ) -> dict[str, Any]:
        """Let a version serve, if it is better than the champion on the validation part.

        Raises:
            Conflict: it is not better, or cannot be compared.
        """
        from millpond.pipelines.promote import promote

        name = self.app_name(app or self.registry.show(version).app)
        self.access.note(by, "models.promote", f"promote {version}")
        return promote(
            self.registry,
            self.snapshots,
            self.store,
            version,
            app=name,
            by=by,
            force=force,
            reason=reason,
        )

    def import_model(
        self,
        path: Path | str,
        *,
        app: str | None = None,
        description: Path | str | None = None,
        image: Path | str | None = None,
        adapter: str | None = None,
        snapshot: str | None = None,
        by: str = LOCAL,
    ) -> ImportedModel:
        """Register a model that was made elsewhere, after it was tried on a picture.

        Args:
            path: a model package, an ONNX file, or a checkpoint of `transformers`.
            app: whose model it is; of a package, None is the one that it names.
            description: a TOML file that says what an ONNX file alone does not.
            image: a file with a picture to try it on; None is the newest of the application.
            adapter: what understands its outputs, in place of what the description says.
            snapshot: measure it on the part ``val`` of this one, so that it can be compared
                with the champion, and so that drift can be told while it serves.

        Raises:
            NotFound: there is no such file, folder, application or snapshot.
            Invalid: it is no model for this application, or does not fit its description.
            Corrupted: a checksum of a package is wrong.
            NotInstalled: it is to be measured, and the extra ``train`` is missing.
        """
        frozen = None if snapshot is None else self.snapshots.get(snapshot)
        package, picture, found = tried(
            Path(path),
            None if description is None else Path(description),
            adapter,
            lambda named: self._purpose(app or named),
            lambda name: self._try_picture(name, image),
        )
        if frozen is not None:
            package = self._measured(package, frozen)
        self.access.note(by, "models.import", f"import a model into {package.app}")
        model = self.registry.register(package, by=by)
        return ImportedModel(model, picture.name, tuple(found))

    def _measured(self, package: ModelPackage, snapshot: Snapshot) -> ModelPackage:
        from millpond.pipelines.train import measured

        found = measured(package, self.store, snapshot, self.section(package.app))
        # It has not learned from the snapshot, as far as is known.
        return replace(found, training={**found.training, MEASURED_ON: snapshot.snapshot_id})

    def _purpose(self, app: str | None) -> Purpose:
        name = self.app_name(app)
        section = self.section(name)
        return Purpose(name, section.task, section.labels)

    def _try_picture(self, app: str, image: Path | str | None) -> TryPicture:
        """The image given, or the newest of the application, or one that is made."""
        limits = decode_limits(self.settings.limits)
        if image is not None:
            return picture_of(Path(image), limits)
        with reading(self.engine) as connection:
            newest = newest_object(connection, app)
        if newest is None:
            return waves()
        picture = decode(self.store.get(object_key(newest)), limits)
        return TryPicture(picture.pixels, f"the newest image of {app}")

    def dataset(self, snapshot: str, part: str = "train") -> SnapshotDataset:
        """A snapshot's part as a ``torch.utils.data.Dataset``, for a training loop of one's own.

        Raises:
            NotFound: there is no such snapshot.
            NotInstalled: the extra ``train`` is missing.
        """
        from millpond.training.dataset import SnapshotDataset

        frozen = self.snapshots.get(snapshot)
        return SnapshotDataset(frozen.examples(self.store, part), frozen.definition["labels"])

    def train(
        self,
        snapshot: str,
        *,
        app: str | None = None,
        steps: int | None = None,
        seed: int = 0,
        head: str | None = None,
        model: str | None = None,
        by: str = LOCAL,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> ModelVersion:
        """Train a model on a snapshot's part ``train``, and measure it on its part ``val``.

        Args:
            steps: batches to learn from; None leaves it to the trainer.
            head: learn a ``linear`` or ``boosted`` head on features instead of a network
                from scratch; those that are missing are made first.
            model: the backbone of the head, as of `features`.

        Raises:
            NotFound: there is no such snapshot.
            UsageError: the head is none, or does not go with the other choices.
            NotInstalled: the extra ``train`` is missing.
        """
        from millpond.pipelines.train import train

        frozen = self.snapshots.get(snapshot)
        name = self.app_name(app or frozen.app)
        self.access.note(by, "models.train", f"train on {snapshot}")
        return train(
            self.registry,
            self.store,
            frozen,
            name,
            self.section(name),
            steps=steps,
            seed=seed,
            trainer=self._head_trainer(head, name, snapshot, steps, model, by),
            by=by,
            on_progress=on_progress,
        )

    def _head_trainer(
        self,
        head: str | None,
        app: str,
        snapshot: str,
        steps: int | None,
        model: str | None,
        by: str,
    ) -> Trainer | None:
        """What trains a head on the features of a snapshot, once these are there."""
        if head is None and model is None:
            return None
        from millpond.pipelines.heads import check_head, head_trainer

        chosen = check_head(head, self.section(app).task, steps)
        made = self.features(snapshot=snapshot, model=model, by=by)
        return head_trainer(chosen, made, self.lake / "features", model)

    # Features.

    def features(
        self,
        prefix: str | None = None,
        *,
        app: str | None = None,
        model: str | None = None,
        engine: str | None = None,
        components: str | float = COMPONENTS,
        as_of: str | None = None,
        snapshot: str | None = None,
        recompute: bool = False,
        precision: Precision = "fp32",
        by: str = LOCAL,
        on_progress: OnImages = lambda done, total: None,
    ) -> FeaturesReport:
        """Compute the vectors of images that have none yet, and reduce them.

        Args:
            prefix: a folder or ``s3://bucket/prefix``; None is the images of an application.
            model: name or folder of a checkpoint of transformers, or an ONNX file.
            engine: ``local``, ``spark`` or ``ray``; None is the one of the settings.
            components: how many to keep, or the share of the variance to keep.
            as_of: only images recorded by then.
            snapshot: only the images of a snapshot.
            recompute: compute all, whatever there is.
            precision: of the network's arithmetic; ``bf16`` is faster where the processor has it.

        Raises:
            UsageError: a prefix goes with an application, a moment or a snapshot.
            NotInstalled: the engine or the model needs what is missing.
        """
        if prefix is not None:
            if app is not None or as_of is not None or snapshot is not None:
                raise UsageError("a prefix is listed as it is now; leave out app, as_of, snapshot")
            asked = Asked(prefix=prefix)
        elif snapshot is not None:
            asked = Asked(snapshot=self.snapshots.get(snapshot))
        else:
            asked = Asked(app=self.app_name(app), as_of=self.analytics.resolve(as_of))
        self.access.note(by, "features.make", f"features of {asked.source}"[:200])
        section = self.settings.engine
        if engine is not None:
            section = section.model_copy(update={"name": engine})
        return make_features(
            self.features_on(section),
            asked,
            self.analytics,
            self.lake,
            model=model,
            components=components,
            recompute=recompute,
            precision=precision,
            on_progress=on_progress,
        )

    def similar(
        self, object_id: str, k: int = 10, *, model: str | None = None, by: str = LOCAL
    ) -> list[dict[str, Any]]:
        """The images most like one, the most alike first: ``{object_id, label, similarity}``.

        Args:
            object_id: of an object, which is compared with those of its application; or the
                address of any other image, as `features` was given it.
            k: how many, at most.
            model: whose vectors, by whole or short name; None is the newest.

        Raises:
            NotFound: the image has no vector.
        """
        from millpond.features.similar import similar
        from millpond.features.tables import FeatureTables

        self.access.note(by, "images.read", f"what is similar to {object_id}"[:200])
        table = FeatureTables(self.lake / "features").features
        return [one.as_dict() for one in similar(self.engine, table, object_id, k, model)]
