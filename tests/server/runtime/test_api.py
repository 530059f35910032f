"""The Runtime API, spoken to as a runtime would, and as a confused one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.server.runtime.conftest import Workshop

from clearance.server.runtime.api import Answer, Invocation, RuntimeApi

PATH = "/2018-06-01/runtime/"
EVENT = Invocation("r-1", b'{"n":1}', 1_700_000_000_000, "arn:x", "Root=1", "a\r\nX-Evil: 1")
Ask = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]


async def _with_api(
    play: Callable[[RuntimeApi, Ask, list[Answer]], Awaitable[None]], *, admitted: bool = True
) -> list[Answer]:
    told: list[Answer] = []
    api = RuntimeApi(told.append, lambda client, server: admitted and client != server)
    await api.start()
    reader, writer = await asyncio.open_connection(*api.address.split(":"))

    async def ask(
        method: str, path: str, body: bytes = b"", *headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {PATH}{path} HTTP/1.1", "Host: x", *headers]
        if body and not headers:
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "\r\n"]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        status = int(head[0].split()[1])
        return status, found, await reader.readexactly(int(found["content-length"]))

    try:
        await play(api, ask, told)
    finally:
        writer.close()
        api.close()
    return told


def kinds(told: list[Answer]) -> list[str]:
    return [answer.kind for answer in told]


def test_an_invocation_goes_round(shop: Workshop) -> None:
    async def play(api: RuntimeApi, ask: Ask, told: list[Answer]) -> None:
        asking = asyncio.ensure_future(ask("GET", "invocation/next"))
        while not told:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        api.give(EVENT)
        status, headers, body = await asking
        assert (status, body) == (200, b'{"n":1}')
        assert headers["lambda-runtime-aws-request-id"] == "r-1"
        assert headers["lambda-runtime-deadline-ms"] == "1700000000000"
        assert headers["lambda-runtime-trace-id"] == "root=1"
        assert "x-evil" not in headers
        assert (await ask("POST", "invocation/r-1/response", b'"done"'))[0] == 202
        api.give(EVENT)
        assert (await ask("GET", "invocation/next"))[0] == 200
        chunked = b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
        headers_ = ("Transfer-Encoding: chunked",)
        assert (await ask("POST", "invocation/r-1/error", chunked, *headers_))[0] == 202

    told = shop.call(_with_api(play))
    assert kinds(told) == ["next", "response", "next", "error"]
    assert [answer.body for answer in told] == [b"", b'"done"', b"", b"[1,2]"]


def test_a_confused_runtime_is_told_so(shop: Workshop) -> None:
    async def play(api: RuntimeApi, ask: Ask, _: list[Answer]) -> None:
        early = await ask("POST", "invocation/r-1/response", b"1")
        assert (early[0], json.loads(early[2])["errorType"]) == (403, "InvalidStateTransition")
        api.give(EVENT)
        await ask("GET", "invocation/next")
        other = await ask("POST", "invocation/r-2/response", b"1")
        assert (other[0], json.loads(other[2])["errorType"]) == (400, "InvalidRequestID")
        assert (await ask("GET", "nonsense"))[0] == 404
        large = await ask("POST", "invocation/r-1/response", b"x" * 6_291_557)
        assert (large[0], json.loads(large[2])["errorType"]) == (413, "RequestEntityTooLarge")
        assert (await ask("POST", "init/error", b"{}"))[0] == 202

    assert kinds(shop.call(_with_api(play))) == ["next", "large", "init"]


def test_strangers_and_garbage_are_hung_up_on(shop: Workshop) -> None:
    async def stranger(_: RuntimeApi, ask: Ask, __: list[Answer]) -> None:
        try:
            await ask("GET", "invocation/next")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        raise AssertionError

    async def garbage(api: RuntimeApi, _: Ask, __: list[Answer]) -> None:
        reader, writer = await asyncio.open_connection(*api.address.split(":"))
        writer.write(b"\x16\x03\x01 not http\r\n\r\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()

    assert shop.call(_with_api(stranger, admitted=False)) == []
    assert shop.call(_with_api(garbage)) == []
