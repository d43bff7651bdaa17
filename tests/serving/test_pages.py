"""What anyone may have: probes, the reference, the pages; and what every answer carries."""

from __future__ import annotations

import html.parser
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from millpond.serving.pages import Pages
from millpond.settings import Settings
from serving.helpers import Served, running, serving

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def anyone(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> httpx.Client:
    with (
        serving(tmp_path_factory.mktemp("project"), settings) as served,
        httpx.Client(base_url=served.url, timeout=30) as client,
    ):
        yield client


def test_probes_are_open(anyone: httpx.Client) -> None:
    assert anyone.get("/v2/health/live").json() == {"live": True}
    assert anyone.get("/v2/health/ready").json() == {"ready": True}
    assert anyone.get("/v2").json()["name"] == "millpond"


@pytest.mark.parametrize("path", ["/", "/v2", "/docs", "/api/v1/apps", "/nothing", "/openapi.json"])
def test_every_answer_closes_the_doors(anyone: httpx.Client, path: str) -> None:
    headers = anyone.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers["x-request-id"]) == 36
    assert "server" not in headers


def test_the_openapi_document_lists_every_route(anyone: httpx.Client) -> None:
    document = anyone.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in ("/api/v1/login", "/api/v1/apps/{app}/predict", "/api/v1/query", "/v2/models"):
        assert path in document["paths"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            if operation["security"]:
                assert "401" in operation["responses"], path
    predict = document["paths"]["/api/v1/apps/{app}/predict"]["post"]["responses"]
    assert {"400", "404", "409", "413", "415", "422", "503", "507"} <= set(predict)
    assert "application/problem+json" in predict["413"]["content"]


def test_the_reference_needs_nothing_from_elsewhere(anyone: httpx.Client) -> None:
    page = anyone.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in anyone.get("/openapi.json").json()["paths"]:
        assert path in page.text

    class Sources(html.parser.HTMLParser):
        found: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "style", "iframe", "img")
            for name, value in attributes:
                assert not name.startswith("on")
                assert name != "style"
                if name in ("src", "href"):
                    self.found.append(str(value))

    reader = Sources()
    reader.feed(page.text)
    assert all(source.startswith(("/", "#")) for source in reader.found)
    assert anyone.get("/docs/style.css").headers["content-type"].startswith("text/css")


@contextmanager
def pages(folder: Path) -> Iterator[httpx.Client]:
    app = Starlette()
    app.router.default = Pages(folder)
    with running(app) as url, httpx.Client(base_url=url) as client:
        yield client


def test_without_built_pages_it_says_how_to_build_them(tmp_path: Path) -> None:
    with pages(tmp_path / "nothing") as client:
        answer = client.get("/", headers=HTML)
    assert answer.status_code == 200
    assert "make install" in answer.text


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("built") / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the page</title>")
    (folder / "assets" / "index-4f3a.js").write_text("1")
    (folder / "assets" / "index-4f3a.css").write_text("a{}")
    (folder.parent / "secret.txt").write_text("secret")
    with pages(folder) as client:
        yield client


def test_built_pages_are_served(built: httpx.Client) -> None:
    script = built.get("/assets/index-4f3a.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert built.head("/assets/index-4f3a.css").status_code == 200
    for path in ("/", "/sign-in", "/predict/blood-cells", "/predict/blood-cells/0190"):
        page = built.get(path, headers=HTML)
        assert "the page" in page.text
        assert page.headers["cache-control"] == "no-cache"


def test_text_is_sent_compressed_to_whoever_takes_it(built: httpx.Client) -> None:
    packed = built.get("/assets/index-4f3a.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    plain = built.get("/assets/index-4f3a.css", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "a{}"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/v2/nothing", "/metrics", "/assets/old.js", "/api"]
)
def test_what_is_no_page_is_not_found(built: httpx.Client, path: str) -> None:
    assert built.get(path, headers=HTML).status_code == 404
    assert built.post(path).status_code == 404


IMAGE = "0190b1a2-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("page", "call"),
    [
        ("/home.json", "/api/v1/layers"),
        ("/home.csv", "/api/v1/layers?format=csv"),
        ("/images/cells.json?label=a&label=b%26c", "/api/v1/apps/cells/images?label=a&label=b%26c"),
        ("/images/cells.csv?sort=oldest", "/api/v1/apps/cells/images?sort=oldest&format=csv"),
        (f"/images/cells/{IMAGE}.json", f"/api/v1/apps/cells/images/{IMAGE}"),
        ("/review/cells.json?strategy=random", "/api/v1/apps/cells/queue?strategy=random"),
        ("/predict/cells.csv", "/api/v1/apps/cells/inferences?format=csv"),
        (f"/predict/cells/{IMAGE}.json", f"/api/v1/inferences/{IMAGE}"),
    ],
)
def test_the_data_of_a_page_are_one_redirect_away(
    built: httpx.Client, page: str, call: str
) -> None:
    for headers in (HTML, {}):
        answer = built.get(page, headers=headers)
        assert answer.status_code == 307
        assert answer.headers["location"] == call


@pytest.mark.parametrize(
    "page", ["/nowhere.json", "/images/cells.xml", f"/predict/cells/{IMAGE}.csv", "/images//x.json"]
)
def test_no_other_address_leads_anywhere(built: httpx.Client, page: str) -> None:
    assert built.get(page).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt"]
)
def test_no_address_leads_out_of_the_folder(built: httpx.Client, path: str) -> None:
    host, port = str(built.base_url).removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\nAccept: */*\r\n\r\n".encode())
        assert b" 404 " in raw.recv(4096).splitlines()[0]


def test_an_unforeseen_error_is_a_problem_without_its_trace(served: Served) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    client = served.client("admin")
    object.__setattr__(served.services.access, "list_users", fail)
    answer = client.get("/api/v1/users")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
