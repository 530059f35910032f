"""moto in process, behind the gate: one request in, one answer out, nothing of the client's trust.

Its admin API, its guesses for unsigned requests, its account header and its own authorization
are not reachable from here: a handler is chosen by the service that was authorized, and every
header that steers moto is ours.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from clearance.server.services import hooks
from clearance.server.services.hooks import OUTBOX, Delivery
from clearance.wire.message import HttpAnswer, Message

__all__ = ["SERVED", "Behind", "Unavailable", "backend"]

LOG: Final = logging.getLogger("clearance.server.services")

# botocore's name of the model -> moto's name of the backend.
SERVED: Final[Mapping[str, str]] = {
    "apigateway": "apigateway",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "dynamodbstreams": "dynamodbstreams",
    "events": "events",
    "kms": "kms",
    "logs": "logs",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
}
_HOSTS: Final = {
    "cloudwatch": "monitoring",
    "dynamodbstreams": "streams.dynamodb",
}
_ELSEWHERE: Final = frozenset(
    {
        "authorization", "connection", "content-encoding", "content-length", "expect", "host",
        "transfer-encoding", "user-agent", "x-amz-content-sha256", "x-amz-decoded-content-length",
        "x-amz-security-token", "x-amz-trailer", "x-amz-sdk-checksum-algorithm",
    }
)  # fmt: skip
_SIGNING: Final = frozenset(
    {
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
        "x-amz-signedheaders", "x-amz-signature", "x-amz-security-token", "awsaccesskeyid",
        "signature", "expires",
    }
)  # fmt: skip
# Environment variables that would overrule the account, switch moto's own checks on or
# let it call out.
_STEERING: Final = (
    "MOTO_ACCOUNT_ID", "INITIAL_NO_AUTH_ACTION_COUNT", "MOTO_EVENTS_INVOKE_HTTP",
    "MOTO_ENABLE_RECORDING",
)  # fmt: skip

_ownership = threading.Lock()
_owner: list[object] = []


class Unavailable(Exception):  # noqa: N818 (it is about a service, not about an error)
    """The services cannot be had in this process; the message says why."""


@dataclass(slots=True)
class Behind:
    """moto, for one endpoint. Its state belongs to the process, so only one may hold it."""

    _held: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def installed() -> bool:
        """True when the extra is installed."""
        return find_spec("moto") is not None

    @property
    def held(self) -> bool:
        """True once moto is ready for calls."""
        return self._held

    def hold(self, fill: Callable[[], None] | None = None) -> None:
        """Take hold of moto, empty, and ``fill`` it; once is enough.

        Raises:
            Unavailable: the extra is missing, or another endpoint of this process has it.
        """
        with self._lock:
            if self._held:
                return
            if not self.installed():
                raise Unavailable("install the extra `clearance[services]` for this service")
            with _ownership:
                if _owner and _owner[0] is not self:
                    raise Unavailable(
                        "another endpoint in this process serves the other services already"
                    )
                _owner[:] = [self]
            _prepare()
            token = OUTBOX.set([])
            try:
                if fill is not None:
                    fill()
            finally:
                OUTBOX.reset(token)
            self._held = True

    def release(self) -> None:
        """Let go of moto and all that it held."""
        with self._lock:
            if not self._held:
                return
            self._held = False
            _reset()
            with _ownership:
                _owner.clear()

    def call(
        self, service: str, account: str, region: str, message: Message, target: str
    ) -> tuple[HttpAnswer, list[Delivery]]:
        """The answer of a service to a request that may be made, and what it wants delivered.

        ``target`` is the path to ask for; the query is the message's own.
        """
        outbox: list[Delivery] = []
        token = OUTBOX.set(outbox)
        try:
            return _handle(service, account, region, message, target), outbox
        finally:
            OUTBOX.reset(token)


def backend(service: str, account: str, region: str) -> Any:  # noqa: ANN401
    """Moto's state of one service in one account and Region."""
    found = import_module("moto.backends").get_backend(SERVED[service])[account]
    return found[region] if service != "s3" else found[_partition(region)]


def _partition(region: str) -> str:
    found: str = import_module("moto.utilities.utils").get_partition(region)
    return found


def _prepare() -> None:
    for name in _STEERING:
        if os.environ.pop(name, None) is not None:
            LOG.warning("the environment variable %s is ignored: moto is behind the gate", name)
    settings: Any = import_module("moto.settings")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    hooks.install()
    _reset()


def _reset() -> None:
    for name in SERVED.values():
        if f"moto.{name}" in sys.modules:  # what was never imported holds nothing
            import_module("moto.backends").get_backend(name).reset()
    import_module("moto.s3.models").s3_backends.bucket_accounts.clear()


@cache
def _handlers(service: str) -> tuple[tuple[re.Pattern[str], Callable[..., Any]], ...]:
    account = import_module("moto.core").DEFAULT_ACCOUNT_ID
    found = backend(service, account, "us-east-1")
    return tuple((re.compile(url), handler) for url, handler in found.urls.items())


def _handle(service: str, account: str, region: str, message: Message, target: str) -> HttpAnswer:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    base = f"https://{_HOSTS.get(service, SERVED[service])}.{region}.{suffix}"
    url = f"{base}{target}"
    handler = next((h for pattern, h in _handlers(service) if pattern.match(url)), None)
    if handler is None:
        raise NotImplementedError(target)
    if service == "sqs":  # queue URLs are made of the URL that was asked
        url = f"http://{message.header('host') or 'localhost'}{target}"
    query = _query(message.query)
    make = import_module("moto.core.request").Request.from_primitives
    request = make(
        message.method,
        f"{url}?{query}" if query else url,
        _headers(service, account, region, message),
        message.body,
    )
    request.environ["RAW_URI"] = target
    errors = import_module("moto.core.exceptions")
    try:
        status, headers, body = handler(request, request.raw_url, request.headers)
    except errors.HTTPException as error:
        status, headers, body = error.code, dict(error.get_headers()), error.get_body()
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    return HttpAnswer(int(status or 200), _answered(headers, message.method), content)


def _query(text: str) -> str:
    """A query string without what signed it."""
    if not any(name in text.lower() for name in ("amz-", "signature")):
        return text
    pairs = parse_qsl(text, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name.lower() not in _SIGNING])


def _headers(service: str, account: str, region: str, message: Message) -> dict[str, str]:
    found = {
        name: ",".join(values)
        for name, values in message.headers.items()
        if name not in _ELSEWHERE and not name.startswith("x-moto-")
    }
    coding = message.header("content-encoding") or ""
    kept = [c.strip() for c in coding.split(",") if c.strip() and c.strip() != "aws-chunked"]
    if kept:
        found["content-encoding"] = ",".join(kept)
    scope = f"{account}/20260101/{region}/{service}/aws4_request"
    return found | {
        "content-length": str(len(message.body)),
        "user-agent": "clearance",  # moto reads a Region out of it
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "x-moto-account-id": account,
    }


def _answered(headers: Mapping[str, Any], method: str) -> tuple[tuple[str, str], ...]:
    dropped = {"status", "connection", "transfer-encoding", "server", "date"}
    # HEAD tells how large the object is that it does not send.
    dropped |= set() if method == "HEAD" else {"content-length"}
    return tuple(
        (str(name), str(value))
        for name, value in dict(headers).items()
        if str(name).lower() not in dropped and value is not None
    )
