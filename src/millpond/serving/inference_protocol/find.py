"""Who asks which model: a name means an application, or the tensors of what serves it."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.access.principal import Principal
from millpond.errors import NotFound
from millpond.serving.services import Services
from millpond.values import app_route

#: What follows the name of an application where its graph is meant.
TENSORS = "tensors"


@dataclass(frozen=True, slots=True)
class Found:
    """A model that was found.

    Args:
        name: as it is answered.
        app: the application, in its route form.
        version: that answers: the one asked for, or the champion.
        champion: whether it answers because it is the champion.
        tensors: whether its graph is meant.
    """

    name: str
    app: str
    version: str
    champion: bool
    tensors: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and how long they wait.

    Args:
        by: their name, as facts keep it.
        key: requests with the same key are one request.
        arrived: when, by `time.monotonic`.
        deadline: after which nobody waits for the answer, by the same clock.
    """

    by: str
    key: str | None
    arrived: float
    deadline: float


def named(services: Services, caller: Principal, model: str) -> str:
    """The application of a model's name; no database is asked.

    Raises:
        NotAllowed: the caller may not act on the application.
        NotFound: there is no such application, or no such model of it.
    """
    app, dot, kind = model.partition(".")
    app = app_route(app)
    caller.check_app(app)
    services.settings.app(app)
    if dot and kind != TENSORS:
        raise NotFound(f"no model {model!r}; {app} takes pictures, and {app}.{TENSORS} tensors")
    return app


def find(services: Services, caller: Principal, model: str, version: str | None) -> Found:
    """The model of a name.

    Args:
        version: that is asked for; None is the champion.

    Raises:
        NotAllowed, NotFound: as of `named`; or there is no such version, or no champion.
    """
    app = named(services, caller, model)
    tensors = "." in model
    name = f"{app}.{TENSORS}" if tensors else app
    if version is None:
        champion = services.registry.champion_lately(app)
        if champion is None:
            raise NotFound(f"app {app} has no champion; train a model and promote it")
        return Found(name, app, champion, champion=True, tensors=tensors)
    if not version.isprintable() or services.registry.show(version).app != app:
        raise NotFound(f"model {version!r} is not one of app {app}")
    return Found(name, app, version, champion=False, tensors=tensors)
