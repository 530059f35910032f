"""One caller, the layers of policies around it, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from clearance.decide.context import Entries, of_principal
from clearance.decide.gather import gather_bare
from clearance.decide.situation import Layer, Options, PolicySet
from clearance.model.decision import CheckType
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy
from clearance.model.principal import Principal
from clearance.model.request import Context, Request

__all__ = ["Standing", "facts_of", "layers_of"]

ELSEWHERE: Final = "999999999999"
_PROBE_ACTION: Final = "s3:GetObject"
_PROBE_RESOURCE: Final = "arn:aws:s3:::example/example"


@dataclass(frozen=True, slots=True)
class Standing:
    """One caller, the policies around it, and whether the resource is in its own account."""

    caller: Principal
    layers: tuple[Layer, ...]
    same_account: bool = True
    options: Options = field(default_factory=Options)

    @property
    def bounded(self) -> bool:
        """True when the caller has a permissions boundary."""
        return any(layer.type is CheckType.PERMISSIONS_BOUNDARY for layer in self.layers)

    @property
    def policies(self) -> tuple[AttachedPolicy, ...]:
        """Every policy of every layer."""
        return tuple(policy for layer in self.layers for policy in layer.policies)

    @property
    def resource_account(self) -> str | None:
        """The owner of the resources this is about."""
        if self.same_account and self.caller.account is not None:
            return self.caller.account
        return ELSEWHERE if self.caller.account != ELSEWHERE else "123456789012"


def layers_of(caller: Principal, policies: PolicySet) -> tuple[Layer, ...]:
    """The layers that ``decide`` would ask about this caller, RCPs among them."""
    probe = Request(caller, _PROBE_ACTION, _PROBE_RESOURCE)
    return gather_bare(probe, policies).layers


def facts_of(caller: Principal, estate: Estate | None = None) -> Context:
    """The context keys that follow from who asks."""
    entries: Entries = {}
    absent: list[str] = []
    of_principal(caller, estate or Estate(), entries, absent)
    return Context.of(entries, absent=absent)
