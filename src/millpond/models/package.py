"""A model package: a folder with the model and everything needed to use it rightly.

::

    model.onnx      the model, in one file
    package.json    application, task, labels, preprocessing, what the outputs
                    mean, the snapshot it was trained on and the profile of it,
                    training parameters, metrics, and the checksums

The manifest holds the SHA-256 of every other file, and in ``checksum`` that of
itself: of its canonical JSON without that key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args

from millpond.durable import write_folder
from millpond.errors import Corrupted, Invalid, NotFound
from millpond.models.adapters.registered import check_parameters
from millpond.models.onnx_format import check_onnx
from millpond.models.preprocessing import Preprocessing
from millpond.values import Task, new_id

#: The number of the package format that this release reads and writes.
FORMAT = 1
MANIFEST = "package.json"
MODEL = "model.onnx"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the model's outputs mean.

    Args:
        adapter: the name of what understands them.
        parameters: that it takes.
        names: of the outputs that it takes, in its order; empty: all, in the model's order.
        batch: whether each begins with an axis for the pictures of a batch, of which there
            is one.
        classes: of all that the model tells apart, in its order, an empty text where one is
            never answered, such as the background; empty: the labels of the package.
    """

    adapter: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    batch: bool = True
    classes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The outputs that `as_json` wrote."""
        lists = {key: tuple(document.get(key, ())) for key in ("names", "classes")}
        return cls(**{**document, **lists})

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold them; without those that came later and say nothing."""
        document: dict[str, Any] = {"adapter": self.adapter, "parameters": dict(self.parameters)}
        if self.names:
            document["names"] = list(self.names)
        if not self.batch:
            document["batch"] = False
        if self.classes:
            document["classes"] = list(self.classes)
        return document


#: In `ModelPackage.training`, the id of the snapshot that an imported model was measured on.
MEASURED_ON = "measured_on"


@dataclass(frozen=True, slots=True)
class SnapshotName:
    """The snapshot that a model was trained on."""

    snapshot_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A model in memory, verified, with all that is known about it.

    Args:
        app: the application, in its route form.
        task: what the model answers.
        labels: in the order of the model's outputs.
        preprocessing: what the model must be fed.
        outputs: what its outputs mean.
        model: the bytes of the ONNX file.
        inputs: what each of its inputs is (`inputs.feeds`); empty where the picture is the
            only one.
        version: the model's name in the registry, random unless given.
        snapshot: what it was trained on, where that is known.
        profile: what the training data looked like.
        training: the trainer and its parameters.
        metrics: how well it did, by part of the snapshot.

    Raises:
        Invalid: a field does not fit, or the model is no ONNX in one file.
    """

    app: str
    task: Task
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    outputs: Outputs
    model: bytes = field(repr=False)
    inputs: Mapping[str, str] = field(default_factory=dict)
    version: str = field(default_factory=new_id)
    snapshot: SnapshotName | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise Invalid(f"task {self.task!r} is not one of {', '.join(get_args(Task))}")
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise Invalid(f"labels {list(self.labels)} are empty or not distinct")
        check_parameters(self.outputs.adapter, self.outputs.parameters)
        answered = tuple(name for name in self.outputs.classes if name)
        if self.outputs.classes and answered != self.labels:
            raise Invalid(f"classes {list(answered)} are not the labels {list(self.labels)}")
        check_onnx(self.model)

    def with_metrics(self, metrics: Mapping[str, Any]) -> ModelPackage:
        """The same model with other metrics."""
        return replace(self, metrics=metrics)

    def write(self, folder: Path) -> None:
        """Write the package durably; it is never there in part.

        Raises:
            Conflict: the folder exists already.
            DiskFull: there is no room for it, and nothing is left of it.
        """
        manifest = json.dumps(self.manifest(), indent=2, ensure_ascii=False, allow_nan=False)
        write_folder(folder, {MODEL: self.model, MANIFEST: manifest.encode() + b"\n"})

    def manifest(self) -> dict[str, Any]:
        """What ``package.json`` holds."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": self.version,
            "app": self.app,
            "task": self.task,
            "labels": list(self.labels),
            "preprocessing": self.preprocessing.as_json(),
            "outputs": self.outputs.as_json(),
            "snapshot": None
            if self.snapshot is None
            else {"snapshot_id": self.snapshot.snapshot_id, "name": self.snapshot.name},
            "profile": dict(self.profile),
            "training": dict(self.training),
            "metrics": dict(self.metrics),
            "files": {MODEL: hashlib.sha256(self.model).hexdigest()},
        }
        if self.inputs:
            document["inputs"] = dict(self.inputs)
        return {**document, "checksum": _checksum(document)}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a package and verify every byte of it.

        Raises:
            NotFound: there is no package in the folder.
            Corrupted: a file is missing or is not what was written; the message
                says which.
            Invalid: the package is of another format, or holds what none may
                hold, such as a pickle or weights in a further file.
        """
        manifest = _read_manifest(folder)
        files = _read_files(folder, manifest.get("files", {}))
        if MODEL not in files:
            raise Invalid(f"{folder / MANIFEST} lists no {MODEL}")
        try:
            return cls(**_fields(manifest), model=files[MODEL])
        except (KeyError, TypeError, AttributeError) as error:
            raise Invalid(f"{folder / MANIFEST} does not fit: {error!r}") from error


def _fields(manifest: Mapping[str, Any]) -> dict[str, Any]:
    snapshot = manifest["snapshot"]
    return {
        **{key: manifest[key] for key in ("version", "app", "task")},
        **{key: dict(manifest[key]) for key in ("profile", "training", "metrics")},
        "labels": tuple(manifest["labels"]),
        "preprocessing": Preprocessing.from_json(manifest["preprocessing"]),
        "outputs": Outputs.from_json(manifest["outputs"]),
        "inputs": dict(manifest.get("inputs", {})),
        "snapshot": None if snapshot is None else SnapshotName(**snapshot),
    }


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{folder} is no model package: it has no {MANIFEST}") from error
    except ValueError as error:
        raise Corrupted(f"{path} is not JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise Corrupted(f"{path} is no JSON object")
    if manifest.get("format") != FORMAT:
        raise Invalid(
            f"{path} is of format {manifest.get('format')!r}, and this release reads {FORMAT}; "
            "use the release that wrote it, or a newer one"
        )
    expected = manifest.pop("checksum", None)
    if _checksum(manifest) != expected:
        raise Corrupted(f"{path} was changed after it was written: its checksum does not fit")
    return manifest


def _read_files(folder: Path, checksums: Mapping[str, str]) -> dict[str, bytes]:
    """The bytes of the files that the manifest lists, and of no others."""
    surplus = {path.name for path in folder.iterdir()} - {MANIFEST, *checksums}
    if surplus:
        raise Invalid(
            f"{folder} holds {', '.join(sorted(surplus))}, which {MANIFEST} does not list; "
            "a package is its manifest and its model, nothing else"
        )
    files = {}
    for name, checksum in checksums.items():
        path = folder / name
        if Path(name).name != name or path.is_symlink():
            raise Invalid(f"{folder / MANIFEST} lists {name!r}, which is no file of the package")
        try:
            files[name] = path.read_bytes()
        except FileNotFoundError as error:
            raise Corrupted(f"{path} is missing from its package") from error
        found = hashlib.sha256(files[name]).hexdigest()
        if found != checksum:
            raise Corrupted(f"{path} has the SHA-256 {found}, not {checksum} as {MANIFEST} says")
    return files


def _checksum(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
