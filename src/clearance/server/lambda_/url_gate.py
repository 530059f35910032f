"""The gate of function URLs: who asks, may he, run it, answer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from clearance.facts import services
from clearance.model.estate import Estate
from clearance.model.function import FunctionUrl
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.operations.lambda_.urls import find_url
from clearance.operations.permissions.request_context import request_context
from clearance.operations.permissions.required import required
from clearance.server import audit
from clearance.server.authenticate import Caller, authenticate
from clearance.server.authorize import decide_all
from clearance.server.denials import authorization_id, kept_requests
from clearance.server.lambda_ import urls
from clearance.server.lambda_.functions import Functions
from clearance.server.lambda_.urls import Asked
from clearance.server.world import World
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.shapes import Service
from clearance.wire.sigv4 import AuthenticationError, AuthFailure, read_claim

__all__ = ["Gate"]

_NOBODY: Final = Principal(PrincipalKind.ANONYMOUS)
_INVOKE: Final = "InvokeFunctionUrl"


@dataclass(frozen=True, slots=True)
class Gate:
    """Opens function URLs."""

    world: World
    functions: Functions

    async def open(
        self, asked: Asked, message: Message, seen: audit.Seen, *, secure: bool
    ) -> HttpAnswer:
        """The answer of the function behind a URL.

        Raises:
            FaultError: there is no such URL, or it is not open to the caller.
            AuthenticationError: the URL asks for a signature and this is not one.
            OperationError: the function could not be run.
        """
        estate = self.world.estate
        known = find_url(estate, asked.url_id)
        seen.source, seen.name = "lambda.amazonaws.com", _INVOKE
        if known is None:
            raise urls.missing_url()
        found, url = known
        seen.region, seen.account = found.function.region, found.account.id
        cors = tuple(urls.cors_headers(url, message))
        if message.method == "OPTIONS" and message.header("access-control-request-method"):
            return HttpAnswer(200, cors, b"")
        caller = self._caller(url, message)
        seen.principal = caller.principal
        call = Call(
            principal=caller.principal,
            account=caller.principal.account or "",
            region=found.function.region,
            now=seen.when,
            ports=self.world.ports,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            user_agent=seen.user_agent,
        )
        self._authorize(estate, call, found, seen, secure=secure)
        chosen = resolve(
            estate,
            found.account.id,
            found.function.region,
            found.arn,
            None,
            draw=random.random(),  # noqa: S311 - a share of traffic, not a secret
        )
        event = urls.event_of(
            asked,
            caller.message,
            caller.principal,
            found,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            now=seen.when,
        )
        outcome = await self.functions.open(estate, call, chosen, event)
        answer = urls.answer_of(outcome.payload, failed=outcome.function_error is not None)
        self.world.store.record(audit.event(seen))
        headers = (*answer.headers, ("x-amzn-requestid", seen.request_id), *cors)
        return HttpAnswer(answer.status, headers, answer.body)

    def _caller(self, url: FunctionUrl, message: Message) -> Caller:
        """Whoever signed; nobody, where the URL asks for no signature."""
        if url.auth_type == "NONE":
            return Caller(_NOBODY, message)
        claim = read_claim(message)
        if claim is None:
            raise _forbidden()
        if claim.service != "lambda":
            raise AuthenticationError(
                AuthFailure.SCOPE, "Credential should be scoped to correct service: 'lambda'."
            )
        return authenticate(self.world, claim, message)

    def _authorize(
        self,
        estate: Estate,
        call: Call,
        found: ResolvedFunction,
        seen: audit.Seen,
        *,
        secure: bool,
    ) -> None:
        """Both actions must be allowed, to everybody where nobody signs (R211)."""
        given = {"FunctionName": found.arn}
        permissions = required(
            estate, call, "lambda", _INVOKE, given, self.world.catalog, model=_lambda()
        )
        context = request_context(call, prefix="lambda", secure=secure)
        seen.given = given
        seen.answers = decide_all(
            estate, call.principal, permissions, context, call.now, self.world.catalog
        )
        if all(answer.decision.allowed for answer in seen.answers):
            return
        seen.extra["authorizationId"] = authorization_id(seen.event_id)
        seen.extra["requests"] = kept_requests(seen.answers)
        if self.world.manner.audit_only:
            seen.extra["wouldBeDenied"] = urls.FORBIDDEN
            return
        raise _forbidden()


def _forbidden() -> FaultError:
    return FaultError(Fault("AccessDeniedException", urls.FORBIDDEN, 403, message_member="Message"))


def _lambda() -> Service:
    return services.service("lambda")
