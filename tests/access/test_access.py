"""Users, tokens, sessions and the audit log, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from backends import change, database_url
from millpond.access.access import FIRST_ADMIN, Access
from millpond.access.principal import Principal
from millpond.access.throttle import Throttle, TooManyAttempts
from millpond.database.clock import machine_now
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit
from millpond.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from millpond.settings import ServerSection

BY = "os:test"


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    commit = GroupCommit(engine)
    yield Access(engine, commit, ServerSection(session_hours=0.0005))
    commit.close()
    engine.dispose()


def test_the_first_admin_is_made_once(access: Access) -> None:
    password = access.first_admin()
    assert password is not None
    assert access.first_admin() is None
    session = access.sign_in(FIRST_ADMIN, password, "here")
    assert session.principal == Principal("user:admin", "admin")
    assert access.principal_of(session=session.secret) == session.principal


@pytest.mark.sqlite
def test_no_secret_is_in_the_files(access: Access, tmp_path: Path) -> None:
    password = access.add_user("ann", "user", by=BY)
    token = access.create_token("ci", "user", by=BY)
    session = access.sign_in("ann", password, "here").secret
    bytes_ = b"".join(path.read_bytes() for path in (tmp_path / "lake").iterdir())
    assert b"ann" in bytes_
    for secret in (password, token, session):
        assert secret.encode() not in bytes_


def test_a_session_ends_by_itself(access: Access) -> None:
    password = access.add_user("ann", "user", by=BY)
    session = access.sign_in("ann", password, "here")
    assert session.seconds == 2
    change(access._engine, f"update sessions set expires_at = {machine_now()}")
    assert access.principal_of(session=session.secret) is None


def test_a_token_ends_and_is_revoked(access: Access) -> None:
    access.create_token("ci", "user", by=BY)
    kept = access.create_token("ci", "engineer", app="fruits", by=BY)
    assert access.principal_of(token=kept) == Principal("token:ci", "engineer", "fruits")
    assert access.principal_of(token=kept + "x") is None
    assert access.principal_of() is None
    assert access.revoke_token("ci", by=BY) == 2
    assert access.principal_of(token=kept) is None
    with pytest.raises(NotFound, match="ci"):
        access.revoke_token("ci", by=BY)
    with pytest.raises(Invalid, match="ended already"):
        access.create_token("ci", "user", expires_at=1, by=BY)


@pytest.mark.parametrize("name", ["", "ann\n", "a b", "-x", "x" * 65, "ann:admin"])
def test_names_that_could_be_mistaken_are_refused(access: Access, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        access.add_user(name, "user", by=BY)
    with pytest.raises(Invalid, match="name"):
        access.create_token(name, "user", by=BY)


def test_users_that_do_not_fit_are_refused(access: Access) -> None:
    access.add_user("ann", "admin", by=BY)
    with pytest.raises(Conflict, match="ann"):
        access.add_user("ann", "user", by=BY)
    with pytest.raises(Invalid, match="reviewer"):
        access.add_user("bob", "king", by=BY)
    with pytest.raises(Invalid, match="10"):
        access.add_user("bob", "user", "short", by=BY)
    with pytest.raises(Conflict, match="only admin"):
        access.disable_user("ann", by=BY)
    assert [user.name for user in access.list_users()] == ["ann"]


def test_a_disabled_user_cannot_sign_in(access: Access) -> None:
    access.add_user("ann", "admin", by=BY)
    password = access.add_user("bob", "user", by=BY)
    session = access.sign_in("bob", password, "here")
    access.disable_user("bob", by=BY)
    assert access.principal_of(session=session.secret) is None
    with pytest.raises(NotSignedIn):
        access.sign_in("bob", password, "here")


def test_changes_are_audited_and_a_mistyped_name_is_not_kept(access: Access) -> None:
    password = access.add_user("ann", "admin", by=BY)
    access.sign_in("ann", password, "here")
    with pytest.raises(NotSignedIn):
        access.sign_in("my-secret-password", "ann", "here")
    with reading(access._engine) as connection:
        query = text("select who, action, what, outcome from audit order by recorded_at")
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [
        (BY, "users.manage", "add user ann as admin", "done"),
        ("user:ann", "session.start", "user:ann", "done"),
        ("anyone", "session.start", "a user that does not exist", "refused"),
    ]


def test_the_throttle_counts_pairs_of_user_and_address() -> None:
    throttle = Throttle(2)
    throttle.begin("ann", "here")
    throttle.begin("ann", "here")
    with pytest.raises(TooManyAttempts) as refusal:
        throttle.begin("ann", "here")
    assert 0 < refusal.value.retry_after <= 300
    throttle.begin("ann", "there")
    throttle.begin("bob", "here")
    throttle.succeed("ann", "here")
    throttle.begin("ann", "here")


def test_roles_cover_what_the_table_says() -> None:
    Principal("user:a", "admin").check("users.manage")
    Principal("user:a", "reviewer").check("annotate")
    with pytest.raises(NotAllowed, match="reviewer, admin may"):
        Principal("user:a", "user").check("annotate")
    with pytest.raises(NotAllowed, match="restricted to app fruits"):
        Principal("token:a", "admin", "fruits").check("query")
    with pytest.raises(LookupError, match="fly"):
        Principal("user:a", "admin").check("fly")
