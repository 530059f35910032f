"""Which Host and Origin our own pages answer to, and the limits of what is listened to."""

from __future__ import annotations

import http.client
import socket
import time
from urllib.parse import urlsplit

import pytest
from tests.endpoints import Site, message, send

from clearance.server.hosts import is_ours

HEALTH = "/_clearance/health"


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("127.0.0.1:4599", None, True),
        ("localhost", None, True),
        ("clearance.localhost:1", None, True),
        ("[::1]:4599", None, True),
        ("192.168.1.2:4599", None, True),
        ("evil.example", None, False),
        ("127.0.0.1.evil.example", None, False),
        ("localhost.evil.example", None, False),
        ("", None, False),
        (None, None, False),
        ("[", None, False),
        ("127.0.0.1:4599", "http://127.0.0.1:4599", True),
        ("127.0.0.1:4599", "http://127.0.0.1:80", False),
        ("127.0.0.1:4599", "https://evil.example", False),
        ("127.0.0.1:4599", "null", False),
    ],
)
def test_is_ours(host: str | None, origin: str | None, ours: bool) -> None:  # noqa: FBT001
    assert is_ours(host, origin) is ours


def test_the_health_page(endpoint: Site) -> None:
    own = urlsplit(endpoint.url).netloc
    answer = send(endpoint.url, message("GET", HEALTH, host=own))
    assert (answer.status, answer.text) == (200, '{"status":"ok"}')
    assert "access-control-allow-origin" not in answer.headers
    rebound = send(endpoint.url, message("GET", HEALTH, host="evil.example"))
    assert rebound.status == 403
    foreign = message("GET", HEALTH, host=own, origin="https://evil.example")
    assert send(endpoint.url, foreign).status == 403


def test_a_web_page_cannot_read_what_aws_answers(endpoint: Site) -> None:
    own = urlsplit(endpoint.url).netloc
    asked = message(
        "OPTIONS", "/", host=own, origin="https://evil.example", access_control_request_method="GET"
    )
    answer = send(endpoint.url, asked)
    assert answer.status >= 400
    assert not [name for name in answer.headers if name.startswith("access-control")]


def flood(endpoint: Site, piece: bytes) -> bytes:
    """What comes back for headers that do not end."""
    parts = urlsplit(endpoint.url)
    told = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        try:
            line.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
            for _ in range(64):
                line.sendall(piece)
            told = line.recv(4096)
        except OSError:
            pass  # hung up on
    return told


@pytest.mark.parametrize("piece", [b"a" * 8192, b"a" * 8000 + b"\r\nx-next: "])
def test_headers_without_end_are_cut_off(endpoint: Site, piece: bytes) -> None:
    told = flood(endpoint, piece)
    assert told == b"" or b" 431 " in told.split(b"\r\n", 1)[0]
    assert endpoint.client("sts").get_caller_identity()


def test_headers_that_take_too_long_are_cut_off(
    endpoint: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearance.server.protocol.HEAD_SECONDS", 0.2)
    parts = urlsplit(endpoint.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        assert line.recv(100) == b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        assert line.recv(100) == b""


def test_a_body_that_takes_too_long_is_cut_off(
    endpoint: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearance.server.protocol.BODY_SECONDS", 0.3)
    parts = urlsplit(endpoint.url)
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(head + b"abc")
        assert line.recv(100) == b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(head + b"abc")
        time.sleep(0.1)
        line.sendall(b"def")
        assert line.recv(100).startswith(b"HTTP/1.1 4")
        time.sleep(0.5)  # the connection is kept: what was slow is over
        line.sendall(head + b"abcdef")
        assert line.recv(4096)


def test_a_kept_connection_may_pause_between_requests(
    endpoint: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearance.server.protocol.HEAD_SECONDS", 0.2)
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    for _ in range(2):
        connection.request("GET", HEALTH)
        assert connection.getresponse().read() == b'{"status":"ok"}'
        time.sleep(0.5)
    connection.close()


def test_a_half_request_holds_up_nobody(endpoint: Site) -> None:
    parts = urlsplit(endpoint.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc")
        assert endpoint.client("sts").get_caller_identity()


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n\r\n", b"GET\r\n\r\n"])
def test_junk_is_refused_and_forgotten(endpoint: Site, junk: bytes) -> None:
    parts = urlsplit(endpoint.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(junk)
        line.shutdown(socket.SHUT_WR)
        assert b" 200 " not in line.recv(4096)
    assert endpoint.client("sts").get_caller_identity()
