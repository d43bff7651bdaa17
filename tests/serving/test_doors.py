"""Who gets in: 401 before anything is looked at, then roles, then applications."""

from __future__ import annotations

import socket

import httpx
import pytest
from fastapi.routing import APIRoute

from millpond.access.roles import ACTIONS, ROLES, action_of
from millpond.serving.app import create_app
from millpond.serving.routes import GuardedRoute
from millpond.settings import Settings
from serving.helpers import Served, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"
OPEN = {
    "/api/v1/login",
    "/v2",
    "/v2/",
    "/v2/health/live",
    "/v2/health/ready",
    "/openapi.json",
    "/docs",
    "/docs/style.css",
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Served:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


def routes_of(served: Served) -> list[GuardedRoute]:
    routes = create_app(served.services).routes
    assert all(isinstance(route, GuardedRoute) for route in routes)
    return [route for route in routes if isinstance(route, GuardedRoute)]


def address(route: APIRoute) -> str:
    parts = {"app": "blood-cells", "model": "blood-cells", "format": "coco"}
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", parts.get(name, "0190b1a2-0000-7000-8000-000000000000"))
    return path


def test_every_route_declares_an_action_that_is_in_the_table(cells: Served) -> None:
    used = {route.action for route in routes_of(cells)}
    assert used <= set(ACTIONS)
    assert set(ACTIONS) == used, "an action that no route names is dead"


def test_only_what_the_contract_opens_is_open(cells: Served) -> None:
    open_ = {route.path for route in routes_of(cells) if action_of(route.action).anyone}
    assert open_ == OPEN


def test_an_action_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(LookupError, match="nonsense"):
        GuardedRoute("/x", lambda: None, openapi_extra={"x-action": "nonsense"})
    with pytest.raises(KeyError):
        GuardedRoute("/x", lambda: None)


def test_without_credentials_every_other_route_is_401(cells: Served) -> None:
    with httpx.Client(base_url=cells.url) as anyone:
        for route in routes_of(cells):
            if route.path in OPEN:
                continue
            for method in route.methods:
                answer = anyone.request(method, address(route), content=b"{" * 100)
                assert answer.status_code == 401, f"{method} {route.path}"
                said = answer.json()
                protocol = route.path.startswith("/v2")
                assert "sign in" in said["error" if protocol else "detail"]
                assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("GET", "/metrics"),
        ("GET", "/v2/models"),
        ("GET", "/v2/nothing"),
        ("DELETE", "/api/v1/apps"),
        ("PUT", "/anything"),
        ("GET", "/secret.txt"),
        ("GET", "/api/v1/objects/../../millpond.toml"),
        ("POST", "/api/v1/apps/moons/predict"),
        ("OPTIONS", "/api/v1/apps"),
    ],
)
def test_without_credentials_the_unknown_is_401_too(cells: Served, method: str, path: str) -> None:
    with httpx.Client(base_url=cells.url) as anyone:
        for accept in ("*/*", "application/json"):
            answer = anyone.request(method, path, headers={"Accept": accept})
            assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer mp_guess"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Cookie": "millpond_session=guess"},
        {"Cookie": "millpond_session="},
    ],
)
def test_credentials_that_are_no_good_are_401(cells: Served, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{cells.url}/api/v1/apps", headers=headers)
    assert answer.status_code == 401


def test_a_body_is_not_waited_for_before_the_credentials(cells: Served) -> None:
    host, port = cells.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n".encode())
        assert raw.recv(1024).startswith(b"HTTP/1.1 401")


def test_each_role_may_do_what_the_table_says(cells: Served) -> None:
    clients = {role: cells.client(role) for role in ROLES}
    for route in routes_of(cells):
        if route.path in OPEN or route.path == "/api/v1/logout":
            continue
        (method,) = route.methods
        for role, client in clients.items():
            answer = client.request(method, address(route))
            may = role == "admin" or role in action_of(route.action).roles
            assert (answer.status_code != 403) is may, f"{role}: {method} {route.path}"
            assert answer.status_code != 401


def test_a_restricted_token_stays_in_its_application(cells: Served) -> None:
    cell = cells.client("user").post(PREDICT, content=picture()).json()
    client = cells.client("admin", app="fruits")
    inside = client.post("/api/v1/apps/fruits/predict", content=picture())
    assert inside.status_code == 200
    for path in ("/api/v1/apps/blood-cells/inferences", "/api/v1/apps/blood_cells/inferences"):
        assert client.get(path).status_code == 403
    assert client.post(PREDICT, content=picture()).status_code == 403
    assert client.get(f"/api/v1/inferences/{cell['inference_id']}").status_code == 403
    assert client.get(f"/api/v1/objects/{cell['object_id']}").status_code == 403
    assert client.get(f"/api/v1/objects/{cell['object_id']}/thumbnail").status_code == 403
    done = [{"action": "complete"}]
    for path in (f"inferences/{cell['inference_id']}", f"objects/{cell['object_id']}"):
        assert client.post(f"/api/v1/{path}/annotations", json=done).status_code == 403
    assert client.get("/v2/models/blood-cells/ready").status_code == 403
    assert client.get("/api/v1/users").status_code == 403
    assert [app["app"] for app in client.get("/api/v1/apps").json()["apps"]] == ["fruits"]


def test_a_user_sees_their_own_only(cells: Served) -> None:
    ann, bob = cells.client("user", name="ann"), cells.client("user", name="bob")
    mine = ann.post(PREDICT, content=picture(11)).json()
    for path in (
        f"/api/v1/inferences/{mine['inference_id']}",
        f"/api/v1/objects/{mine['object_id']}",
        f"/api/v1/objects/{mine['object_id']}/thumbnail",
    ):
        assert ann.get(path).status_code == 200
        assert bob.get(path).status_code == 404
        assert cells.client("reviewer").get(path).status_code == 200
    listed = "/api/v1/apps/blood-cells/inferences"
    assert [row["inference_id"] for row in ann.get(listed).json()["inferences"]] == [
        mine["inference_id"]
    ]
    assert bob.get(listed).json() == {"inferences": [], "next": None}


def test_looks_and_changes_are_in_the_audit_log(cells: Served) -> None:
    reviewer = cells.client("reviewer", name="rita")
    cell = cells.client("user").post(PREDICT, content=picture(12)).json()
    reviewer.get(f"/api/v1/objects/{cell['object_id']}")
    reviewer.get(f"/api/v1/objects/{cell['object_id']}/thumbnail")
    done = [{"action": "complete"}]
    reviewer.post(f"/api/v1/inferences/{cell['inference_id']}/annotations", json=done)
    rows = cells.rows(
        "select action, what from audit where who = 'token:rita' order by recorded_at"
    )
    assert [row[0] for row in rows] == ["objects.read", "objects.read", "annotate"]
    assert all(cell["object_id"] in str(row[1]) for row in rows)
