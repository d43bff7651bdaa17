"""A model that was made elsewhere: read, tried on a picture, and only then registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from millpond.capture.tables import objects
from millpond.errors import Invalid, NotFound
from millpond.features.weights import CONFIG
from millpond.models.checked import check_on
from millpond.models.described import Purpose, described
from millpond.models.description import Description, read_description
from millpond.models.package import MANIFEST, ModelPackage
from millpond.models.registry import ModelVersion
from millpond.models.trial import Trial
from millpond.pipelines.checkpoint import of_checkpoint
from millpond.raw.decode import Limits, decode
from millpond.values import Prediction

#: The most bytes of an ONNX file: what Protocol Buffers can hold.
_MOST: Final = 2 << 30


@dataclass(frozen=True, slots=True)
class TryPicture:
    """The picture that a model is tried on.

    Args:
        pixels: uint8 of shape (height, width, 3), RGB.
        name: what it is, for people.
    """

    pixels: NDArray[np.uint8]
    name: str


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model that was registered, and what it found in the picture that it was tried on.

    Args:
        found: all candidates, best first, with boxes in pixels of the picture.
    """

    model: ModelVersion
    tried_on: str
    found: tuple[Prediction, ...]

    @property
    def version(self) -> str:
        """The version that it was registered as."""
        return self.model.version

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; of what was found, the best five."""
        best = [
            {"label": one.label, "score": one.score, "box": one.box and one.box.as_list()}
            for one in self.found[:5]
        ]
        return {
            "model_version": self.model.version,
            "app": self.model.app,
            "tried_on": self.tried_on,
            "found": len(self.found),
            "best": best,
            "metrics": dict(self.model.metrics),
        }


def tried(
    path: Path,
    description: Path | None,
    adapter: str | None,
    purpose_of: Callable[[str | None], Purpose],
    picture_for: Callable[[str], TryPicture],
) -> tuple[ModelPackage, TryPicture, list[Prediction]]:
    """The package of a model from outside, and what it finds in a picture.

    Args:
        path: an ONNX file, a folder with a package, or one with a checkpoint of `transformers`.
        description: what an ONNX file alone does not say, as TOML.
        adapter: what understands its outputs, in place of what the description says.
        purpose_of: what it is brought for, given the application that a package names.
        picture_for: the picture to try it on, given the application.

    Raises:
        NotFound: there is no such file or folder.
        Invalid: it is no model that can be used here; the message says why and what to do.
        Corrupted: a checksum of the package is wrong.
    """
    if path.is_dir() and not (path / CONFIG).is_file():
        if description is not None or adapter is not None:
            raise Invalid(f"{path} is a package, which has all that a description says")
        package = _of_package(path, purpose_of)
        picture = picture_for(package.app)
        with Trial(package.model) as trial:
            return package, picture, check_on(package, trial, picture.pixels)
    purpose = purpose_of(None)
    picture = picture_for(purpose.app)
    said = Description() if description is None else read_description(description)
    if adapter is not None:
        said = said.model_copy(
            update={"outputs": said.outputs.model_copy(update={"adapter": adapter})}
        )
    if path.is_dir():
        package = of_checkpoint(path, said, purpose, picture.pixels)
        with Trial(package.model) as trial:
            return package, picture, check_on(package, trial, picture.pixels)
    model = _bytes(path)
    with Trial(model) as trial:
        package = described(model, said, purpose, trial.inputs, trial.outputs)
        package = replace(package, training={"trainer": "import", "file": path.name})
        return package, picture, check_on(package, trial, picture.pixels)


def _of_package(folder: Path, purpose_of: Callable[[str | None], Purpose]) -> ModelPackage:
    if not (folder / MANIFEST).is_file():
        raise NotFound(
            f"{folder} holds no model: a package has {MANIFEST}, a checkpoint of transformers "
            f"has {CONFIG}, and a file is named itself"
        )
    package = ModelPackage.read(folder)
    purpose = purpose_of(package.app)
    if package.task != purpose.task or set(package.labels) - set(purpose.labels):
        raise Invalid(
            f"the package is a {package.task} of {', '.join(package.labels)}, but app "
            f"{purpose.app} is a {purpose.task} of {', '.join(purpose.labels)}"
        )
    return replace(package, app=purpose.app)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"there is no file or folder {path}")
    if path.stat().st_size >= _MOST:
        raise Invalid(
            f"{path} has {path.stat().st_size} bytes, and an ONNX file has less than 2 GiB"
        )
    return path.read_bytes()


def picture_of(path: Path, limits: Limits) -> TryPicture:
    """The picture in a file.

    Raises:
        NotFound: there is no such file.
        NotAnImage, TooLarge, Unsupported: its bytes cannot be taken as an image.
    """
    if not path.is_file():
        raise NotFound(f"there is no image {path}")
    return TryPicture(decode(path.read_bytes(), limits).pixels, str(path))


def newest_object(connection: Connection, app: str) -> str | None:
    """The id of the newest image of an application."""
    newest = (
        select(objects.c.object_id)
        .where(objects.c.app == app)
        .order_by(objects.c.recorded_at.desc())
        .limit(1)
    )
    found: str | None = connection.scalar(newest)
    return found


def waves() -> TryPicture:
    """A picture of waves in three colours, where an application has none of its own yet."""
    down, across, period = np.mgrid[0:360, 0:480, 0:3]
    pixels = 128 + 100 * np.sin(across / 17) * np.cos(down / (11 + 9 * period))
    return TryPicture(pixels.astype(np.uint8), "a picture made for it")
