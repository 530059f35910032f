"""How the console changes anything: with AWS calls, signed like everybody's.

Whoever runs the endpoint can read every access key of its data folder (`clearance env` prints
them). The console acts with one of those, of the principal its user chose, and in no other way:
the call is serialized and signed by botocore, goes the way of every call through the endpoint, is
decided, may be denied, and stands in the audit trail with the user agent ``clearance-console``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from clearance.explain.api_calls import ApiCall
from clearance.model.estate import AccessKey, Account, Estate
from clearance.wire.message import HttpAnswer, Message

__all__ = ["USER_AGENT", "Acting", "Actor", "Outcome", "actors"]

USER_AGENT: Final = f"clearance-console/{version('clearance')}"
_CONFIG: Final = Config(
    retries={"total_max_attempts": 1},
    user_agent=USER_AGENT,
    s3={"addressing_style": "path"},
    read_timeout=300,
)
Answerer: TypeAlias = Callable[[Message, str], Awaitable[HttpAnswer]]


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal whose long-term key the store holds."""

    arn: str
    account: str
    key: AccessKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call; ``code`` and ``message`` are those of an error answer."""

    call: ApiCall
    code: str | None = None
    message: str | None = None

    @property
    def done(self) -> bool:
        """True when the endpoint did what was asked."""
        return self.code is None


def actors(estate: Estate, account: str) -> tuple[Actor, ...]:
    """Everybody of an account the console could act as, the root user first."""
    found = estate.account(account)
    return tuple(_actors(found)) if found is not None else ()


def _actors(account: Account) -> Iterator[Actor]:
    for key in account.root_keys.values():
        if key.active:
            yield Actor(account.root_arn, account.id, key)
            break
    for name in sorted(account.users):
        user = account.users[name]
        for key in user.keys.values():
            if key.active:
                yield Actor(account.user_arn(user), account.id, key)
                break


class Acting:
    """Makes calls to the endpoint it is part of."""

    def __init__(self, answer: Answerer, region: str) -> None:
        self._answer = answer
        self._region = region
        self._session: botocore.session.Session | None = None
        self._one_by_one = asyncio.Lock()  # a session of botocore makes one client at a time

    async def make(self, actor: Actor, call: ApiCall, source_ip: str) -> Outcome:
        """Make one call as somebody; a denial is an outcome, not an error."""
        loop = asyncio.get_running_loop()
        async with self._one_by_one:
            return await asyncio.to_thread(self._make, actor, call, source_ip, loop)

    def _make(
        self, actor: Actor, call: ApiCall, source_ip: str, loop: asyncio.AbstractEventLoop
    ) -> Outcome:
        def deliver(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            asked = asyncio.run_coroutine_threadsafe(self._ask(request, source_ip), loop)
            return _response(request.url, asked.result())

        if self._session is None:
            self._session = botocore.session.Session()
        make: Any = self._session.create_client  # its clients are made at run time
        client = make(
            call.service,
            region_name=call.region or self._region,
            endpoint_url="http://clearance.localhost",
            aws_access_key_id=actor.key.id,
            aws_secret_access_key=actor.key.secret.value,
            config=_CONFIG,
        )
        client.meta.events.register("before-send", deliver)
        try:
            getattr(client, call.operation)(**call.given)
        except ClientError as error:
            said = error.response.get("Error", {})
            return Outcome(call, said.get("Code", "Unknown"), said.get("Message", str(error)))
        except (BotoCoreError, ResponseParserError) as error:
            # botocore found the input wrong before it was sent, or cannot read the answer
            return Outcome(call, type(error).__name__, str(error))
        finally:
            client.close()
        return Outcome(call)

    async def _ask(self, request: AWSPreparedRequest, source_ip: str) -> HttpAnswer:
        return await self._answer(_message(request), source_ip)


def _message(request: AWSPreparedRequest) -> Message:
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = [(str(name), _text(value)) for name, value in request.headers.items()]
    if "host" not in {name.lower() for name, _ in headers}:
        headers.append(("host", parts.netloc))
    body: Any = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    content: bytes = body.encode() if isinstance(body, str) else bytes(body)
    return Message.of(request.method, target, headers, content)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Raw:
    """A body as botocore reads one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Mapping[str, object]) -> Iterator[bytes]:
        yield self._body


def _response(url: str, answer: HttpAnswer) -> AWSResponse:
    return AWSResponse(
        url, answer.status, HTTPHeaders.from_pairs(answer.headers), _Raw(answer.body)
    )
