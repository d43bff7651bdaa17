"""Features of an application, a snapshot or a prefix; and the pipeline that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import pyarrow as pa

from millpond.analytics.analytics import Analytics
from millpond.errors import Invalid, UsageError
from millpond.features.backbone import Precision
from millpond.features.computing import OnProgress
from millpond.features.features import Features
from millpond.features.find_backbone import find_backbone
from millpond.features.listing import list_app, list_prefix, list_snapshot
from millpond.features.reduction import Wanted
from millpond.features.report import FeaturesReport
from millpond.pipelines.pipeline import Parameters, Pipeline, Say, Step
from millpond.settings import FeaturesPipeline
from millpond.snapshots.snapshot import Snapshot
from millpond.values import iso

#: Makes the features of an application: its name, the model, and the components to keep.
Make: TypeAlias = Callable[[str, str | None, str], int]

#: The share of the variance that reduced vectors keep unless another is asked for.
COMPONENTS = "0.95"


@dataclass(frozen=True)
class Asked:
    """Whose features are wanted: of a prefix, of a snapshot, or of an application.

    Args:
        prefix: a folder or ``s3://bucket/prefix``.
        app: an application.
        as_of: whose images are those recorded by then, in microseconds since 1970.
        snapshot: whose images it are.
    """

    prefix: str | None = None
    app: str | None = None
    as_of: int | None = None
    snapshot: Snapshot | None = None

    @property
    def source(self) -> str:
        """In words that are the same for the same images, or for what becomes of them."""
        if self.prefix is not None:
            remote = urlsplit(self.prefix).scheme
            return self.prefix if remote else str(Path(self.prefix).expanduser().resolve())
        if self.snapshot is not None:
            return f"snapshot {self.snapshot.name}"
        return f"app {self.app}" + ("" if self.as_of is None else f" as of {iso(self.as_of)}")

    def listing(self, analytics: Analytics, lake: Path) -> Iterator[pa.RecordBatch]:
        """The images, in the shape of `features.listing.LISTING`."""
        if self.prefix is not None:
            return list_prefix(self.source)
        if self.snapshot is not None:
            return list_snapshot(self.snapshot, lake)
        if self.app is None:
            raise UsageError("name a prefix, a snapshot or an application")
        return list_app(analytics, lake, self.app, self.as_of)


def make_features(
    features: Features,
    asked: Asked,
    analytics: Analytics,
    lake: Path,
    *,
    model: str | None = None,
    components: str | float = COMPONENTS,
    recompute: bool = False,
    precision: Precision = "fp32",
    on_progress: OnProgress = lambda done, total: None,
) -> FeaturesReport:
    """Make the features that are missing, and reduce them.

    Args:
        model: name or folder of a published checkpoint, or an ONNX file; the default
            backbone where there is none.
        components: a number of them, or a share of the variance.
        recompute: compute all of them, whatever there is.
        precision: of the network's arithmetic.
    """
    wanted = Wanted.of(components)
    backbone = find_backbone(model, features.folder / "backbones", precision)
    return features.run(
        asked.source,
        asked.listing(analytics, lake),
        backbone,
        wanted,
        anew=recompute,
        on_progress=on_progress,
    )


def features_pipeline(apps: Sequence[str], make: Make, settings: FeaturesPipeline) -> Pipeline:
    """Makes what is missing, of one application or of all.

    Args:
        make: gives the number of vectors that it made.
    """

    def settled(parameters: Parameters) -> Parameters:
        app = parameters.get("app")
        if app is not None and app not in apps:
            raise Invalid(f"no application {app!r}; there are {', '.join(apps) or 'none'}")
        return parameters

    def steps(parameters: Parameters) -> list[Step]:
        chosen = [parameters["app"]] if "app" in parameters else apps
        return [Step(app, partial(_make, make, app, settings)) for app in chosen]

    return Pipeline(
        "features",
        steps,
        takes=("app",),
        settled=settled,
        goes_on=True,
        schedule=settings.schedule,
        retries=settings.retries,
    )


def _make(make: Make, app: str, settings: FeaturesPipeline, say: Say) -> int:
    made = make(app, settings.model or None, settings.components)
    say(f"{made:,} vectors made for {app}")
    return made
