"""Calls that Lambda makes for a function, with its execution role, through our own endpoint.

So they are authenticated, authorized and recorded like every other call.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlencode

from clearance.model.arn import Arn
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.execution_role import trusts_lambda
from clearance.operations.sts import execution_session
from clearance.server.world import World
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.sigv4 import sign

__all__ = ["Ask", "CallFailed", "RoleCalls", "Runner", "queue_url"]

Ask: TypeAlias = Callable[[Message, str], Awaitable[HttpAnswer]]
_ORIGIN: Final = "lambda.amazonaws.com"
_FAILED: Final = 300
# Name for signing, version of JSON, and the prefix of the target header.
_JSON: Final[Mapping[str, tuple[str, str, str]]] = {
    "sqs": ("sqs", "1.0", "AmazonSQS"),
    "dynamodbstreams": ("dynamodb", "1.0", "DynamoDBStreams_20120810"),
    "events": ("events", "1.1", "AWSEvents"),
}


class CallFailed(Exception):  # noqa: N818 (a state of a call, with AWS's own code)
    """A call was refused or failed; ``code`` and the message are the service's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Runner:
    """For which function a call is made, and in whose name; ``function`` is unqualified."""

    role: str
    function: str


@dataclass(slots=True)
class RoleCalls:
    """Makes the calls; ``ask`` is the endpoint's own way in."""

    world: World
    ask: Ask | None = None

    async def json(
        self, who: Runner, service: str, operation: str, region: str, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer of an operation of a service that speaks JSON.

        Raises:
            CallFailed: it was not done.
        """
        signing, version, prefix = _JSON[service]
        headers = [
            ("content-type", f"application/x-amz-json-{version}"),
            ("x-amz-target", f"{prefix}.{operation}"),
        ]
        body = json.dumps(given).encode()
        answer = await self._send(who, signing, region, "/", headers, body)
        found = json.loads(answer.body or b"{}")
        return found if isinstance(found, dict) else {}

    async def publish(self, who: Runner, region: str, given: Mapping[str, str]) -> None:
        """Publish to a topic; SNS speaks forms."""
        form = {"Action": "Publish", "Version": "2010-03-31", **given}
        headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
        await self._send(who, "sns", region, "/", headers, urlencode(form).encode())

    async def invoke(self, who: Runner, function: str, event: bytes) -> None:
        """Invoke a function asynchronously."""
        path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
        headers = [("x-amz-invocation-type", "Event")]
        await self._send(who, "lambda", function.split(":")[3], path, headers, event)

    async def _send(
        self,
        who: Runner,
        service: str,
        region: str,
        path: str,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> HttpAnswer:
        if self.ask is None:
            raise CallFailed("ServiceUnavailable", "the endpoint is not ready for calls")
        estate, now = self.world.estate, self.world.now()
        if not trusts_lambda(estate, who.role, who.function, now):
            words = "The role defined for the function cannot be assumed by Lambda."
            raise CallFailed("AccessDeniedException", words)
        try:
            # Not from inside the function: no lambda:SourceFunctionArn (R214).
            issued = execution_session(
                estate, who.role, who.function, ports=self.world.ports, now=now, inside=False
            )
        except OperationError as error:
            raise CallFailed(error.code, error.message) from None
        host = f"{service}.{region}.amazonaws.com"
        named = [("host", host), ("user-agent", _ORIGIN), *headers]
        signed = sign(
            Message.of("POST", path, named, body),
            issued.access_key_id,
            issued.secret_access_key,
            now,
            region=region,
            service=service,
            session_token=issued.session_token,
        )
        answer = await self.ask(signed, _ORIGIN)
        if answer.status >= _FAILED:
            raise _failure(answer)
        return answer


def queue_url(arn: Arn) -> str:
    """The URL of a queue, as SQS's own calls want it."""
    return f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"


def _failure(answer: HttpAnswer) -> CallFailed:
    headers = {name.lower(): value for name, value in answer.headers}
    try:
        said = json.loads(answer.body)
    except ValueError:
        return _xml_failure(answer)
    if not isinstance(said, dict):
        return CallFailed(str(answer.status), "")
    kind = str(said.get("__type") or headers.get("x-amzn-errortype") or answer.status)
    code = kind.rpartition("#")[2].partition(":")[0]
    return CallFailed(code, str(said.get("message") or said.get("Message") or ""))


def _xml_failure(answer: HttpAnswer) -> CallFailed:
    text = answer.body.decode("utf-8", "replace")

    def inside(tag: str) -> str:
        return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]

    return CallFailed(inside("Code") or str(answer.status), inside("Message"))
