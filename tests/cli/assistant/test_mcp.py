"""clearance mcp, asked by the client of MCP's own SDK: over a pipe, and over loopback."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.cli.run import clearance
from tests.cli.somebody import ANA, BOB, DEPLOY, FUNCTION, saved

INVOKE = "lambda:InvokeFunction"
DENIAL = f"User: {BOB} is not authorized to perform: {INVOKE} on resource: {FUNCTION} because no "
DENIAL += f"identity-based policy allows the {INVOKE} action"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
MORE = {**READ, "Action": "s3:*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an estate, a policy, and links that lead out of it."""
    folder = tmp_path_factory.mktemp("root")
    outside = tmp_path_factory.mktemp("outside")
    secret = outside / "secret.json"
    secret.write_text(json.dumps(document(READ)))
    saved(folder)
    (folder / "read.json").write_text(json.dumps(document(READ)))
    (folder / "link.json").symlink_to(secret)
    (folder / "snapshot").mkdir()
    (folder / "snapshot" / "users.json").symlink_to(secret)
    return folder


def ask(place: Path, *calls: tuple[str, dict[str, Any]], more: tuple[str, ...] = ()) -> list[Any]:
    """The results of some calls, over a pipe to a process of its own."""
    words = ["-m", "clearance", "mcp", "--root", str(place), *more]
    server = StdioServerParameters(command=sys.executable, args=words)

    async def talk() -> list[Any]:
        async with Client(server, read_timeout_seconds=60) as client:
            return [await client.call_tool(name, given) for name, given in calls]

    return asyncio.run(talk())


def test_every_tool_answers_as_its_command_does(place: Path) -> None:
    estate = next(path.name for path in place.glob("estate*"))
    asked = {"estate": estate}
    results = ask(
        place,
        ("check", {"principal": BOB, "action": INVOKE, "resource": FUNCTION, **asked}),
        ("who_can", {"action": INVOKE, "resource": FUNCTION, "through_roles": True, **asked}),
        ("what_can", {"principal": DEPLOY, "service": "lambda", "limit": 500, **asked}),
        ("explain", {"denial": DENIAL, **asked}),
        ("diff", {"before": "read.json", "after": document(MORE)}),
        ("validate", {"policy": "read.json"}),
        ("actions", {"pattern": "s3:Get*Acl", "limit": 2}),
        ("diff_estates", {"before": estate, "after": estate}),
    )
    assert not [result.content for result in results if result.is_error]
    answers = [result.structured_content for result in results]
    check, who, what, explained, diff, valid, actions, same = answers

    def told(*words: str) -> Any:
        as_json = ("--format", "json") if words[0] == "explain" else ("--json",)
        return json.loads(clearance(*words, *as_json, cwd=place).out)

    printed = told("check", BOB, INVOKE, FUNCTION, "-e", estate)
    assert check["verdict"] == "DENIED"
    assert {key: check[key] for key in ("evaluatedEffect", "undecidedKeys", "notes")} == {
        key: printed[key] for key in ("evaluatedEffect", "undecidedKeys", "notes")
    }
    assert [c["checkType"] for c in check["checks"]] == [c["checkType"] for c in printed["checks"]]
    printed = told("who-can", INVOKE, FUNCTION, "-e", estate, "--through-roles")
    assert who["principals"] == printed["principals"]
    assert who["outside"] == printed["outside"]
    assert what["permissions"] == told("what-can", DEPLOY, "-e", estate, "-s", "lambda")
    assert explained["outcome"] == "proven fix"
    assert explained["fixes"] == told("explain", DENIAL, "-e", estate)["fixes"]
    assert explained["explanation"] is None
    (place / "more.json").write_text(json.dumps(document(MORE)))
    printed = told("prove", "diff", "read.json", "more.json")
    assert diff["nothingChanges"] == "refuted"
    rows = diff["detail"]["newly_allowed"]["rows"]
    assert [row["witness"] for row in rows] == [
        row["witness"] for row in printed["newly_allowed"]["rows"]
    ]
    assert valid["policies"] == 1
    assert (len(actions["actions"]), actions["total"]) == (2, len(told("actions", "s3:Get*Acl")))
    assert same["nothingChanges"] == "proven"


def test_the_tools_say_what_they_take_and_answer_and_that_they_only_read(place: Path) -> None:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "clearance", "mcp", "--root", str(place)]
    )

    async def talk() -> tuple[Any, str | None]:
        async with Client(server, read_timeout_seconds=60) as client:
            return (await client.list_tools()).tools, client.instructions

    tools, instructions = asyncio.run(talk())
    assert "explain" in (instructions or "")
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.output_schema["type"] == "object"
        assert tool.description
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), (tool.name, name)


def test_no_path_leads_out_of_the_root(place: Path) -> None:
    paths = ("../secret.json", "/etc/passwd", "/no/such/file", "link.json", "a/../../b", "\0")
    for result in ask(place, *(("validate", {"policy": path}) for path in paths)):
        assert result.is_error
        said = result.content[0].text
        assert "lies outside of" in said or "is not a path" in said


def test_refusals_say_what_is_wrong_and_the_server_goes_on(place: Path) -> None:
    who = {"principal": ANA, "resource": "*"}
    results = ask(
        place,
        ("check", {**who, "action": "s3", "policies": {"identity": [document(READ)]}}),
        ("check", {**who, "action": "s3:GetObject"}),
        ("check", {**who, "action": "s3:GetObject", "policies": {"identity": ['{"Statement":1}']}}),
        ("check", {**who, "action": "s3:GetObject", "policies": {"identities": []}}),
        ("who_can", {"action": "s3:GetObject", "estate": "snapshot"}),
        ("who_can", {"action": "s3:GetObject", "estate": "none"}),
        ("explain", {"denial": "all is well"}),
        ("actions", {"pattern": "s3:*", "limit": 0}),
        ("nothing", {}),
        ("actions", {"pattern": "s3:GetObject"}),
    )
    said = [result.content[0].text for result in results]
    assert [result.is_error for result in results] == [True] * 9 + [False]
    for text, expected in zip(
        said,
        (
            "is not an action",
            "name an `estate`",
            "Statement",
            "identities",
            "leads out of",
            "does not exist in",
            "there is no denial",
            "limit",
            "nothing",
        ),
        strict=False,
    ):
        assert expected in text
        assert "Traceback" not in text


def test_an_estate_is_read_again_when_it_changes(tmp_path: Path) -> None:
    estate = saved(tmp_path)
    words = ["-m", "clearance", "mcp", "--root", str(tmp_path), "--estate", str(estate)]
    server = StdioServerParameters(command=sys.executable, args=words)
    given = {"principal": BOB, "action": INVOKE, "resource": FUNCTION}

    async def talk() -> list[str]:
        async with Client(server, read_timeout_seconds=60) as client:
            first = await client.call_tool("check", given)
            explained = await client.call_tool("explain", {"denial": DENIAL, "full": True})
            fixed = tmp_path / "fixed.json"
            done = clearance("explain", DENIAL, "-e", estate, "--apply", fixed)
            assert done.code == 0
            fixed.replace(estate)
            second = await client.call_tool("check", given)
            assert explained.structured_content["explanation"]["exit_code"] == 0
            return [each.structured_content["verdict"] for each in (first, second)]

    assert asyncio.run(talk()) == ["DENIED", "ALLOWED"]


@contextmanager
def over_http(place: Path) -> Iterator[tuple[str, str]]:
    """The address and the token of a server on a free port."""
    words = [sys.executable, "-m", "clearance", "mcp", "--root", str(place), "--http", "0"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ})
    try:
        assert process.stderr is not None
        url = process.stderr.readline().strip()
        found = re.search(r"Bearer (\S+)`", process.stderr.readline())
        assert found
        yield url, found[1]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_over_loopback_only_the_token_is_answered(place: Path) -> None:
    with over_http(place) as (url, token):

        async def talk(authorization: str) -> list[str]:
            headers = {"Authorization": authorization}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=30) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                return [tool.name for tool in (await client.list_tools()).tools]

        assert "who_can" in asyncio.run(talk(f"Bearer {token}"))
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": f"Bearer {token}", "Host": "evil.example"}, 421),
            ({"Authorization": f"Bearer {token}", "Origin": "https://evil.example"}, 403),
        ):
            accept = {"Accept": "application/json, text/event-stream"}
            answer = httpx2.post(url, json=body, headers={**accept, **headers}, timeout=30)
            assert answer.status_code == status


def test_bad_words_exit_with_2(tmp_path: Path) -> None:
    assert "is not a folder" in clearance("mcp", "--root", tmp_path / "no").err
    assert "does not exist" in clearance("mcp", "--root", tmp_path, "-e", tmp_path / "no").err
