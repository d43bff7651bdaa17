"""Routes that look at credentials and role before body or id, and declare their action."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from millpond.access.principal import Principal
from millpond.access.roles import action_of
from millpond.errors import NotSignedIn
from millpond.serving.bodies import read_body, replay
from millpond.serving.credentials import SIGN_IN, authenticate, principal_of, services_of, work_of
from millpond.serving.services import Services, Work
from millpond.values import app_route


# Coroutines, for FastAPI would run a function in a thread, which takes longer than it does.
async def _caller(request: Request) -> Principal:
    return principal_of(request)


async def _backends(request: Request) -> Services:
    return services_of(request)


async def _work(request: Request) -> Work:
    return work_of(request)


#: Parameters of endpoints: who calls, the backends, and what goes across the layers.
Caller = Annotated[Principal, Depends(_caller)]
Backends = Annotated[Services, Depends(_backends)]
LayerWork = Annotated[Work, Depends(_work)]

_ACTION = "x-action"
_ERRORS = "x-errors"
_MOST_JSON = 4 * 1024 * 1024


#: A function that answers.
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class GuardedRoute(APIRoute):
    """A route with an action. Before anything else of a request is looked at:

    1.  who is calling (401),
    2.  whether their role covers the action, and their token the application (403),
    3.  how long the body is (413), unless the endpoint reads it by itself.
    """

    @property
    def action(self) -> str:
        """The name of the action; every route has one."""
        return str((self.openapi_extra or {})[_ACTION])

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        action_of(self.action)
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            await self._admit(request)
            if self.body_field is None:
                return await inner(request)
            body = await read_body(request, _MOST_JSON)
            return await inner(Request(request.scope, replay(body)))

        return handler

    async def _admit(self, request: Request) -> None:
        request.state.principal = None
        if action_of(self.action).anyone:
            return
        principal = await authenticate(request)
        if principal is None:
            raise NotSignedIn(SIGN_IN)
        principal.check(self.action)
        if "app" in request.path_params:
            principal.check_app(app_route(request.path_params["app"]))
        request.state.principal = principal


class Routes:
    """The routes of one part of the interface.

    Args:
        tag: the heading under which the documentation lists them.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self.all: list[GuardedRoute] = []

    def get(self, path: str, action: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers ``GET``; see `post`."""
        return self._declare("GET", path, action, **options)

    def post(self, path: str, action: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers ``POST``.

        Args:
            action: who may call it is told by the table of actions.
            options: those of `fastapi.routing.APIRoute`; and ``errors``, the
                statuses of its own that it may answer, for the documentation.
        """
        return self._declare("POST", path, action, **options)

    def _declare(
        self,
        method: str,
        path: str,
        action: str,
        *,
        errors: Sequence[int] = (),
        openapi_extra: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        extra = {**(openapi_extra or {}), _ACTION: action, _ERRORS: list(errors)}

        def declare(endpoint: Endpoint) -> Endpoint:
            self.all.append(
                GuardedRoute(
                    path,
                    endpoint,
                    methods=[method],
                    tags=[self._tag],
                    openapi_extra=extra,
                    **options,
                )
            )
            return endpoint

        return declare
