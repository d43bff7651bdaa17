"""Signing in and out, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from millpond.settings import ServerSection, Settings
from serving.helpers import Served, picture

LOGIN = "/api/v1/login"


@pytest.fixture
def ann(served: Served) -> Iterator[httpx.Client]:
    """A browser in which the admin ann has signed in."""
    password = served.services.access.add_user("ann", "admin", by="os:test")
    with httpx.Client(base_url=served.url, timeout=30) as client:
        answer = client.post(LOGIN, json={"user": "ann", "password": password})
        assert answer.json() == {"user": "ann", "role": "admin", "app": None}
        yield client


def test_the_cookie_is_closed(served: Served) -> None:
    password = served.services.access.add_user("bob", "user", by="os:test")
    answer = httpx.post(served.url + LOGIN, json={"user": "bob", "password": password})
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/", "max-age=43200"}


def test_a_session_reads_and_changes(ann: httpx.Client) -> None:
    assert ann.get("/api/v1/session").json()["user"] == "ann"
    answer = ann.post("/api/v1/apps/fruits/predict", content=picture())
    assert answer.status_code == 200
    inference = ann.get(f"/api/v1/inferences/{answer.json()['inference_id']}").json()
    assert inference["requested_by"] == "user:ann"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused(
    served: Served, ann: httpx.Client, headers: dict[str, str]
) -> None:
    before = served.kept()
    answer = ann.post("/api/v1/apps/fruits/predict", content=picture(), headers=headers)
    assert answer.status_code == 403
    assert served.kept() == before
    assert ann.post("/api/v1/logout", headers=headers).status_code == 403
    assert ann.get("/api/v1/session").status_code == 200


def test_the_own_origin_is_taken(served: Served, ann: httpx.Client) -> None:
    headers = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    answer = ann.post("/api/v1/apps/fruits/predict", content=picture(), headers=headers)
    assert answer.status_code == 200


def test_another_site_cannot_sign_its_visitors_in(served: Served) -> None:
    password = served.services.access.add_user("eve", "user", by="os:test")
    body = {"user": "eve", "password": password}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert httpx.post(served.url + LOGIN, json=body, headers=elsewhere).status_code == 403


def test_signing_out_ends_the_session_at_the_server(served: Served, ann: httpx.Client) -> None:
    cookie = dict(ann.cookies)
    assert ann.post("/api/v1/logout").status_code == 204
    assert not dict(ann.cookies)
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookie.items())}
    assert httpx.get(f"{served.url}/api/v1/session", headers=header).status_code == 401


def test_a_disabled_user_is_out_at_once(served: Served, ann: httpx.Client) -> None:
    served.services.access.add_user("zoe", "admin", by="os:test")
    served.services.access.disable_user("ann", by="os:test")
    assert ann.get("/api/v1/session").status_code == 401


def test_wrong_passwords_and_unknown_users_look_the_same(served: Served) -> None:
    served.services.access.add_user("bob", "user", "correct horse battery", by="os:test")
    bodies = [
        {"user": "bob", "password": "wrong"},
        {"user": "nobody", "password": "wrong"},
        {"user": "bob", "password": ""},
    ]
    answers = [httpx.post(served.url + LOGIN, json=body) for body in bodies]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_a_password_is_never_said_back(served: Served) -> None:
    for body in ({"user": "bob", "password": ["hunter2"]}, {"user": 1, "password": "hunter2"}):
        answer = httpx.post(served.url + LOGIN, json=body)
        assert answer.status_code == 422
        assert "hunter2" not in answer.text
    assert "hunter2" not in str(served.rows("select * from refusals"))


def test_too_many_failures_are_throttled(make_server: Callable[[Settings], Served]) -> None:
    served = make_server(Settings(server=ServerSection(sign_in_attempts=3)))
    password = served.services.access.add_user("bob", "user", by="os:test")
    served.services.access.add_user("ann", "user", "correct horse battery", by="os:test")

    def sign_in(user: str, password: str) -> httpx.Response:
        return httpx.post(served.url + LOGIN, json={"user": user, "password": password})

    assert [sign_in("bob", "guess").status_code for _ in range(3)] == [401] * 3
    throttled = sign_in("bob", password)
    assert throttled.status_code == 429
    assert 0 < int(throttled.headers["Retry-After"]) <= 300
    assert served.rows("select status from refusals") == [(429,)]
    assert sign_in("ann", "correct horse battery").status_code == 200


def test_users_and_tokens_are_managed_over_http(served: Served) -> None:
    admin = served.client("admin")
    made = admin.post("/api/v1/users", json={"user": "rita", "role": "reviewer"})
    assert made.status_code == 201
    body = {"user": "rita", "password": made.json()["password"]}
    assert httpx.post(served.url + LOGIN, json=body).status_code == 200
    again = admin.post("/api/v1/users", json={"user": "rita", "role": "reviewer"})
    assert again.status_code == 409
    wrong = admin.post("/api/v1/users", json={"user": "x", "role": "king"})
    assert wrong.status_code == 422
    assert "reviewer" in wrong.json()["detail"]
    assert admin.post("/api/v1/users/rita/disable").json()["disabled_at"]
    assert httpx.post(served.url + LOGIN, json=body).status_code == 401
    assert admin.post("/api/v1/users/nobody/disable").status_code == 404

    token = admin.post("/api/v1/tokens", json={"name": "ci", "role": "user"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{served.url}/api/v1/session", headers=bearer).json()["user"] == "ci"
    known = [one for one in admin.get("/api/v1/tokens").json()["tokens"] if one["name"] == "ci"]
    assert token not in str(known)
    assert admin.post(f"/api/v1/tokens/{known[0]['token_id']}/revoke").json() == {"revoked": 1}
    assert httpx.get(f"{served.url}/api/v1/session", headers=bearer).status_code == 401
    past = {"name": "ci", "role": "user", "expires": "2001-01-01"}
    assert admin.post("/api/v1/tokens", json=past).status_code == 422
