"""The way of a call: parse, authenticate, derive, decide, operate, record, answer.

Every step that cannot be done closes the door: nothing is operated on unless every permission the
call needs was allowed, and every call leaves an event.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final, NoReturn

from clearance.facts import services
from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Operation
from clearance.operations.fault import OperationError
from clearance.operations.permissions.ask import Lookup, NothingKnown
from clearance.operations.permissions.prefixes import prefix_of
from clearance.operations.permissions.request_context import request_context
from clearance.operations.permissions.required import required
from clearance.operations.sts import refuse_restricted, verify_mfa
from clearance.server import audit
from clearance.server.authenticate import Caller, authenticate
from clearance.server.authorize import Answer, denial_text
from clearance.server.calls import LOCAL, OPERATIONS, RUNNING, changes_nothing
from clearance.server.denials import authorization_id, encoded_form, kept_requests
from clearance.server.federation import FEDERATED, Federation
from clearance.server.lambda_ import code_link
from clearance.server.lambda_.functions import Functions
from clearance.server.lambda_.url_gate import Gate
from clearance.server.lambda_.urls import asked_url, localized
from clearance.server.services import for_lambda
from clearance.server.services.address import path_style
from clearance.server.services.answer import Services
from clearance.server.services.behind import Unavailable
from clearance.server.toolbox import MESSAGE_MARK
from clearance.server.usage import SHOWING
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
ANONYMOUS: Final = Principal(PrincipalKind.ANONYMOUS)
UNSIGNED_REGION: Final = "us-east-1"
NOTHING_KNOWN: Final = NothingKnown()


@dataclass(slots=True)
class Endpoint:
    """One local AWS endpoint."""

    world: World
    functions: Functions
    services: Services | None = None
    federation: Federation = field(default_factory=Federation)

    async def answer(self, message: Message, source_ip: str, *, secure: bool = False) -> HttpAnswer:
        """The answer to one request; it never raises."""
        began = perf_counter()
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
            answer = await self._answered(message, seen, at, secure=secure)
        finally:
            if seen.principal is not None and seen.answers:
                tried = [answer.permission.action for answer in seen.answers]
                self.world.usage.mark_actions(seen.principal, tried, seen.region, seen.when)
            if self.world.log is not None:
                self.world.log.write(seen.event or audit.event(seen), perf_counter() - began)
        return answer

    async def _answered(
        self, message: Message, seen: audit.Seen, at: _At, *, secure: bool
    ) -> HttpAnswer:
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
        if (page := await self._page(message, seen, at, secure=secure)) is not None:
            return page
        try:
            claim = read_claim(message)
        except AuthenticationError:
            at.service = _guess(message)
            raise
        found = self._unsigned(message, at) if claim is None else self._route(claim, message, at)
        region = UNSIGNED_REGION if claim is None else claim.region
        seen.region, seen.name = region, found.operation.name
        seen.service, seen.operation = found.service, found.operation
        seen.source = f"{_source(found.service)}.amazonaws.com"
        if claim is None:
            caller = Caller(ANONYMOUS, message)
        else:
            caller = authenticate(self.world, claim, message)
        seen.principal, seen.account = caller.principal, caller.principal.account
        self.world.usage.mark(caller.principal, found.service.signing_name, region, seen.when)
        given: Mapping[str, Any] = protocols.parse(found, caller.message)
        seen.given = given
        validate(given, found.service, found.operation, found.protocol)
        if (found.service.name, found.operation.name) in FEDERATED:
            who, given = self.federation.identify(
                self.world.estate, found.operation.name, given, seen.when
            )
            caller = replace(caller, principal=who)
            seen.principal, seen.account = who, who.account
        call = Call(
            principal=caller.principal,
            account=caller.principal.account or "",
            region=region,
            now=seen.when,
            ports=self.world.ports,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            user_agent=seen.user_agent,
        )
        _refuse_early(self.world.estate, call, found, given)
        if self.services is not None and self.services.serves(found.service.name):

            def authorize(estate: Estate, lookup: Lookup) -> None:
                self._authorize(estate, call, found, given, seen, secure=secure, lookup=lookup)

            return await self.services.answer(call, found, given, caller.message, seen, authorize)
        if changes_nothing(found.operation.name):
            if found.operation.name in SHOWING:
                await self.world.keep_usage()
            output = await self._operate(self.world.estate, call, found, given, seen, secure=secure)
            self.world.store.record(audit.event(seen))
        else:
            await self._ready_for_code(found, given)
            async with self.world.lock:
                output = await self._change(call, found, given, seen, secure=secure)
        if found.service.name == "lambda":
            output = self.functions.shown(call, found.operation.name, given, output)
            output = localized(output, self.functions.endpoint_url)
        return protocols.serialize(
            output, found.service, found.operation, seen.request_id, protocol=found.protocol
        )

    async def _page(
        self, message: Message, seen: audit.Seen, at: _At, *, secure: bool
    ) -> HttpAnswer | None:
        """The answer to what is no call: a link to code, a function URL."""
        if message.path.startswith(code_link.PATH):
            return code_link.download(self.world, message, seen.when)
        asked = asked_url(message)
        if asked is None:
            return None
        at.service = services.service("lambda")
        gate = Gate(self.world, self.functions)
        return await gate.open(asked, message, seen, secure=secure)

    def _route(self, claim: Claim, message: Message, at: _At) -> Route:
        candidates = services.services_signed_as(claim.service)
        if claim.service == "s3":
            message = path_style(message)
        at.service = candidates[0] if candidates else _guess(message)
        try:
            found = route(candidates, message)
        except FaultError:
            meant = _guess(message)
            if meant is not None and meant.signing_name != claim.service:
                at.service = meant
                _refuse_wrong_scope(meant)
            raise
        at.service, at.protocol = found.service, found.protocol
        return found

    def _unsigned(self, message: Message, at: _At) -> Route:
        """The few calls that need no signature: identity tokens, and S3 for everybody."""
        meant = _guess(message)
        if meant is None and self.services is not None:
            message = path_style(message)
            meant = self.services.open_to_all(message)
        at.service = meant
        if message.parameter("AWSAccessKeyId") is not None:  # signed, as S3 once was
            raise AuthenticationError(AuthFailure.UNSUPPORTED)
        try:
            found = route((meant,) if meant is not None else (), message)
        except FaultError:
            found = None
        name = (found.service.name, found.operation.name) if found is not None else ("", "")
        if found is None or not (name[0] == "s3" or name in FEDERATED):
            raise AuthenticationError(AuthFailure.MISSING)
        at.protocol = found.protocol
        return found

    async def _change(
        self, call: Call, found: Route, given: Mapping[str, Any], seen: audit.Seen, *, secure: bool
    ) -> Mapping[str, Any]:
        """Operate and keep what changed; the lock is held."""
        before = self.world.estate
        self._authorize(before, call, found, given, seen, secure=secure)
        full = given
        held = self.services is not None and self.services.behind.held
        if held and for_lambda.in_bucket(found, given):
            full = await for_lambda.fetched(before, found.operation.name, given)
        after, output = _operation(found)(before, call, full)
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

    async def _ready_for_code(self, found: Route, given: Mapping[str, Any]) -> None:
        """Have S3 at hand when a function's code lies there."""
        if self.services is not None and for_lambda.in_bucket(found, given):
            with suppress(Unavailable):
                await self.services.ready()

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
        if found.operation.name in RUNNING.get(found.service.name, ()):
            return await self.functions.operate(found.operation.name, estate, call, given)
        local = LOCAL.get(found.service.name, {}).get(found.operation.name)
        if local is not None:
            output = await asyncio.to_thread(local, self.world, call, given)
        else:
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
        lookup: Lookup = NOTHING_KNOWN,
    ) -> None:
        """Decide every permission the call needs, or refuse in AWS's words."""
        service, catalog = found.service, self.world.catalog
        name = found.operation.name
        permissions = required(
            estate, call, service.name, name, given, catalog, model=service, lookup=lookup
        )
        for permission in permissions:
            if permission.warning:
                LOG.warning("%s: %s", permission.action, permission.warning)
        context = request_context(
            call, prefix=prefix_of(service.name, catalog, service), secure=secure
        )
        seen.answers = self.world.judge.decide_all(
            estate, call.principal, permissions, context, call.now
        )
        denied = next((a for a in seen.answers if not a.decision.allowed), None)
        if denied is not None:
            self._refuse(estate, denied, found, call, seen)

    def _refuse(
        self, estate: Estate, denied: Answer, found: Route, call: Call, seen: audit.Seen
    ) -> None:
        """Say no in the service's words; in audit mode only write it down."""
        manner, identity = self.world.manner, authorization_id(seen.event_id)
        seen.extra |= {"authorizationId": identity, "requests": kept_requests(seen.answers)}
        text = denial_text(
            estate,
            denied,
            policy_arns=manner.policy_arns,
            authorization_id=identity if manner.console_hints else None,
            region=call.region,
            encoded_message=self._encoded(denied, call, found),
        )
        if manner.audit_only:
            seen.extra["wouldBeDenied"] = text
            LOG.warning("would be denied: %s", text)
            return
        raise FaultError(denied_fault(found.service, text, found.protocol))

    def _encoded(self, denied: Answer, call: Call, found: Route) -> str | None:
        """The message that sts:DecodeAuthorizationMessage decodes; EC2 adds it to its changes."""
        if found.service.name != "ec2" or changes_nothing(found.operation.name):
            return None
        message = [MESSAGE_MARK, call.account, encoded_form(denied.decision)]
        return self.world.sealer.seal(json.dumps(message).encode()).rstrip("=")


@dataclass(slots=True)
class _At:
    """Where a call has got to: the service and protocol that an error must speak."""

    service: Service | None = None
    protocol: Protocol | None = None


def _refuse_early(estate: Estate, call: Call, found: Route, given: Mapping[str, Any]) -> None:
    """Refuse what no policy is asked about."""
    name = found.operation.name
    refuse_restricted(call.principal, found.service.signing_name, name)
    if (found.service.name, name) == ("sts", "AssumeRole"):
        # A wrong code is told as such, whatever the trust policy says.
        verify_mfa(estate, call.principal, given, call.now)


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
