"""Access in one place: people, tokens, sessions and the record of what they did."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, func, select

from millpond.access import tables
from millpond.access.audit import Outcome, write_audit
from millpond.access.passwords import hash_password, is_password, new_password
from millpond.access.principal import Principal
from millpond.access.secret import fingerprint
from millpond.access.sessions import Session, end_session, insert_session, principal_of_session
from millpond.access.throttle import Throttle
from millpond.access.tokens import Token, all_tokens, insert_token, principal_of_token, revoke
from millpond.access.users import User, all_users, disable, insert_user, password_hash_of
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.lately import Lately
from millpond.errors import NotSignedIn
from millpond.settings import ServerSection

#: The name of the admin who is made at the first start.
FIRST_ADMIN = "admin"


class Access:
    """Who may come in, and what they did.

    Args:
        engine: of the operational database, for reading.
        commit: for writing.
        server: how long sessions last, and how often signing in may fail.
    """

    def __init__(
        self, engine: Engine, commit: GroupCommit, server: ServerSection | None = None
    ) -> None:
        server = server or ServerSection()
        self._engine = engine
        self._commit = commit
        self._session_seconds = round(server.session_hours * 3600)
        self._throttle = Throttle(server.sign_in_attempts)
        #: By the fingerprint of a token or a session.
        self._lately: Lately[tuple[str, str], Principal] = Lately()

    def first_admin(self, by: str = "os:millpond") -> str | None:
        """Make the first admin of a project that has no users.

        Returns:
            The one-time password to show; None where there are users already.
        """
        with reading(self._engine) as connection:
            if connection.scalar(select(func.count()).select_from(tables.users)):
                return None
        return self.add_user(FIRST_ADMIN, "admin", by=by)

    def add_user(self, name: str, role: str, password: str | None = None, *, by: str) -> str:
        """Add a user.

        Args:
            password: a random one is made where none is given.
            by: who adds them.

        Returns:
            The password.

        Raises:
            Invalid: name, role or password does not fit.
            Conflict: the name is taken.
        """
        password = new_password() if password is None else password
        hashed = hash_password(password)

        def work(transaction: Transaction) -> None:
            insert_user(transaction, name, role, hashed)
            write_audit(transaction, by, "users.manage", f"add user {name} as {role}")

        self._commit.run(work)
        return password

    def list_users(self) -> list[User]:
        """Every user, by name."""
        with reading(self._engine) as connection:
            return all_users(connection)

    def disable_user(self, name: str, *, by: str) -> None:
        """Let a user in no more, and end all of their sessions.

        Raises:
            NotFound: there is none of that name.
            Conflict: it is the only admin.
        """

        def work(transaction: Transaction) -> None:
            disable(transaction, name)
            write_audit(transaction, by, "users.manage", f"disable user {name}")

        self._commit.run(work)
        self._lately.forget()

    def create_token(
        self,
        name: str,
        role: str,
        *,
        app: str | None = None,
        expires_at: int | None = None,
        by: str,
    ) -> str:
        """Make a token.

        Args:
            app: the only application that it is good for, in its route form.
            expires_at: its end, in microseconds since 1970.

        Returns:
            The token, which cannot be had again.

        Raises:
            Invalid: the name or the role does not fit, or the end has passed.
        """

        def work(transaction: Transaction) -> str:
            token = insert_token(transaction, name, role, app=app, expires_at=expires_at, by=by)
            what = f"create token {name} as {role}" + (f" for app {app}" if app else "")
            write_audit(transaction, by, "tokens.manage", what)
            return token

        return self._commit.run(work)

    def list_tokens(self) -> list[Token]:
        """Every token, oldest first, ended ones included."""
        with reading(self._engine) as connection:
            return all_tokens(connection)

    def revoke_token(self, which: str, *, by: str) -> int:
        """End a token by its id, or all of a name; the number that ended.

        Raises:
            NotFound: no token of that id or name is in use.
        """

        def work(transaction: Transaction) -> int:
            ended = revoke(transaction, which)
            write_audit(transaction, by, "tokens.manage", f"revoke token {which}")
            return ended

        ended = self._commit.run(work)
        self._lately.forget()
        return ended

    def sign_in(self, user: str, password: str, address: str) -> Session:
        """Begin a session.

        Args:
            address: where the attempt comes from, for the throttle.

        Raises:
            NotSignedIn: the user or the password is wrong; it does not say which.
            Throttled: the user has failed too often from there.
        """
        self._throttle.begin(user, address)
        with reading(self._engine) as connection:
            kept = password_hash_of(connection, user)
        if not is_password(password, kept):
            # A name that is not known may be a password typed into the wrong field.
            whom = f"user:{user}" if kept else "a user that does not exist"
            self.note("anyone", "session.start", whom, "refused")
            raise NotSignedIn("the user or the password is wrong")
        session = self._commit.run(lambda transaction: self._begin_session(transaction, user))
        self._throttle.succeed(user, address)
        return session

    def _begin_session(self, transaction: Transaction, user: str) -> Session:
        table = tables.users
        role = transaction.connection.scalar(
            select(table.c.role).where(table.c.name == user, table.c.disabled_at.is_(None))
        )
        if role is None:
            raise NotSignedIn("the user or the password is wrong")
        write_audit(transaction, f"user:{user}", "session.start", f"user:{user}")
        return insert_session(transaction, user, role, self._session_seconds)

    def sign_out(self, secret: str, *, by: str) -> None:
        """End a session."""

        def work(transaction: Transaction) -> None:
            end_session(transaction, secret)
            write_audit(transaction, by, "session.end", by)

        self._commit.run(work)
        self._lately.forget()

    def principal_lately(
        self, *, token: str | None = None, session: str | None = None
    ) -> Principal | None:
        """Whom credentials stood for a moment ago; None where that has to be read again."""
        return self._lately.get(_which(token, session))

    def principal_of(
        self, *, token: str | None = None, session: str | None = None
    ) -> Principal | None:
        """Whom credentials stand for; None where they are unknown or no longer good.

        A token goes before a session. What another process changes shows `lately.SECONDS`
        later at most, what this one changes at once.
        """
        return self._lately.read(_which(token, session), lambda: self._principal(token, session))

    def _principal(self, token: str | None, session: str | None) -> Principal | None:
        now = machine_now()
        with reading(self._engine) as connection:
            if token is not None:
                return principal_of_token(connection, token, now)
            if session is not None:
                return principal_of_session(connection, session, now)
        return None

    def note(self, who: str, action: str, what: str, outcome: Outcome = "done") -> None:
        """Add a line to the audit log, on disk when it returns."""
        self._commit.run(lambda transaction: write_audit(transaction, who, action, what, outcome))

    def note_all(self, who: str, action: str, whats: Sequence[str]) -> None:
        """Add a line for each, on disk together when it returns."""

        def work(transaction: Transaction) -> None:
            for what in whats:
                write_audit(transaction, who, action, what)

        self._commit.run(work)


def _which(token: str | None, session: str | None) -> tuple[str, str]:
    """Which credentials they are, without what they are."""
    if token is not None:
        return "token", fingerprint(token)
    return "session", fingerprint(session or "")
