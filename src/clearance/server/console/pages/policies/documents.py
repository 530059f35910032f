"""The documents of an estate, each under a name that finds it again.

A name is ``ARN#inline``, ``ARN#trust``, ``ARN@v3`` for a version of a managed policy, or the ARN
(in an organization: the id) alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from clearance.decide.attach import attach
from clearance.model.estate import Account, Estate, ManagedPolicy
from clearance.model.policy import AttachedPolicy, PolicyType

__all__ = [
    "ORGANIZATION",
    "Document",
    "attached",
    "boundary",
    "inline",
    "names_of",
    "versions",
]

ORGANIZATION: Final[Mapping[str, PolicyType]] = {
    "SERVICE_CONTROL_POLICY": PolicyType.SCP,
    "RESOURCE_CONTROL_POLICY": PolicyType.RCP,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A policy's text; ``link`` is the managed policy it is a use of.

    ``text`` is None when the estate does not hold it.
    """

    uri: str
    title: str
    text: str | None
    type: PolicyType
    note: str = ""
    link: str = ""

    def policy(self) -> AttachedPolicy:
        """The document as it is decided by."""
        return attach(self.text or "", self.type, self.title, to=self.uri.partition("#")[0])


def inline(arn: str, texts: Mapping[str, str], note: str = "inline") -> Iterator[Document]:
    """Inline policies of a user, group or role."""
    for name, text in texts.items():
        yield Document(f"{arn}#{name}", name, text, PolicyType.IDENTITY, note)


def attached(estate: Estate, arns: Iterable[str], note: str = "attached") -> Iterator[Document]:
    """Managed policies that somebody holds."""
    for arn in arns:
        yield _in_force(estate, arn, PolicyType.IDENTITY, note)


def boundary(estate: Estate, arn: str | None) -> Iterator[Document]:
    """The permissions boundary, if there is one."""
    if arn is not None:
        yield _in_force(estate, arn, PolicyType.BOUNDARY, "permissions boundary")


def _in_force(estate: Estate, arn: str, kind: PolicyType, note: str) -> Document:
    text = estate.managed_text(arn)
    held = next((a.policies[arn] for a in estate.accounts.values() if arn in a.policies), None)
    uri = f"{arn}@{held.default_version}" if held is not None else arn
    said = note if text is not None else f"{note}, but the estate does not hold it"
    return Document(uri, arn.rsplit("/", 1)[-1], text, kind, said, arn)


def versions(arn: str, policy: ManagedPolicy) -> Iterator[Document]:
    """The versions of a managed policy: the one in force, then the newest first."""
    for version in sorted(policy.versions.values(), key=lambda v: v.created, reverse=True):
        if version.id == policy.default_version:
            yield _version(arn, version.id, version.text, f"in force, {version.created:%Y-%m-%d}")
    for version in sorted(policy.versions.values(), key=lambda v: v.created, reverse=True):
        if version.id != policy.default_version:
            yield _version(arn, version.id, version.text, f"{version.created:%Y-%m-%d}")


def _version(arn: str, number: str, text: str, note: str) -> Document:
    return Document(f"{arn}@{number}", number, text, PolicyType.IDENTITY, note)


def names_of(estate: Estate, kind: PolicyType) -> Iterator[str]:
    """Names of the documents that can be compared with one of a type, managed policies first."""
    if kind in ORGANIZATION.values():
        for organization in estate.organizations.values():
            held = organization.policies.values()
            yield from (policy.id for policy in held if ORGANIZATION.get(policy.type) is kind)
        return
    accounts = tuple(estate.accounts.values())
    if kind is PolicyType.TRUST:
        yield from (f"{a.role_arn(role)}#trust" for a in accounts for role in a.roles.values())
    elif kind in {PolicyType.RESOURCE, PolicyType.VPC_ENDPOINT}:
        yield from (arn for a in accounts for arn, held in a.resources.items() if held.policy)
        yield from (e.id for a in accounts for e in a.vpc_endpoints.values() if e.policy)
    else:
        for account in accounts:
            for arn, policy in account.policies.items():
                yield from (f"{arn}@{number}" for number in policy.versions)
        yield from (name for account in accounts for name in _inlines(account))
        yield from sorted(estate.managed)


def _inlines(account: Account) -> Iterator[str]:
    for user in account.users.values():
        yield from (f"{account.user_arn(user)}#{name}" for name in user.inline)
    for group in account.groups.values():
        yield from (f"{account.group_arn(group)}#{name}" for name in group.inline)
    for role in account.roles.values():
        yield from (f"{account.role_arn(role)}#{name}" for name in role.inline)
