"""Who is calling, once that is proven."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.access.roles import action_of, check_allowed
from millpond.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone, or something, that acts.

    Args:
        name: as facts and the audit log keep it: ``user:alice``, ``token:ci``, ``os:bob``.
        role: what it may do.
        app: the only application that it may act on; None means all.
    """

    name: str
    role: str
    app: str | None = None

    @property
    def sees_own_only(self) -> bool:
        """Whether it sees the inferences of its own and no others."""
        return self.role == "user"

    @property
    def sees_identities(self) -> bool:
        """Whether it sees what may say who a person is."""
        return self.role in ("officer", "admin")

    def check(self, action: str) -> None:
        """Refuse an action that its role or its restriction does not cover.

        Raises:
            NotAllowed: the message says what would be needed.
        """
        check_allowed(self.role, action)
        if self.app is not None and not action_of(action).one_app:
            raise NotAllowed(
                f"{self.name} is restricted to app {self.app} and may not {action}; "
                "use a token without --app"
            )

    def may_act_on(self, app: str) -> bool:
        """Whether an application is not beyond its restriction."""
        return self.app in (None, app)

    def check_app(self, app: str) -> None:
        """Refuse another application than the one that it is restricted to.

        Raises:
            NotAllowed: the message names the one that it may act on.
        """
        if not self.may_act_on(app):
            raise NotAllowed(f"{self.name} is restricted to app {self.app}")
