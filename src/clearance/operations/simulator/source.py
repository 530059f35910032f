"""What a simulation is asked about: policies from the request and from a principal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearance.decide.attach import attach, attach_managed
from clearance.decide.gather import identity_layers, scp_layers
from clearance.decide.identify import complete
from clearance.model.arn import Arn
from clearance.model.decision import CheckType
from clearance.model.errors import PolicyError
from clearance.model.estate import Account, Estate, Group
from clearance.model.glob import Glob
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Input
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import invalid_input, no_such_entity
from clearance.parse.document import parse_policy

__all__ = ["Source", "given_policies", "source_of", "unclear_entity", "without"]

_KINDS = {"user": PrincipalKind.USER, "role": PrincipalKind.ROLE}


@dataclass(frozen=True, slots=True)
class Source:
    """A principal and the policies that a simulation of it starts from."""

    principal: Principal
    identity: tuple[AttachedPolicy, ...] = ()
    boundary: tuple[AttachedPolicy, ...] | None = None
    scps: tuple[tuple[AttachedPolicy, ...], ...] = ()


def given_policies(given: Input, member: str, kind: PolicyType) -> tuple[AttachedPolicy, ...]:
    """The policies in a list member, named ``PolicyInputList.1`` and so on.

    Raises:
        OperationError: InvalidInput, when one of them cannot be read.
    """
    found = []
    for place, text in enumerate(given.get(member) or (), 1):
        name = f"{member}.{place}"
        try:
            parse_policy(text, kind, strict=False)
        except PolicyError as error:
            raise invalid_input(f"Invalid policy in {name}: {error}") from None
        found.append(attach(text, kind, name))
    return tuple(found)


def unclear_entity(arn: str) -> OperationError:
    """The refusal of an ARN that is no user, group or role."""
    return invalid_input(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")


def source_of(estate: Estate, arn: str) -> Source:
    """What hangs on a user, group or role.

    Raises:
        OperationError: there is nobody of that ARN.
    """
    parts = Arn.find(arn)
    account = estate.account(parts.account) if parts else None
    kind, _, path = (parts.resource if parts else "").partition("/")
    name = path.rsplit("/", 1)[-1]
    if account is None or kind not in {"user", "group", "role"}:
        raise invalid_input(
            f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
        )
    if kind == "group":
        group = account.groups.get(name)
        if group is None or account.group_arn(group) != arn:
            raise no_such_entity(f"The group with name {name} cannot be found.")
        caller = Principal(PrincipalKind.USER, arn, account.id, account.partition)
        identity = _group_policies(estate, account, group)
        return Source(caller, identity, None, _scps(estate, caller))
    known = account.users.get(name) if kind == "user" else account.roles.get(name)
    if known is None or account.arn(kind, known.path, known.name) != arn:
        raise no_such_entity(f"The {kind} with name {name} cannot be found.")
    role_arn = arn if kind == "role" else None
    caller = complete(
        Principal(_KINDS[kind], arn, account.id, account.partition, role_arn=role_arn), estate
    )
    layers = {layer.type: layer.policies for layer in identity_layers(estate, caller)}
    return Source(
        caller,
        layers[CheckType.PRINCIPAL],
        layers.get(CheckType.PERMISSIONS_BOUNDARY),
        _scps(estate, caller),
    )


def _group_policies(estate: Estate, account: Account, group: Group) -> tuple[AttachedPolicy, ...]:
    to = account.group_arn(group)
    own = (attach(text, PolicyType.IDENTITY, name, to=to) for name, text in group.inline.items())
    return (*own, *attach_managed(estate, group.attached, PolicyType.IDENTITY, to=to))


def _scps(estate: Estate, caller: Principal) -> tuple[tuple[AttachedPolicy, ...], ...]:
    return tuple(layer.policies for layer in scp_layers(estate, caller))


def without(source: Source, exclusions: Sequence[Mapping[str, Any]]) -> Source:
    """The source less the policies that a PolicyExclusionList names."""
    if not exclusions:
        return source

    def keep(policies: Iterable[AttachedPolicy]) -> tuple[AttachedPolicy, ...]:
        return tuple(p for p in policies if not any(_excludes(e, p) for e in exclusions))

    return Source(
        source.principal,
        keep(source.identity),
        None if source.boundary is None else (keep(source.boundary) or None),
        tuple(keep(level) for level in source.scps),
    )


def _excludes(exclusion: Mapping[str, Any], policy: AttachedPolicy) -> bool:
    kind = exclusion.get("PolicyType")
    if kind is not None and kind != _kind(policy):
        return False
    arn = exclusion.get("PolicyArn")
    if arn is not None:
        return policy.arn is not None and Glob.of(arn).matches(policy.arn)
    inline = exclusion.get("InlinePolicyIdentifier")
    if inline is not None:
        holder = Arn.find(policy.attached_to or "")
        return (
            policy.arn is None
            and policy.name == inline.get("PolicyName")
            and holder is not None
            and holder.resource.partition("/")[0] == inline.get("AttachmentType")
            and holder.resource.rsplit("/", 1)[-1] == inline.get("AttachmentName")
        )
    return kind is not None


def _kind(policy: AttachedPolicy) -> str:
    """A policy's type as PolicyExclusionList spells it."""
    if policy.type is PolicyType.SCP:
        return "scp"
    if policy.type is PolicyType.BOUNDARY:
        return "permission-boundary"
    if policy.arn is None:
        return "inline"
    return "aws-managed" if ":aws:policy/" in policy.arn else "user-managed"
