"""The routes of tokens, by which programs prove who they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millpond.access.tokens import Token
from millpond.database.clock import machine_now
from millpond.errors import Invalid
from millpond.serving.routes import Backends, Caller, Routes
from millpond.values import app_route, iso, parse_moment

routes = Routes("Tokens")


class TokenBody(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="What it is for; need not be unique.")
    role: str = Field(description="user, reviewer, scientist, engineer, officer or admin.")
    app: str | None = Field(None, description="The only application that it is good for.")
    expires: str | None = Field(None, description="Its end: a date, or ISO 8601.")


class NewTokenAnswer(TypedDict):
    """A token, shown this once and kept as a hash only."""

    token: str


class TokenAnswer(TypedDict):
    """What is known of a token."""

    token_id: str
    name: str
    role: str
    app: str | None
    created_by: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class TokensAnswer(TypedDict):
    """Every token, oldest first."""

    tokens: list[TokenAnswer]


class RevokedAnswer(TypedDict):
    """How many tokens ended."""

    revoked: int


@routes.get("/api/v1/tokens", "tokens.manage")
def list_tokens(caller: Caller, services: Backends) -> TokensAnswer:
    """The tokens, ended ones included."""
    return {"tokens": [_answer(token) for token in services.access.list_tokens()]}


@routes.post("/api/v1/tokens", "tokens.manage", status_code=201)
def create_token(body: TokenBody, caller: Caller, services: Backends) -> NewTokenAnswer:
    """Make a token."""
    if body.app is not None:
        services.settings.app(body.app)
    token = services.access.create_token(
        body.name,
        body.role,
        app=None if body.app is None else app_route(body.app),
        expires_at=None if body.expires is None else _end(body.expires),
        by=caller.name,
    )
    return {"token": token}


@routes.post("/api/v1/tokens/{token}/revoke", "tokens.manage")
def revoke_token(
    token: Annotated[str, Path(description="Id of a token, or a name that some bear.")],
    caller: Caller,
    services: Backends,
) -> RevokedAnswer:
    """End a token, or all of a name."""
    return {"revoked": services.access.revoke_token(token, by=caller.name)}


def _end(text: str) -> int:
    end = parse_moment(text, now=machine_now())
    if end is None:
        raise Invalid(f"expires {text!r} is neither a date nor ISO 8601, such as 2030-12-31")
    return end


def _answer(token: Token) -> TokenAnswer:
    return {
        "token_id": token.token_id,
        "name": token.name,
        "role": token.role,
        "app": token.app,
        "created_by": token.created_by,
        "created_at": iso(token.created_at),
        "expires_at": None if token.expires_at is None else iso(token.expires_at),
        "revoked_at": None if token.revoked_at is None else iso(token.revoked_at),
    }
