"""The way of a call: parse, authenticate, derive, decide, operate, record, answer.

Every step that cannot be done closes the door: nothing is operated on unless every permission the
call needs was allowed, and every call leaves an event.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from clearance.facts import services
from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.operations.call import Call, Operation
from clearance.operations.fault import OperationError
from clearance.operations.permissions import request_context, required
from clearance.operations.permissions.prefixes import prefix_of
from clearance.operations.sts import refuse_restricted
from clearance.server import audit
from clearance.server.authenticate import authenticate
from clearance.server.authorize import decide_all, denial_text
from clearance.server.calls import OPERATIONS, changes_nothing
from clearance.server.invoke import Functions
from clearance.server.world import World
from clearance.store.port import Entry, ReadOnly
from clearance.store.summary import summarize
from clearance.wire import faults, protocols
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.refusals import authentication_fault, denied_fault
from clearance.wire.route import Route, route
from clearance.wire.shapes import Protocol, Service
from clearance.wire.sigv4 import AuthenticationError, AuthFailure, Claim, read_claim
from clearance.wire.validation import validate

__all__ = ["Endpoint"]

LOG: Final = logging.getLogger("clearance.server")
INVOKE: Final = "Invoke"


@dataclass(slots=True)
class Endpoint:
    """One local AWS endpoint."""

    world: World
    functions: Functions

    async def answer(self, message: Message, source_ip: str, *, secure: bool = False) -> HttpAnswer:
        """The answer to one request; it never raises."""
        ports = self.world.ports
        seen = audit.Seen(
            request_id=ports.uuid(),
            event_id=ports.uuid(),
            when=self.world.now(),
            source_ip=source_ip,
            user_agent=message.header("user-agent") or "",
        )
        at = _At()
        try:
            answer = await self._answer(message, seen, at, secure=secure)
        except FaultError as error:
            fault = error.fault
        except AuthenticationError as error:
            fault = authentication_fault(error, at.service, at.protocol)
        except OperationError as error:
            fault = _operation_fault(error, at.service)
        except ReadOnly as error:
            fault = Fault("ServiceUnavailable", str(error), 503, sender=False)
        except StoreError:
            LOG.exception("the store failed during %s", seen.name)
            fault = Fault("InternalFailure", "the change could not be kept", 500, sender=False)
        except Exception:  # a bug of ours must not take the server along
            LOG.exception("%s failed", seen.name)
            fault = Fault("InternalFailure", "internal error", 500, sender=False)
        else:
            return answer
        seen.error_code, seen.error_message = _recorded(fault.code, at.service), fault.message
        self.world.store.record(audit.event(seen))
        return faults.render(fault, at.service, seen.request_id, protocol=at.protocol)

    async def _answer(
        self, message: Message, seen: audit.Seen, at: _At, *, secure: bool
    ) -> HttpAnswer:
        try:
            claim = read_claim(message)
        except AuthenticationError:
            at.service = _guess(message)
            raise
        if claim is None:
            at.service = _guess(message)
            raise AuthenticationError(AuthFailure.MISSING)
        found = self._route(claim, message, at)
        seen.region, seen.name = claim.region, found.operation.name
        seen.service, seen.operation = found.service, found.operation
        seen.source = f"{_source(found.service)}.amazonaws.com"
        caller = authenticate(self.world, claim, message)
        seen.principal, seen.account = caller.principal, caller.principal.account
        given = protocols.parse(found, caller.message)
        seen.given = given
        validate(given, found.service, found.operation, found.protocol)
        call = Call(
            principal=caller.principal,
            account=caller.principal.account or "",
            region=claim.region,
            now=seen.when,
            ports=self.world.ports,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            user_agent=seen.user_agent,
        )
        refuse_restricted(caller.principal, found.service.signing_name, found.operation.name)
        if changes_nothing(found.operation.name):
            output = await self._operate(self.world.estate, call, found, given, seen, secure=secure)
            self.world.store.record(audit.event(seen))
        else:
            async with self.world.lock:
                output = await self._change(call, found, given, seen, secure=secure)
        return protocols.serialize(
            output, found.service, found.operation, seen.request_id, protocol=found.protocol
        )

    def _route(self, claim: Claim, message: Message, at: _At) -> Route:
        candidates = services.services_signed_as(claim.service)
        meant = _guess(message)
        at.service = candidates[0] if candidates else meant
        try:
            found = route(candidates, message)
        except FaultError:
            if meant is not None and meant.signing_name != claim.service:
                at.service = meant
                _refuse_wrong_scope(meant)
            raise
        at.service, at.protocol = found.service, found.protocol
        return found

    async def _change(
        self, call: Call, found: Route, given: Mapping[str, Any], seen: audit.Seen, *, secure: bool
    ) -> Mapping[str, Any]:
        """Operate and keep what changed; the lock is held."""
        before = self.world.estate
        self._authorize(before, call, found, given, seen, secure=secure)
        after, output = _operation(found)(before, call, given)
        seen.output = output
        entry = Entry(
            when=seen.when,
            who=call.principal.display,
            account=call.account,
            region=call.region,
            service=found.service.name,
            operation=found.operation.name,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            input=summarize(given),
            resources=audit.resources(seen.answers),
        )
        await self.world.commit(after, entry=entry, event=audit.event(seen))
        if after is not before:
            self.functions.retire(before, after)
        return output

    async def _operate(
        self,
        estate: Estate,
        call: Call,
        found: Route,
        given: Mapping[str, Any],
        seen: audit.Seen,
        *,
        secure: bool,
    ) -> Mapping[str, Any]:
        """Operate where nothing can change."""
        self._authorize(estate, call, found, given, seen, secure=secure)
        if found.service.name == "lambda" and found.operation.name == INVOKE:
            return await self.functions.invoke(estate, call, given)
        _, output = _operation(found)(estate, call, given)
        seen.output = output
        return output

    def _authorize(
        self,
        estate: Estate,
        call: Call,
        found: Route,
        given: Mapping[str, Any],
        seen: audit.Seen,
        *,
        secure: bool,
    ) -> None:
        """Decide every permission the call needs, or refuse in AWS's words."""
        service, catalog = found.service, self.world.catalog
        permissions = required(
            estate, call, service.name, found.operation.name, given, catalog, model=service
        )
        for permission in permissions:
            if permission.warning:
                LOG.warning("%s: %s", permission.action, permission.warning)
        context = request_context(
            call, prefix=prefix_of(service.name, catalog, service), secure=secure
        )
        seen.answers = decide_all(estate, call.principal, permissions, context, call.now)
        denied = next((a for a in seen.answers if not a.decision.allowed), None)
        if denied is not None:
            raise FaultError(denied_fault(service, denial_text(estate, denied), found.protocol))


@dataclass(slots=True)
class _At:
    """Where a call has got to: the service and protocol that an error must speak."""

    service: Service | None = None
    protocol: Protocol | None = None


def _operation(found: Route) -> Operation:
    table = OPERATIONS.get(found.service.name, {})
    operation = table.get(found.operation.name)
    if operation is None:
        name = f"{found.service.name}:{found.operation.name}"
        raise FaultError(
            Fault("NotImplemented", f"{name} is not implemented by this endpoint", 501)
        )
    return operation


def _recorded(code: str, service: Service | None) -> str:
    """A code as CloudTrail writes it: the name of the modelled exception, if there is one."""
    shape = service.shapes.get(f"{code}Exception") if service is not None else None
    return shape.name if shape is not None and shape.exception else code


def _operation_fault(error: OperationError, service: Service | None) -> Fault:
    if service is None:
        return Fault(error.code, error.message, error.status)
    return faults.modelled(service, error.code, error.message, status=error.status, **error.members)


def _source(service: Service) -> str:
    return service.endpoint_prefix or service.signing_name


def _refuse_wrong_scope(service: Service) -> NoReturn:
    raise AuthenticationError(
        AuthFailure.SCOPE,
        f"Credential should be scoped to correct service: '{service.signing_name}'.",
    )


def _guess(message: Message) -> Service | None:
    """The service an unsigned request means, so that it is refused in that service's words."""
    target = (message.header("x-amz-target") or "").lower()
    if "organizations" in target:
        return services.service("organizations")
    if message.path.startswith(("/2015-03-31/", "/2014-11-13/", "/2017-", "/2018-", "/2021-")):
        return services.service("lambda")
    form = message.body[:4096] + message.query.encode()
    if b"Action=" in form:
        sts = b"Assume" in form or b"GetCallerIdentity" in form or b"Token" in form
        return services.service("sts" if sts else "iam")
    return None
