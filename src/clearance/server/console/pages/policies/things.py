"""What in an estate has policies, as lines of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from clearance.model.estate import Account, Estate

__all__ = ["KINDS", "Line", "Listed", "lines", "listed"]

# kind -> (one of them, all of them, Material icon)
KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "users": ("user", "Users", "person"),
    "roles": ("role", "Roles", "badge"),
    "groups": ("group", "Groups", "group"),
    "functions": ("function", "Functions", "bolt"),
    "managed": ("managed policy", "Managed policies", "description"),
    "resources": ("resource", "Resources", "inventory_2"),
    "organization": ("organization policy", "Organization", "account_tree"),
    "aws": ("policy of AWS", "AWS's policies", "verified"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: ``id`` is its ARN (an id in an organization), ``note`` what to know of it.

    ``texts`` are its documents, for a search in what they say.
    """

    id: str
    name: str
    account: str
    policies: int
    note: str = ""
    texts: tuple[str, ...] = ()

    def holds(self, words: Iterable[str]) -> bool:
        """True when each word stands in its name, its note or its documents."""
        head = f"{self.id} {self.note}".lower()
        return all(word in head or any(word in t.lower() for t in self.texts) for word in words)


@dataclass(frozen=True, slots=True)
class Listed:
    """The first lines that were searched for, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int


def listed(estate: Estate, kind: str, search: str, most: int) -> Listed:
    """The things of a kind that hold all of some words."""
    words = search.lower().split()
    found = (line for line in lines(estate, kind) if line.holds(words))
    first = tuple(islice(found, most))
    return Listed(first, len(first) + sum(1 for _ in found))


def lines(estate: Estate, kind: str) -> Iterator[Line]:
    """All things of a kind, by account and name."""
    if kind == "organization":
        return _organization(estate)
    if kind == "aws":
        return _aws(estate)
    of = _OF[kind]
    return (line for account in estate.accounts.values() for line in of(account))


def _users(account: Account) -> Iterator[Line]:
    for _, user in sorted(account.users.items()):
        groups = f"in {', '.join(user.groups)}" if user.groups else ""
        bound = "has a boundary" if user.boundary else ""
        yield Line(
            account.user_arn(user),
            user.name,
            account.id,
            len(user.inline) + len(user.attached),
            _joined(groups, bound),
            (*user.inline.values(), *user.attached),
        )


def _roles(account: Account) -> Iterator[Line]:
    for _, role in sorted(account.roles.items()):
        linked = "service-linked" if role.is_service_linked else ""
        bound = "has a boundary" if role.boundary else ""
        yield Line(
            account.role_arn(role),
            role.name,
            account.id,
            len(role.inline) + len(role.attached),
            _joined(linked, bound, role.description or ""),
            (role.trust.text, *role.inline.values(), *role.attached),
        )


def _groups(account: Account) -> Iterator[Line]:
    members: dict[str, int] = {}
    for user in account.users.values():
        for name in user.groups:
            members[name] = members.get(name, 0) + 1
    for _, group in sorted(account.groups.items()):
        yield Line(
            account.group_arn(group),
            group.name,
            account.id,
            len(group.inline) + len(group.attached),
            _count(members.get(group.name, 0), "member"),
            (*group.inline.values(), *group.attached),
        )


def _functions(account: Account) -> Iterator[Line]:
    for _, function in sorted(account.functions.items()):
        versions = len(function.versions)
        yield Line(
            function.arn(account.id, partition=account.partition),
            function.name,
            account.id,
            len(function.policies),
            _joined(function.region, _count(versions, "version") if versions else ""),
            tuple(held.text for held in function.policies.values()),
        )


def _managed(account: Account) -> Iterator[Line]:
    for arn, policy in sorted(account.policies.items()):
        note = f"{policy.default_version} of {_count(len(policy.versions), 'version')}"
        texts = tuple(version.text for version in policy.versions.values())
        described = _joined(note, policy.description or "")
        yield Line(arn, policy.name, account.id, len(policy.versions), described, texts)


def _resources(account: Account) -> Iterator[Line]:
    for arn, resource in sorted(account.resources.items()):
        service = arn.split(":")[2] if arn.startswith("arn:") else ""
        grants = _count(len(resource.grants), "grant") if resource.grants else ""
        yield Line(
            arn,
            arn.split(":", 5)[-1],
            account.id,
            int(resource.policy is not None),
            _joined(service, grants),
            (resource.policy,) if resource.policy else (),
        )
    for _, endpoint in sorted(account.vpc_endpoints.items()):
        service = f"VPC endpoint for {endpoint.service}" if endpoint.service else "VPC endpoint"
        text = (endpoint.policy,) if endpoint.policy else ()
        yield Line(endpoint.id, endpoint.id, account.id, len(text), service, text)


def _organization(estate: Estate) -> Iterator[Line]:
    for organization in estate.organizations.values():
        targets: dict[str, int] = {}
        for names in organization.attachments.values():
            for name in names:
                targets[name] = targets.get(name, 0) + 1
        for key, policy in sorted(organization.policies.items()):
            kind = policy.type.replace("_", " ").lower()
            attached = f"attached to {_count(targets.get(key, 0), 'target')}"
            note = _joined(kind, attached)
            yield Line(key, policy.name, organization.id, 1, note, (policy.text,))


def _aws(estate: Estate) -> Iterator[Line]:
    for arn in sorted(estate.managed):
        yield Line(arn, arn.rsplit("/", 1)[-1], "aws", 1, "", ())


_OF: Final[Mapping[str, Callable[[Account], Iterator[Line]]]] = {
    "users": _users,
    "roles": _roles,
    "groups": _groups,
    "functions": _functions,
    "managed": _managed,
    "resources": _resources,
}


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
