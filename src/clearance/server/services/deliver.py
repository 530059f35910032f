"""What services send on their own: decided for their principal, carried out, recorded.

S3 events, SNS messages and EventBridge rules reach a function, a queue or a topic only if that
resource's policy lets the service in (R78a); a denied one is in the audit trail, like a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from clearance.model.arn import Arn
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.operations.permissions.permission import Permission
from clearance.server import audit
from clearance.server.authorize import Answer, decide_all, denial_text
from clearance.server.lambda_.functions import Functions
from clearance.server.services.behind import backend
from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.keeper import Keeper
from clearance.server.services.hooks import OUTBOX, Delivery
from clearance.server.world import World
from clearance.store.contents import Piece

__all__ = ["Deliveries", "Run"]

T = TypeVar("T")
LOG: Final = logging.getLogger("clearance.server.services")
# A topic may feed a queue, a rule may feed a topic; nothing honest is deeper than this.
_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class _Way:
    """How a kind of resource is reached: the action that is asked, the call as CloudTrail names it.

    ``event`` is the name of the call.
    """

    action: str
    event: str


_WAYS: Final[Mapping[str, _Way]] = {
    "lambda": _Way("lambda:InvokeFunction", "Invoke"),
    "sqs": _Way("sqs:SendMessage", "SendMessage"),
    "sns": _Way("sns:Publish", "Publish"),
}
# Where accepted deliveries are kept: of no account and no Region.
_KEPT: Final = ("deliveries", "", "")
Run = Callable[..., Any]


@dataclass(slots=True)
class Deliveries:
    """The deliveries of one endpoint; ``run`` runs a function of moto's beside the event loop."""

    world: World
    functions: Functions
    run: Run
    keeper: Keeper
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def accept(self, outbox: list[Delivery], depth: int = 0) -> None:
        """Deliver in the background, as the services do; kept until it is done."""
        if not outbox or depth >= _DEPTH:
            return
        accepted = {self.world.ports.uuid(): delivery for delivery in outbox}
        if not self.world.store.read_only:
            pieces = [Piece((*_KEPT, name), _frozen(d, depth)) for name, d in accepted.items()]
            await self.run(self.world.store.keep(pieces))
        self._start(accepted, depth)

    def waiting(self) -> bool:
        """True when something was accepted and not delivered before the server ended."""
        return any(True for _ in self.world.store.contents(_KEPT))

    def resume(self) -> None:
        """Deliver what was accepted before the server ended."""
        for kept in self.world.store.contents(_KEPT):
            *parts, depth = thaw(kept.value, lambda _: None)
            self._start({kept.place[-1]: Delivery(*parts)}, depth)

    def _start(self, accepted: Mapping[str, Delivery], depth: int) -> None:
        task = asyncio.create_task(self._all(accepted, depth))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop delivering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _all(self, accepted: Mapping[str, Delivery], depth: int) -> None:
        for name, delivery in accepted.items():
            try:
                await self._one(delivery, depth)
            except Exception:  # one bad target must not keep the others waiting
                LOG.exception("%s could not deliver to `%s`", delivery.service, delivery.target)
            if not self.world.store.read_only:
                await self.run(self.world.store.keep([Piece((*_KEPT, name))]))

    def may(self, delivery: Delivery) -> Answer | None:
        """What is decided about a delivery; None when its target is of no known kind."""
        target = Arn.find(delivery.target)
        way = _WAYS.get(target.service) if target else None
        if target is None or way is None:
            return None
        permission = Permission(
            way.action,
            delivery.target,
            {"aws:SourceArn": delivery.source, "aws:SourceAccount": delivery.account},
            target.account,
        )
        who = _service(delivery.service)
        (answer,) = decide_all(self.world.estate, who, [permission], {}, self.world.now())
        return answer

    async def _one(self, delivery: Delivery, depth: int) -> None:
        answer = self.may(delivery)
        target = Arn.find(delivery.target)
        if answer is None or target is None:
            LOG.warning("`%s` is not a target that is served here", delivery.target)
            return
        seen = self._seen(delivery, target, answer)
        if not answer.decision.allowed:
            seen.error_code = "AccessDenied"
            seen.error_message = denial_text(self.world.estate, answer)
        else:
            try:
                await self._carry(delivery, target, seen.request_id, depth)
            except OperationError as error:
                seen.error_code, seen.error_message = error.code, error.message
            except LookupError:
                seen.error_code = "ResourceNotFoundException"
                seen.error_message = f"`{delivery.target}` does not exist"
        self.world.store.record(audit.event(seen))

    def _seen(self, delivery: Delivery, target: Arn, answer: Answer) -> audit.Seen:
        way = _WAYS[target.service]
        return audit.Seen(
            request_id=self.world.ports.uuid(),
            event_id=self.world.ports.uuid(),
            when=self.world.now(),
            source_ip=f"{delivery.service}.amazonaws.com",
            user_agent=f"{delivery.service}.amazonaws.com",
            region=target.region,
            source=f"{target.service}.amazonaws.com",
            name=way.event,
            principal=_service(delivery.service),
            account=target.account,
            answers=(answer,),
            extra={"sourceArn": delivery.source},
        )

    async def _carry(self, delivery: Delivery, target: Arn, request: str, depth: int) -> None:
        if target.service == "lambda":
            call = Call(
                _service(delivery.service),
                target.account,
                target.region,
                self.world.now(),
                self.world.ports,
                request,
            )
            given = {
                "FunctionName": delivery.target,
                "InvocationType": "Event",
                "Payload": delivery.body.encode(),
            }
            await self.functions.invoke(self.world.estate, call, given)
            return
        more = await self.run(self._kept, delivery, target)
        await self.accept(more, depth + 1)

    def _kept(self, delivery: Delivery, target: Arn) -> list[Delivery]:
        """Hand something over; it is kept when this returns."""
        given = {"QueueUrl": target.resource}
        place = (target.service, target.account, target.region, "SendMessage", given)
        return self.keeper.acting(*place, lambda: _send(delivery, target))


def _frozen(delivery: Delivery, depth: int) -> bytes:
    parts = (getattr(delivery, field.name) for field in fields(delivery))
    return freeze((*parts, depth), {})


def _service(name: str) -> Principal:
    return Principal(PrincipalKind.SERVICE, f"{name}.amazonaws.com")


def _send(delivery: Delivery, target: Arn) -> list[Delivery]:
    """Hand a body to a queue or a topic of moto's."""
    outbox: list[Delivery] = []
    token = OUTBOX.set(outbox)
    held = backend(target.service, target.account, target.region)
    try:
        if target.service == "sqs":
            if target.resource not in held.queues:
                raise LookupError(target.resource)
            held.send_message(
                target.resource, delivery.body, validate_group_id=False, **delivery.options
            )
        else:
            if delivery.target not in held.topics:
                raise LookupError(delivery.target)
            held.publish(delivery.body, arn=delivery.target)
    finally:
        OUTBOX.reset(token)
    return outbox
