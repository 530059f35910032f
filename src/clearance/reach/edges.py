"""Every step that somebody of an estate can take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from clearance.decide import PolicySet, authorize, evaluate, identify
from clearance.decide.attach import attach, attach_managed
from clearance.decide.who import AccessIndex
from clearance.model.estate import FULL_ACCESS, Account, Estate, Group, Role
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import PrincipalKind
from clearance.model.request import Request
from clearance.reach.crowd import Everybody
from clearance.reach.methods import ADMIN, Ask, Edge, Gives, Method, Need

__all__ = ["PROBES", "edges", "is_full"]

# Who can do all of these can do anything; none of them is in one policy by chance.
PROBES: Final = (
    ("iam:CreateUser", "arn:{partition}:iam::{account}:user/clearance-probe"),
    ("iam:PutRolePolicy", "arn:{partition}:iam::{account}:role/clearance-probe"),
    ("s3:DeleteBucket", "arn:{partition}:s3:::clearance-probe"),
    ("ec2:TerminateInstances", "arn:{partition}:ec2:us-east-1:{account}:instance/i-0probe"),
    ("dynamodb:DeleteTable", "arn:{partition}:dynamodb:us-east-1:{account}:table/probe"),
)
_ASSUME: Final = "sts:AssumeRole"
_COLONS: Final = 5
_FEDERATED: Final = frozenset({PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML_IDENTITY})


def edges(
    index: AccessIndex, methods: Sequence[Method], *, now: datetime | None = None
) -> tuple[Edge, ...]:
    """All steps, each with the requests it rests on."""
    everybody = Everybody(index, now)
    found: list[Edge] = []
    for account in index.estate.accounts.values():
        work = _Account(everybody, account)
        for method in methods:
            found += _BY_KIND[method.gives](work, method)
    kept = (edge for edge in found if edge.source != edge.target)
    return tuple({(e.source, e.target, e.method.id): e for e in kept}.values())


class _Account:
    """One account's part of the work."""

    def __init__(self, everybody: Everybody, account: Account) -> None:
        self.everybody = everybody
        self.account = account
        self.estate = everybody.index.estate
        self._unbounded: dict[str, bool] = {}

    def roles(self) -> Iterator[tuple[str, Role]]:
        """Roles that people make, by ARN."""
        for role in self.account.roles.values():
            if not role.is_service_linked:
                yield self.account.role_arn(role), role

    def trusting(self, service: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Roles that a service may assume, and the keys on which that hangs."""
        for arn, _ in self.roles():
            for access in self.everybody.raw(_ASSUME, arn).accesses:
                if (
                    access.principal.kind is PrincipalKind.SERVICE
                    and access.principal.arn == service
                ):
                    yield arn, access.keys

    def own(self, arn: str) -> bool:
        """True for a principal of this account."""
        return arn.split(":")[4] == self.account.id

    def all_of(
        self, needs: Sequence[Need], words: Mapping[str, str], *, own: bool = True
    ) -> Mapping[str, tuple[Ask, ...]]:
        """Who has everything a way needs."""
        found: dict[str, tuple[Ask, ...]] | None = None
        for need in needs:
            resource = need.resource
            for word, value in words.items():
                resource = resource.replace(f"{{{word}}}", value)
            given = tuple((k, v.format(**words)) for k, v in need.given)
            if "{" in resource:
                who = self.everybody.who_new(need.action, resource, self.account, given)
            else:
                who = self.everybody.who(need.action, resource, given)
            if found is None:
                found = {arn: (ask,) for arn, ask in who.items() if self.own(arn) or not own}
            else:
                found = {arn: (*asks, who[arn]) for arn, asks in found.items() if arn in who}
            if not found:
                break
        return found or {}

    def unbounded(self, arn: str) -> bool:
        """Whether full access in its own policies would make the principal an administrator.

        A permissions boundary or an SCP may keep it from that.
        """
        if arn not in self._unbounded:
            self._unbounded[arn] = is_full(_with_full_access(self.estate, self.account, arn), arn)
        return self._unbounded[arn]

    def groups_of(self, arn: str) -> tuple[str, ...]:
        """The groups a user is in."""
        user = self.account.users.get(arn.rsplit("/", 1)[-1]) if ":user/" in arn else None
        return user.groups if user is not None else ()


def is_full(estate: Estate, arn: str) -> bool:
    """True when the principal can do all the probes, whatever the context."""
    who = identify(arn, estate)
    account = estate.account(who.account)
    if account is None:
        return False
    for action, template in PROBES:
        resource = template.format(partition=account.partition, account=account.id)
        decision = authorize(estate, Request(who, action, resource, resource_account=account.id))
        if not decision.allowed or decision.undecided:
            return False
    return True


def _with_full_access(estate: Estate, account: Account, arn: str) -> Estate:
    name = arn.rsplit("/", 1)[-1]
    inline = {"clearance-probe": FULL_ACCESS}
    if ":user/" in arn:
        user = replace(account.users[name], inline=inline)
        changed = replace(account, users={**account.users, name: user})
    else:
        role = replace(account.roles[name], inline=inline)
        changed = replace(account, roles={**account.roles, name: role})
    return replace(estate, accounts={**estate.accounts, account.id: changed})


Finder = Callable[[_Account, Method], Iterator[Edge]]


def _assume(work: _Account, method: Method) -> Iterator[Edge]:
    for arn, _ in work.roles():
        for source, ask in work.everybody.who(_ASSUME, arn).items():
            yield Edge(source, arn, method, (ask,))
        for outsider in work.everybody.raw(_ASSUME, arn).outside:
            ask = Ask(_ASSUME, arn, keys=("the policies of its own account",))
            yield Edge(outsider, arn, method, (ask,))


def _federation(work: _Account, method: Method) -> Iterator[Edge]:
    """Providers that roles trust: whom they sign in, and with which claims, is theirs to say."""
    action = method.needs[0].action
    for arn, _ in work.roles():
        for access in work.everybody.raw(action, arn).accesses:
            if access.principal.kind in _FEDERATED:
                ask = Ask(action, arn, keys=(*access.keys, "whom the provider signs in"))
                yield Edge(access.principal.arn, arn, method, (ask,))


def _role(work: _Account, method: Method) -> Iterator[Edge]:
    for arn, _ in work.roles():
        for source, asks in work.all_of(method.needs, {"role": arn}).items():
            yield Edge(source, arn, method, asks)


def _service(work: _Account, method: Method) -> Iterator[Edge]:
    for arn, keys in work.trusting(method.service or ""):
        words = {"role": arn, "service": method.service or ""}
        for source, asks in work.all_of(method.needs, words).items():
            trusted = (*asks[:-1], replace(asks[-1], keys=(*asks[-1].keys, *keys)))
            yield Edge(source, arn, method, trusted)


def _function(work: _Account, method: Method) -> Iterator[Edge]:
    account = work.account
    for function in account.functions.values():
        arn, role = function.arn(account.id, "", account.partition), function.latest.role
        if role.count(":") == _COLONS and work.own(role):
            for source, asks in work.all_of(method.needs, {"function": arn}).items():
                yield Edge(source, role, method, asks)


def _user(work: _Account, method: Method) -> Iterator[Edge]:
    for user in work.account.users.values():
        arn = work.account.user_arn(user)
        for source, asks in work.all_of(method.needs, {"user": arn}).items():
            yield Edge(source, arn, method, asks)


def _self(work: _Account, method: Method) -> Iterator[Edge]:
    users = method.gives is Gives.SELF_USER
    arns = (
        [work.account.user_arn(user) for user in work.account.users.values()]
        if users
        else [arn for arn, _ in work.roles()]
    )
    for arn in arns:
        asks = work.all_of(method.needs, {"user" if users else "role": arn}).get(arn)
        if asks and work.unbounded(arn):
            yield Edge(arn, ADMIN, method, asks)


def _group(work: _Account, method: Method) -> Iterator[Edge]:
    for group in work.account.groups.values():
        arn = work.account.group_arn(group)
        for source, asks in work.all_of(method.needs, {"group": arn}).items():
            if group.name in work.groups_of(source) and work.unbounded(source):
                yield Edge(source, ADMIN, method, asks)


def _join(work: _Account, method: Method) -> Iterator[Edge]:
    for group in work.account.groups.values():
        if not _grants_all(work, group):
            continue
        arn = work.account.group_arn(group)
        for source, asks in work.all_of(method.needs, {"group": arn}).items():
            user = ":user/" in source
            if user and group.name not in work.groups_of(source) and work.unbounded(source):
                yield Edge(source, ADMIN, method, asks)


def _grants_all(work: _Account, group: Group) -> bool:
    account = work.account
    policies: tuple[AttachedPolicy, ...] = tuple(
        attach(text, PolicyType.IDENTITY, name) for name, text in group.inline.items()
    )
    policies += attach_managed(work.estate, group.attached, PolicyType.IDENTITY)
    who = identify(f"arn:{account.partition}:iam::{account.id}:user/clearance-probe")
    for action, template in PROBES:
        resource = template.format(partition=account.partition, account=account.id)
        request = Request(who, action, resource, resource_account=account.id)
        if not evaluate(request, PolicySet(identity=policies)).allowed:
            return False
    return True


def _policy(work: _Account, method: Method) -> Iterator[Edge]:
    holders: dict[str, set[str]] = {}
    account = work.account
    for user in account.users.values():
        arns = [*user.attached, *(a for g in user.groups if g in account.groups
                                  for a in account.groups[g].attached)]  # fmt: skip
        for arn in arns:
            holders.setdefault(arn, set()).add(account.user_arn(user))
    for role_arn, role in work.roles():
        for arn in role.attached:
            holders.setdefault(arn, set()).add(role_arn)
    for arn, policy in account.policies.items():
        if method.id == "set-default-policy-version" and len(policy.versions) == 1:
            continue
        for source, asks in work.all_of(method.needs, {"policy": arn}).items():
            if source in holders.get(arn, ()) and work.unbounded(source):
                doubt = () if len(policy.versions) == 1 else _versions(method, policy.versions)
                last = replace(asks[-1], keys=(*asks[-1].keys, *doubt))
                yield Edge(source, ADMIN, method, (*asks[:-1], last))


def _versions(method: Method, versions: Mapping[str, object]) -> tuple[str, ...]:
    """Another version gives what is in it, which may be little."""
    if method.id != "set-default-policy-version":
        return ()
    return (f"what the {len(versions) - 1} other versions allow",)


_BY_KIND: Final[Mapping[Gives, Finder]] = {
    Gives.ASSUME: _assume,
    Gives.FEDERATION: _federation,
    Gives.ROLE: _role,
    Gives.SERVICE: _service,
    Gives.FUNCTION: _function,
    Gives.USER: _user,
    Gives.SELF_USER: _self,
    Gives.SELF_ROLE: _self,
    Gives.GROUP: _group,
    Gives.JOIN: _join,
    Gives.POLICY: _policy,
}
