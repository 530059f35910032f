"""The way in: token, cookie, Host, Origin, WebSocket, headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes import NOW

from clearance.server.console import door
from clearance.server.console.door import MOST_BYTES, ConsoleError, Door, Receive, Scope, Send
from clearance.server.console.headers import SANDBOX
from clearance.server.console.sessions import LIFETIME, MOST, Sessions

HOME = "127.0.0.1:4599"
ORIGIN = f"http://{HOME}"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


class House:
    """A door with a page behind it that answers with what it was asked."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sessions = Sessions(self.clock)
        self.loads = 0
        self.during: Callable[[], object] = lambda: None
        self.door = Door(self.sessions, self._load)

    async def _load(self) -> Callable[..., Any]:
        self.loads += 1

        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                self.during()
                if (await receive())["type"] != "websocket.disconnect":
                    await send({"type": "websocket.accept"})
                return
            headers = [(b"cache-control", b"public"), (b"x-frame-options", b"ALLOWALL")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": repr(scope["headers"]).encode()})

        return page

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Answer:
        """One request; underscores in names of headers stand for hyphens."""
        named = {"host": HOME} | {k.replace("_", "-"): v for k, v in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in named.items()],
        }
        return Answer(asyncio.run(self.asked(scope, {"type": "http.request", "body": body})))

    def connect(self, event: str = "websocket.connect", /, **headers: str) -> bool:
        """True when a WebSocket gets through."""
        named = {"host": HOME} | headers
        scope = {
            "type": "websocket",
            "path": "/_clearance/_nicegui_ws/socket.io/",
            "headers": [(k.encode(), v.encode()) for k, v in named.items()],
        }
        sent = asyncio.run(self.asked(scope, {"type": event}))
        return [each["type"] for each in sent] == ["websocket.accept"]

    async def asked(self, scope: Scope, event: dict[str, Any]) -> list[dict[str, Any]]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return event

        async def send(message: Any) -> None:
            sent.append(message)

        assert Door.owns(scope)
        await self.door(scope, receive, send)
        await asyncio.sleep(0)  # what was begun in the background
        return sent

    def cookie(self) -> str:
        """Sign in; the Cookie header of who did."""
        body = b'{"token":"%s"}' % self.sessions.token.encode()
        answer = self.ask("POST", "/_clearance/sign-in", body, origin=ORIGIN)
        assert answer.status == 204
        given: str = answer.headers["set-cookie"]
        return given.partition(";")[0]


class Answer:
    """What came back."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.status: int = sent[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        self.body: bytes = b"".join(each.get("body", b"") for each in sent)


@pytest.fixture
def house() -> House:
    return House()


def test_without_a_cookie_only_the_way_in_is_shown(house: House) -> None:
    answer = house.ask("GET", "/_clearance/denials")
    assert answer.status == 401
    assert b"Token" in answer.body
    assert answer.headers["cache-control"] == "no-store"


def test_the_token_becomes_a_cookie_that_scripts_cannot_read(house: House) -> None:
    body = b'{"token":"%s"}' % house.sessions.token.encode()
    given = house.ask("POST", "/_clearance/sign-in", body, origin=ORIGIN).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/_clearance/"} <= set(given.split("; "))
    assert house.sessions.token not in given
    page = house.ask("GET", "/_clearance/denials", cookie=given.partition(";")[0])
    assert page.status == 200
    assert house.loads == 1


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"token":1}', b'{"token":"guess"}', b'"x"', b"x" * 5000]
)
def test_what_is_not_the_token_opens_nothing(house: House, body: bytes) -> None:
    answer = house.ask("POST", "/_clearance/sign-in", body, origin=ORIGIN)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:4599"},
        {"host": "127.0.0.1:4599; script-src *"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:8080"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
)
def test_other_sites_are_refused_whatever_cookie_they_bring(
    house: House, headers: dict[str, str]
) -> None:
    cookie = house.cookie()
    answer = house.ask("GET", "/_clearance/denials", cookie=cookie, **headers)
    assert answer.status == 403
    assert "*" not in answer.headers["content-security-policy"]


def test_a_link_may_be_followed_from_anywhere(house: House) -> None:
    followed = {
        "sec_fetch_site": "cross-site",
        "sec_fetch_mode": "navigate",
        "sec_fetch_dest": "document",
    }
    answer = house.ask("GET", "/_clearance/simulator", cookie=house.cookie(), **followed)
    assert answer.status == 200
    refused = house.ask("POST", "/_clearance/x", cookie=house.cookie(), origin=ORIGIN, **followed)
    assert refused.status == 403


def test_what_is_no_reading_must_say_where_it_comes_from(house: House) -> None:
    cookie = house.cookie()
    assert house.ask("POST", "/_clearance/_nicegui/upload", cookie=cookie).status == 403
    asked = house.ask("POST", "/_clearance/_nicegui/upload", cookie=cookie, origin=ORIGIN)
    assert asked.status == 200


def test_what_is_too_large_does_not_reach_the_pages(house: House) -> None:
    cookie, post = house.cookie(), "/_clearance/_nicegui/client/1/upload/2"
    large = str(MOST_BYTES + 1)
    answer = house.ask("POST", post, cookie=cookie, origin=ORIGIN, content_length=large)
    assert answer.status == 413
    assert house.ask("POST", post, b"x", cookie=cookie, origin=ORIGIN).status == 200


def test_a_body_that_did_not_say_how_large_it_is_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "MOST_BYTES", 5)
    parts = iter([b"1234", b"56", b"7"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(parts), "more_body": True}

    async def asked() -> list[str]:
        bounded = door.bounded(receive)
        return [(await bounded())["type"] for _ in range(2)]

    assert asyncio.run(asked()) == ["http.request", "http.disconnect"]


def test_a_websocket_needs_the_cookie_and_its_own_origin(house: House) -> None:
    cookie = house.cookie()
    assert house.connect(origin=ORIGIN, cookie=cookie)
    assert not house.connect(origin=ORIGIN)
    assert not house.connect(cookie=cookie)
    assert not house.connect(origin="https://evil.example", cookie=cookie)
    assert not house.connect(origin="http://evil.example", cookie=cookie, host="evil.example")


def test_a_websocket_ends_with_its_session(house: House) -> None:
    cookie = house.cookie()
    assert house.connect("websocket.receive", origin=ORIGIN, cookie=cookie)
    house.during = lambda: house.sessions.end(cookie)
    assert not house.connect("websocket.receive", origin=ORIGIN, cookie=cookie)


def test_pages_are_neither_kept_nor_framed_nor_guessed_at(house: House) -> None:
    headers = house.ask("GET", "/_clearance/denials", cookie=house.cookie()).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    rules = dict(
        part.split(" ", 1) for part in headers["content-security-policy"].split("; ") if part
    )
    assert rules["default-src"] == "'none'"
    assert "'unsafe-inline'" not in rules["script-src"]
    assert "'self'" not in rules["script-src"]  # buckets and function URLs are at the same address
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["form-action"].endswith("/_clearance/")  # nor may a form leave the console


def test_an_ipv6_address_cannot_stand_in_a_policy(house: House) -> None:
    cookie = house.cookie()
    answer = house.ask("GET", "/_clearance/denials", cookie=cookie, host="[::1]:4599")
    policy = answer.headers["content-security-policy"]
    assert "[" not in policy
    assert "'unsafe-eval' 'self'" in policy


def test_each_page_has_a_nonce_of_its_own(house: House) -> None:
    cookie = house.cookie()
    policies = {
        house.ask("GET", "/_clearance/denials", cookie=cookie).headers["content-security-policy"]
        for _ in range(3)
    }
    assert len(policies) == 3


def test_headers_of_a_proxy_do_not_reach_the_pages(house: House) -> None:
    answer = house.ask(
        "GET", "/_clearance/denials", cookie=house.cookie(), x_forwarded_prefix="/evil"
    )
    assert b"x-forwarded" not in answer.body


def test_signing_out_ends_the_session(house: House) -> None:
    cookie = house.cookie()
    assert house.ask("GET", "/_clearance/sign-in", cookie=cookie).status == 204
    out = house.ask("POST", "/_clearance/sign-out", cookie=cookie, origin=ORIGIN)
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert house.ask("GET", "/_clearance/denials", cookie=cookie).status == 401


def test_a_session_ends_by_itself(house: House) -> None:
    cookie = house.cookie()
    house.clock.time += LIFETIME - timedelta(seconds=1)
    assert house.ask("GET", "/_clearance/denials", cookie=cookie).status == 200
    house.clock.time += timedelta(seconds=1)
    assert house.ask("GET", "/_clearance/denials", cookie=cookie).status == 401


def test_sessions_do_not_pile_up(house: House) -> None:
    first = house.cookie()
    for _ in range(MOST):
        last = house.cookie()
    assert not house.sessions.knows(first)
    assert house.sessions.knows(last)


@pytest.mark.parametrize(
    "name", ["", "../door.py", "..%2fdoor.py", "sign_in.html", "nothing.js", "sub/console.css"]
)
def test_only_the_assets_are_given_out(house: House, name: str) -> None:
    assert house.ask("GET", f"/_clearance/assets/{name}").status == 404
    assert house.ask("GET", "/_clearance/assets/console.css").status == 200


def test_what_cannot_be_loaded_is_said(house: House) -> None:
    async def load() -> Any:
        raise ModuleNotFoundError("No module named 'nicegui'", name="nicegui")

    house.door = Door(house.sessions, load)
    answer = house.ask("GET", "/_clearance/denials", cookie=house.cookie())
    assert answer.status == 503
    assert b"nicegui" in answer.body
    assert b"pip install" in answer.body


@pytest.mark.parametrize("gone", [True, False])
def test_who_leaves_before_the_answer_is_no_failure(house: House, gone: bool) -> None:  # noqa: FBT001
    async def load() -> Any:
        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, send
            await receive()
            raise RuntimeError("No response returned.")

        return page

    house.door = Door(house.sessions, load)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/_clearance/denials",
        "headers": [(b"host", HOME.encode()), (b"cookie", house.cookie().encode())],
    }
    event = {"type": "http.disconnect" if gone else "http.request", "body": b""}
    if gone:
        assert asyncio.run(house.asked(scope, event)) == []
    else:
        with pytest.raises(RuntimeError):
            asyncio.run(house.asked(scope, event))


def test_a_second_console_of_a_process_is_refused_in_words(house: House) -> None:
    async def load() -> Any:
        raise ConsoleError("another endpoint has it")

    house.door = Door(house.sessions, load)
    cookie = house.cookie()
    answer = house.ask("GET", "/_clearance/denials", cookie=cookie)
    assert (answer.status, answer.body) == (503, b"another endpoint has it")
    assert not house.connect(origin=ORIGIN, cookie=cookie)


@pytest.mark.parametrize(
    ("path", "host", "owned"),
    [
        ("/_clearance", HOME, True),
        ("/_clearance/denials", HOME, True),
        ("/_clearance/denials", "evil.example", True),
        ("/_clearance-bucket/x", HOME, False),
        ("/_clearance/code/abc", HOME, False),
        ("/_clearance/lambda-url/abc/", HOME, False),
        ("/_clearance/denials", "abc.lambda-url.us-east-1.localhost:4599", False),
        ("/", HOME, False),
    ],
)
def test_which_paths_are_the_consoles(path: str, host: str, owned: bool) -> None:  # noqa: FBT001
    assert Door.owns({"path": path, "headers": [(b"host", host.encode())]}) is owned


def test_the_sandbox_gives_pages_an_origin_of_their_own() -> None:
    assert b"allow-same-origin" not in SANDBOX[1]
