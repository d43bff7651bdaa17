"""The one table of who may do what: every action with the roles that it is open to.

A route names its action, and an action that is not in this table is an error, so
nothing is open by omission. ``admin`` may do all that the others may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from millpond.errors import Invalid, NotAllowed

Role = Literal["user", "reviewer", "scientist", "engineer", "officer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Action:
    """Something that can be done.

    Args:
        roles: those who may do it, besides ``admin``.
        anyone: it needs no credentials at all.
        one_app: it is about one application at a time, so that a token that is
            restricted to an application may be used for it.
    """

    roles: frozenset[str] = frozenset()
    anyone: bool = False
    one_app: bool = False


def _for(*roles: Role, one_app: bool = False) -> Action:
    return Action(frozenset(roles), one_app=one_app)


_ANYONE = Action(anyone=True)
_SIGNED_IN = Action(frozenset(ROLES), one_app=True)

ACTIONS: dict[str, Action] = {
    # Probes, the documentation, the way in, and the way out.
    "health.read": _ANYONE,
    "documentation.read": _ANYONE,
    "session.start": _ANYONE,
    "session.read": _SIGNED_IN,
    "session.end": _SIGNED_IN,
    # What there is of each layer; of the whole project, so not for one application.
    "layers.read": Action(frozenset(ROLES)),
    # What events tell, for those who read them from the bus.
    "events.describe": _SIGNED_IN,
    # The application's users send images, and see what became of their own.
    "apps.read": _SIGNED_IN,
    "predict": _for("user", "reviewer", "scientist", "engineer", one_app=True),
    # Their own model server may answer as well, and tell of it.
    "inferences.record": _for("user", "reviewer", "scientist", "engineer", one_app=True),
    "serving.read": _for("user", "reviewer", "scientist", "engineer", one_app=True),
    "inferences.read": _for("user", "reviewer", "scientist", "engineer", one_app=True),
    "objects.read": _for("user", "reviewer", "scientist", "engineer", one_app=True),
    "tags.read": _for("user", "reviewer", "scientist", "engineer", "officer", one_app=True),
    # Only reviewers say what is true.
    "annotate": _for("reviewer", one_app=True),
    "queue.take": _for("reviewer", one_app=True),
    # What is next to review, and what is sent there.
    "queue.read": _for("reviewer", "scientist", "engineer", one_app=True),
    "queue.request": _for("reviewer", "scientist", "engineer", one_app=True),
    # Those who look for images.
    "images.read": _for("reviewer", "scientist", "engineer", one_app=True),
    "filters.write": _for("reviewer", "scientist", "engineer", one_app=True),
    # Those who make models and data sets.
    "export": _for("scientist", "engineer", one_app=True),
    "query": _for("scientist", "engineer"),
    "snapshots.read": _for("scientist", "engineer", one_app=True),
    "snapshots.create": _for("scientist", "engineer", one_app=True),
    "models.read": _for("reviewer", "scientist", "engineer", one_app=True),
    "models.promote": _for("scientist", one_app=True),
    "runs.read": _for("scientist", "engineer"),
    "runs.start": _for("scientist", "engineer"),
    "feeds.land": _for("engineer"),
    # What is measured while it runs, and what was raised by it.
    "metrics.read": _for("scientist", "engineer", one_app=True),
    # Those who run it.
    "users.manage": _for(),
    "tokens.manage": _for(),
}


def action_of(name: str) -> Action:
    """The action of that name.

    Raises:
        LookupError: the table has none; a programmer forgot to add it.
    """
    try:
        return ACTIONS[name]
    except KeyError:
        raise LookupError(f"action {name!r} is not in the table of access/roles.py") from None


def check_allowed(role: str, name: str) -> None:
    """Refuse an action that a role does not cover.

    Raises:
        NotAllowed: the message lists the roles that may.
    """
    roles = action_of(name).roles
    if role != "admin" and role not in roles:
        may = [known for known in ROLES if known in roles or known == "admin"]
        raise NotAllowed(f"role {role} may not {name}; {', '.join(may)} may")


def check_role(role: str) -> None:
    """Refuse a role that does not exist.

    Raises:
        Invalid: the message lists those that do.
    """
    if role not in ROLES:
        raise Invalid(f"role {role!r} is not one of {', '.join(ROLES)}")
