"""What a project declares in ``millpond.toml``: every setting once, with default and help.

The command line's ``config show``, the reference documentation and the checks
of the file are all made from these classes. The environment variable
``MILLPOND_SECTION__NAME`` overrides a value of the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from millpond.errors import MillpondError, NotFound, ProjectError, UsageError
from millpond.settings.bus import BusSection, SourceSection, without_secrets
from millpond.settings.capture import CaptureSection, CaptureSources
from millpond.settings.feeds import FeedSection
from millpond.settings.metrics import AlertSection, MetricsSection
from millpond.settings.pipelines import PipelinesSection
from millpond.settings.section import Section
from millpond.values import Task, app_key, app_route, check_app_name

#: The number of the project format that this release reads and writes.
FORMAT = 3
FILE = "millpond.toml"


class ProjectSection(Section):
    """What the project is."""

    name: str = Field("millpond", description="Name of the project, shown on its pages.")
    format: int = Field(FORMAT, description="Number of the project format; do not edit.")


class AppSection(Section):
    """One application: ``[apps.NAME]``."""

    task: Task = Field(description="What the model answers: detection or classification.")
    labels: tuple[str, ...] = Field(description="The labels, in their order.", min_length=1)
    threshold: float = Field(0.5, ge=0.05, le=1, description="Lowest score that is answered.")
    nms: float = Field(
        0.45, ge=0, le=1, description="Overlap (IoU) above which the weaker box is left out."
    )
    subject_from: str | None = Field(
        None, description="Rule that finds whom an ingested file is about."
    )
    group: str | None = Field(
        None, description="Rule that finds the group of a file; a group is never split."
    )
    order: str | None = Field(
        None, description="Rule that finds a file's place in the sequence that its group is."
    )
    augment: str = Field(
        "flips", description="How training varies an image: none, mirror, flips or turns."
    )
    capture: CaptureSection = Field(
        CaptureSection(), description="Which predictions are kept: [apps.NAME.capture]."
    )

    @field_validator("labels")
    @classmethod
    def _labels_are_distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for label in labels:
            if not label.strip() or label != label.strip() or not label.isprintable():
                raise ValueError(f"label {label!r} is empty or has blanks around it")
        if len(set(labels)) < len(labels):
            raise ValueError(f"labels are not distinct: {', '.join(labels)}")
        return labels


class StorageSection(Section):
    """Where the lake is."""

    url: str = Field("lake", description="Folder of the lake, relative to the project.")


class DatabaseSection(Section):
    """Where the operational database is."""

    url: str = Field(
        "sqlite:///lake/operations.db", description="SQLAlchemy address of the database."
    )


class EngineSection(Section):
    """What works through many objects: ``[engine]``."""

    name: str = Field("local", description="local (threads of one process), spark or ray.")
    address: str = Field(
        "", description="Spark master or Ray cluster to use; empty starts one on this machine."
    )
    workers: int = Field(0, ge=0, description="Most shards worked on at a time; 0: one a core.")


class ServerSection(Section):
    """How ``millpond up`` serves."""

    threads: int = Field(
        0, ge=0, le=64, description="Predictions that are computed at once; 0: one for each core."
    )
    waiting: int = Field(64, ge=0, description="Predictions that may wait for a thread.")
    longest_wait_seconds: float = Field(
        5.0,
        gt=0,
        description="Seconds that a prediction is let in to wait for a thread, as far as is known.",
    )
    deadline_seconds: float = Field(
        30.0, gt=0, description="Seconds after which a prediction that still waits is given up."
    )
    session_hours: float = Field(12, gt=0, description="Hours until a session ends.")
    sign_in_attempts: int = Field(
        10, ge=1, description="Failed attempts to sign in, by user and address, in 5 minutes."
    )

    @property
    def turns(self) -> int:
        """Predictions that are computed at once."""
        return self.threads or len(os.sched_getaffinity(0))


class LimitsSection(Section):
    """What is taken from outside."""

    upload_mb: int = Field(50, ge=1, description="Most megabytes of one uploaded file.")
    batch_mb: int = Field(1024, ge=1, description="Most megabytes of a feed's file over HTTP.")
    megapixels: int = Field(64, ge=1, description="Most million pixels of one image.")
    frames: int = Field(64, ge=1, description="Most frames or pages of one file.")


class QuerySection(Section):
    """What a query may use."""

    seconds: float = Field(60, gt=0, description="Seconds after which a query is ended.")
    memory_mb: int = Field(2048, ge=256, description="Most megabytes of memory of a query.")
    rows: int = Field(1_000_000, ge=1, description="Most rows that one query answers.")


class Settings(BaseSettings):
    """All settings of a project."""

    model_config = SettingsConfigDict(
        env_prefix="MILLPOND_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    project: ProjectSection = ProjectSection()
    apps: dict[str, AppSection] = Field(default_factory=dict)
    feeds: dict[str, FeedSection] = Field(default_factory=dict)
    sources: dict[str, SourceSection] = Field(default_factory=dict)
    storage: StorageSection = StorageSection()
    database: DatabaseSection = DatabaseSection()
    bus: BusSection = BusSection()
    server: ServerSection = ServerSection()
    limits: LimitsSection = LimitsSection()
    capture: CaptureSources = CaptureSources()
    query: QuerySection = QuerySection()
    engine: EngineSection = EngineSection()
    pipelines: PipelinesSection = PipelinesSection()
    metrics: MetricsSection = MetricsSection()
    alerts: dict[str, AlertSection] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, whose values come as arguments."""
        return env_settings, init_settings

    @field_validator("apps", mode="before")
    @classmethod
    def _apps_are_keyed_as_toml_writes_them(cls, apps: Any) -> Any:
        if not isinstance(apps, Mapping):
            raise ValueError("apps is a table of tables: [apps.blood_cells]")
        try:
            return {app_key(check_app_name(name)): value for name, value in apps.items()}
        except MillpondError as error:
            raise ValueError(str(error)) from error

    @field_validator("feeds", mode="before")
    @classmethod
    def _feeds_are_named_as_views_are(cls, feeds: Any) -> Any:
        if not isinstance(feeds, Mapping):
            raise ValueError("feeds is a table of tables: [feeds.customers]")
        for name in feeds:
            if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) is None or len(name) > 64:
                raise ValueError(f"feed {name!r} is not lower-case words joined by _")
        return feeds

    @model_validator(mode="after")
    def _alerts_are_of_applications_that_there_are(self) -> Self:
        for name, alert in self.alerts.items():
            if alert.app is not None and app_key(alert.app) not in self.apps:
                known = ", ".join(self.app_names) or "none"
                raise ValueError(f"alerts.{name}.app {alert.app!r} is not one of {known}")
        return self

    @model_validator(mode="after")
    def _sources_have_feeds(self) -> Self:
        for name, source in self.sources.items():
            if source.feed not in self.feeds:
                raise ValueError(
                    f"sources.{name} is for feed {source.feed!r}, which is not declared; "
                    f"feeds are {', '.join(sorted(self.feeds)) or 'none: add [feeds.NAME]'}"
                )
            feed = self.feeds[source.feed]
            if feed.complete or feed.from_path:
                raise ValueError(
                    f"feed {source.feed!r} of sources.{name} has complete or from_path, "
                    "which are of files; messages of a topic are neither all nor named"
                )
        return self

    def feed(self, name: str) -> FeedSection:
        """The declaration of a feed.

        Raises:
            NotFound: the project has none of that name; the message lists those it has.
        """
        try:
            return self.feeds[name]
        except KeyError:
            raise NotFound(
                f"no feed {name!r}; this project has "
                + (", ".join(sorted(self.feeds)) or "none: add [feeds.NAME] to millpond.toml")
            ) from None

    def app(self, name: str) -> AppSection:
        """The declaration of an application, by either form of its name.

        Raises:
            NotFound: the project has none of that name; the message lists those it has.
        """
        try:
            return self.apps[app_key(name)]
        except KeyError:
            raise NotFound(
                f"no application {app_route(name)!r}; this project has "
                + (", ".join(self.app_names) or "none: add [apps.NAME] to millpond.toml")
            ) from None

    @property
    def app_names(self) -> list[str]:
        """Names of the applications as output shows them, sorted."""
        return sorted(app_route(name) for name in self.apps)


@dataclass(frozen=True)
class AppTemplate:
    """An application that ``demo`` and ``init`` know by name: its declaration and a generator.

    Installed ones are found under the entry-point group ``millpond.apps``.

    Args:
        name: as output shows it, such as ``chest-xray``.
        section: what ``[apps.NAME]`` would say, as a mapping.
        generate: writes a labelled data set into a folder, given the number of
            images and a seed, in a form that ``ingest`` reads.
    """

    name: str
    section: Mapping[str, Any] = field(default_factory=dict)
    generate: Callable[[Path, int, int], None] | None = None


def read_settings(folder: Path, *, older: bool = False) -> Settings:
    """The settings of the project in a folder.

    Args:
        older: also of a project whose format is older, to upgrade it.

    Raises:
        ProjectError: there is no ``millpond.toml``, it is not TOML, or is of another format.
        UsageError: a setting does not fit; the message names it and what would.
    """
    path = folder / FILE
    values = _read_toml(path)
    number = values.get("project", {}).get("format", FORMAT)
    if isinstance(number, int) and (number > FORMAT or not older):
        check_format(number, str(path))
    try:
        return Settings(**values)
    except ValidationError as error:
        raise UsageError(f"{path}: {_first_problem(error)}") from error


def check_format(number: int, of: str) -> None:
    """Refuse a format that is not the one that this release works with.

    Raises:
        ProjectError: the message says what to do.
    """
    if number > FORMAT:
        raise ProjectError(
            f"{of} is of project format {number}, but this release reads up to {FORMAT}; "
            "install a newer millpond"
        )
    if number < FORMAT:
        raise ProjectError(
            f"{of} is of project format {number}, but this release works with {FORMAT}; "
            "run: millpond migrate"
        )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(
            f"{path.parent} is no Millpond project (no {FILE}); make one with: millpond init DIR"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is not valid TOML: {error}") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']} (found {problem.get('input')!r})"


def find_project(start: Path) -> Path:
    """The nearest folder, from `start` upwards, that holds a ``millpond.toml``.

    Raises:
        ProjectError: there is none up to the root.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).is_file():
            return folder
    raise ProjectError(
        f"no {FILE} in {start.resolve()} or above it; "
        "make a project with `millpond init DIR` or name one with --project"
    )


@dataclass(frozen=True)
class Setting:
    """One effective setting: its dotted name, value, where that came from, and help."""

    name: str
    value: Any
    source: str
    help: str


def effective(folder: Path) -> Iterator[Setting]:
    """Every setting of a project with where its value came from."""
    settings = read_settings(folder)
    values = _read_toml(folder / FILE)
    for section_name in type(settings).model_fields:
        section = getattr(settings, section_name)
        for key, table in _tables(section):
            path = (section_name,) if key is None else (section_name, key)
            yield from _settings_of(table, path, values)


def _settings_of(
    table: Section, path: tuple[str, ...], values: Mapping[str, Any]
) -> Iterator[Setting]:
    """The settings of a table, those of the tables within it among them."""
    for name, info in type(table).model_fields.items():
        full, value = (*path, name), getattr(table, name)
        if isinstance(value, Section):
            yield from _settings_of(value, full, values)
            continue
        source = _source_of(full, values)
        yield Setting(".".join(full), without_secrets(value), source, info.description or "")


def _tables(section: Any) -> Iterator[tuple[str | None, Section]]:
    """The tables of a section with their names, which is None where it is one table itself."""
    named = section if isinstance(section, dict) else dict(section)
    if isinstance(section, dict) or all(isinstance(table, Section) for table in named.values()):
        yield from named.items()
    else:
        yield None, section


def _source_of(path: tuple[str, ...], values: Mapping[str, Any]) -> str:
    variable = "MILLPOND_" + "__".join(path).upper()
    if any(name.upper() == variable for name in os.environ):
        return variable
    found: Any = values
    for part in path:
        if not isinstance(found, Mapping):
            return "default"
        found = found.get(part, found.get(app_route(part)))
    return "default" if found is None else FILE
