"""The routes of the people who may sign in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millpond.access.users import User
from millpond.serving.routes import Backends, Caller, Routes
from millpond.values import iso

routes = Routes("Users")


class UserBody(BaseModel):
    """A user to add."""

    model_config = ConfigDict(extra="forbid")

    user: str = Field(description="Name to sign in with.")
    role: str = Field(description="user, reviewer, scientist, engineer, officer or admin.")
    password: str | None = Field(None, description="A random one is made where none is given.")


class NewUserAnswer(TypedDict):
    """A user who was added, with the password that is shown this once."""

    user: str
    role: str
    password: str


class UserAnswer(TypedDict):
    """A user; `disabled_at` is null for one who may sign in."""

    user: str
    role: str
    created_at: str
    disabled_at: str | None


class UsersAnswer(TypedDict):
    """Every user, by name."""

    users: list[UserAnswer]


@routes.get("/api/v1/users", "users.manage")
def list_users(caller: Caller, services: Backends) -> UsersAnswer:
    """The users, disabled ones included."""
    return {"users": [_answer(user) for user in services.access.list_users()]}


@routes.post("/api/v1/users", "users.manage", status_code=201, errors=(409,))
def add_user(body: UserBody, caller: Caller, services: Backends) -> NewUserAnswer:
    """Add a user."""
    access = services.access
    password = access.add_user(body.user, body.role, body.password, by=caller.name)
    return {"user": body.user, "role": body.role, "password": password}


@routes.post("/api/v1/users/{user}/disable", "users.manage", errors=(409,))
def disable_user(
    user: Annotated[str, Path(description="Name of a user.")], caller: Caller, services: Backends
) -> UserAnswer:
    """Let a user in no more, and end all of their sessions."""
    services.access.disable_user(user, by=caller.name)
    return _answer(next(known for known in services.access.list_users() if known.name == user))


def _answer(user: User) -> UserAnswer:
    return {
        "user": user.name,
        "role": user.role,
        "created_at": iso(user.created_at),
        "disabled_at": None if user.disabled_at is None else iso(user.disabled_at),
    }
