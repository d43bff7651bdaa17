"""A project with something to see in it from its first minute: ``millpond up --demo``.

Everything in it is real: drawn images, a model that has learned from some of them in
seconds rather than well, its answers to others, and a review of a part of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from millpond.access.users import all_users
from millpond.capture.tables import objects
from millpond.database.connection import reading
from millpond.demo import workspace
from millpond.demo.data import Image, read_data
from millpond.demo.declaration import template_of, write_project
from millpond.demo.outcome import Outcome
from millpond.demo.reviewer import review
from millpond.demo.roles import assign, value_of
from millpond.demo.traffic import Answered, truth_of
from millpond.demo.work import Work
from millpond.errors import Conflict, NotInstalled
from millpond.project import Project
from millpond.settings import FILE, AppSection

#: The folder that is made where none is named.
FOLDER = Path("millpond-demo")
#: Images that are drawn: about 30 to learn from, half of the others with a review.
IMAGES = 60
#: Batches that the model learns from, and the pixels of an image as it sees them.
STEPS = 60
AREA = 160 * 160
#: The least that a finding has to be sure of: such a model is sure of little.
THRESHOLD = 0.3
#: Who may sign in besides admin, and what they are.
PEOPLE = {"reviewer": "reviewer", "visitor": "user"}

#: Told the stage, how much of it is done, and of how much (0 if unknown).
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, with their one-time password."""

    user: str
    role: str
    password: str


def prepare(folder: Path) -> None:
    """Make a project in a folder that is none yet."""
    if not (folder / FILE).is_file():
        template = template_of(workspace.DEFAULT_APP)
        assert template is not None
        section = {**template.section, "threshold": THRESHOLD}
        write_project(folder, folder.name, {template.name: section})


def is_empty(project: Project) -> bool:
    """Whether no image was ever captured."""
    with reading(project.engine) as connection:
        return connection.scalar(select(objects.c.object_id).limit(1)) is None


def furnish(project: Project, *, by: str, tell: Tell) -> None:
    """Fill a project that is empty.

    Raises:
        Conflict: it has no application that images can be drawn for.
    """
    app = _app_of(project)
    source = project.folder / workspace.OWN / "data"
    tell("drawing images", 0, 0)
    data = read_data(workspace.draw(app, source, IMAGES, 0))
    outcome = Outcome(app, data.task, project.folder, data.labels)
    roles = assign(data, project.section(app), 0)
    now = ""

    def advance(done: int, total: int) -> None:
        tell(now, done, total)

    work = Work(project, outcome, by=by, seed=0, steps=STEPS, advance=advance)
    now = "bringing them in"
    work.ingest(roles.start)
    work.freeze("first")
    now = "learning from them"
    try:
        _learn(project, app, by, advance)
    except NotInstalled:
        # Then nobody answers, and the reviewer finds everything.
        tell("there is no PyTorch, so there is no model: pip install 'millpond[train]'", 0, 0)
    now = "predicting others"
    arrived = [*roles.traffic, *roles.test]
    answered = _predict(project, app, arrived, advance)
    now = "reviewing half of these"
    _review(project, answered[: len(answered) // 2], advance)
    now = "loading the history"
    work.load()


def _app_of(project: Project) -> str:
    """The first application that images can be drawn for."""
    for app in project.settings.app_names:
        template = template_of(app)
        if template is not None and template.generate is not None:
            return app
    raise Conflict(
        f"{project.folder} has no application that images can be drawn for, such as "
        f"{workspace.DEFAULT_APP}; leave out --demo, or name a new folder with --project"
    )


def _learn(project: Project, app: str, by: str, advance: Callable[[int, int], None]) -> None:
    """A model that serves; small, so that nobody waits long for it."""
    from millpond.pipelines.train import train

    learned = train(
        project.registry,
        project.store,
        project.snapshots.get("first"),
        app,
        project.section(app),
        steps=STEPS,
        area=AREA,
        by=by,
        on_progress=lambda at: advance(at.step, at.steps),
    )
    project.promote(learned.version, app=app, by=by)


def _predict(
    project: Project, app: str, images: Sequence[Image], advance: Callable[[int, int], None]
) -> list[Answered]:
    declared: AppSection = project.section(app)
    answered = []
    for number, image in enumerate(images, start=1):
        subject = value_of(declared.subject_from, image)
        answer = project.predict(image.read(), app=app, subject=subject, by="user:visitor")
        answered.append(Answered(image, answer))
        advance(number, len(images))
    return answered


def _review(
    project: Project, answered: Sequence[Answered], advance: Callable[[int, int], None]
) -> None:
    for number, one in enumerate(answered, start=1):
        said = review(one.answer["predictions"], truth_of(one))
        inference_id = one.answer["inference_id"]
        project.annotate(said, inference_id=inference_id, by="user:reviewer")
        advance(number, len(answered))


def let_in(project: Project, by: str) -> list[Person]:
    """Add the people who are not there yet, and tell their passwords; to an example only."""
    if not (project.folder / workspace.OWN).is_dir():
        return []
    with reading(project.engine) as connection:
        known = {user.name for user in all_users(connection)}
    return [
        Person(name, role, project.access.add_user(name, role, by=by))
        for name, role in PEOPLE.items()
        if name not in known
    ]
