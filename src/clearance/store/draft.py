"""Draft: an estate that is being written, for sources that tell it piece by piece."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from clearance.model.errors import RequestError
from clearance.model.estate import (
    Account,
    Estate,
    Group,
    ManagedPolicy,
    Organization,
    PolicyVersion,
    Resource,
    Role,
    TrustPolicy,
    User,
)
from clearance.model.function import Function, FunctionPolicy
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.permissions import permission_statement
from clearance.operations.lambda_.principals import principal_element
from clearance.store.snapshot.node import UNKNOWN_TIME

__all__ = ["Draft", "key_policy", "stand_in", "stand_in_uuid"]

Identity = User | Group | Role
_KINDS: Final = {"user": "users", "group": "groups", "role": "roles"}


def stand_in(prefix: str, name: str) -> str:
    """A unique ID for something that has none yet; the same name gives the same ID."""
    digest = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()
    return f"{prefix}{digest[:17]}"


def stand_in_uuid(name: str) -> str:
    """The same as a UUID, for keys."""
    return str(uuid5(NAMESPACE_URL, name))


def key_policy(account: str, partition: str = "aws") -> str:
    """The policy of a KMS key that was made without one."""
    # "The default key policy ... gives the AWS account that owns the KMS key permission to use IAM
    # policies to allow access to all AWS KMS operations" (KMS, Default key policy).
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


class Draft:
    """Tables of accounts that may be changed until the estate is taken.

    ``managed`` are the AWS managed policies that are known, by ARN; those in use are kept.
    """

    def __init__(
        self, estate: Estate, about: str, managed: Mapping[str, str] | None = None
    ) -> None:
        self._estate = estate
        self._managed = managed or {}
        self._about = about
        self._accounts: dict[str, Account] = dict(estate.accounts)
        self._tables: dict[tuple[str, str], dict[str, Any]] = {}
        self._notes: dict[str, None] = dict.fromkeys(estate.missing)
        self.organizations: dict[str, Organization] = dict(estate.organizations)

    def note(self, text: str) -> None:
        """Remember what the source does not tell."""
        self._notes[f"{text} ({self._about})"] = None

    def account(self, number: str) -> Account:
        """The account, made if it is new; its tables may be out of date."""
        return self._accounts.setdefault(number, Account(number))

    def set_account(self, number: str, **values: Any) -> None:  # noqa: ANN401 - any field
        """Change fields of the account that are no tables."""
        self._accounts[number] = replace(self.account(number), **values)

    def table(self, account: str, name: str) -> dict[str, Any]:
        """A table of the account, to be changed in place."""
        found = self._tables.get((account, name))
        if found is None:
            found = dict(getattr(self.account(account), name))
            self._tables[account, name] = found
        return found

    def estate(self) -> Estate:
        """The estate as it stands now."""
        for number in list(self._accounts):
            changed: dict[str, Any] = {n: t for (a, n), t in self._tables.items() if a == number}
            self._accounts[number] = replace(self._accounts[number], **changed)
        texts = self._managed_in_use()
        return replace(
            self._estate,
            accounts=self._accounts,
            managed={**texts, **self._estate.managed},
            organizations=self.organizations,
            missing=tuple(self._notes),
        )

    # --- identities -------------------------------------------------------------------------------

    def put_user(self, account: str, name: str, **values: Any) -> None:  # noqa: ANN401
        """Make a user, or change one and leave what hangs on it."""
        users = self.table(account, "users")
        before = users.get(name) or User(name, stand_in("AIDA", f"{account}/{name}"), UNKNOWN_TIME)
        users[name] = replace(before, **values)

    def put_group(self, account: str, name: str, **values: Any) -> None:  # noqa: ANN401
        """Make a group, or change one and leave what hangs on it."""
        groups = self.table(account, "groups")
        made = Group(name, stand_in("AGPA", f"{account}/{name}"), UNKNOWN_TIME)
        groups[name] = replace(groups.get(name) or made, **values)

    def put_role(self, account: str, name: str, trust: str | None, **values: Any) -> None:  # noqa: ANN401
        """Make a role, or change one; without a trust policy nobody can assume a new one."""
        roles = self.table(account, "roles")
        unique_id = stand_in("AROA", f"{account}/{name}")
        nobody = '{"Version":"2012-10-17","Statement":[]}'
        before = roles.get(name) or Role(name, unique_id, UNKNOWN_TIME, TrustPolicy(nobody))
        if trust is not None and trust != before.trust.text:
            before = replace(before, trust=TrustPolicy(trust))
        roles[name] = replace(before, **values)

    def put_inline(self, account: str, kind: str, name: str, policy: str, text: str | None) -> None:
        """Give an identity an inline policy, or take it away."""
        found = self._identity(account, kind, name)
        if found is not None:
            inline = {n: t for n, t in found.inline.items() if n != policy}
            if text is not None:
                inline[policy] = text
            self.table(account, _KINDS[kind])[name] = replace(found, inline=inline)

    def attach(self, account: str, kind: str, name: str, arn: str, *, on: bool = True) -> None:
        """Attach a managed policy to an identity, or detach it."""
        found = self._identity(account, kind, name)
        if found is not None:
            attached = tuple(a for a in found.attached if a != arn)
            attached = (*attached, arn) if on else attached
            self.table(account, _KINDS[kind])[name] = replace(found, attached=attached)

    def join(self, account: str, user: str, group: str, *, on: bool = True) -> None:
        """Put a user into a group, or take it out."""
        found = self._identity(account, "user", user)
        if isinstance(found, User):
            groups = tuple(g for g in found.groups if g != group)
            groups = (*groups, group) if on else groups
            self.table(account, "users")[user] = replace(found, groups=groups)

    def put_policy(self, account: str, arn: str, text: str, **values: Any) -> None:  # noqa: ANN401
        """Make a managed policy, or put a new default version into one."""
        policies = self.table(account, "policies")
        before: ManagedPolicy | None = policies.get(arn)
        if before is None:
            first = {"v1": PolicyVersion("v1", text, UNKNOWN_TIME)}
            name = arn.rpartition("/")[2]
            before = ManagedPolicy(name, stand_in("ANPA", arn), UNKNOWN_TIME, UNKNOWN_TIME, first)
        elif before.text != text:
            number = f"v{before.next_version}"
            versions = {**before.versions, number: PolicyVersion(number, text, UNKNOWN_TIME)}
            before = replace(
                before,
                versions=versions,
                default_version=number,
                next_version=before.next_version + 1,
            )
        policies[arn] = replace(before, **values)

    def _identity(self, account: str, kind: str, name: str) -> Any:  # noqa: ANN401 - an Identity
        found = self.table(account, _KINDS[kind]).get(name)
        if found is None:
            self.note(f"{kind} `{name}` of {account}, which is changed but not made here")
        return found

    # --- resources --------------------------------------------------------------------------------

    def put_resource(
        self,
        account: str,
        arn: str,
        *,
        tags: Mapping[str, str] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Make a resource, or change one; its policy stays."""
        resources = self.table(account, "resources")
        before: Resource = resources.get(arn) or Resource(arn)
        resources[arn] = replace(
            before,
            tags=before.tags if tags is None else tags,
            attributes={**before.attributes, **(attributes or {})},
        )

    def put_resource_policy(self, account: str, arn: str, text: str | None) -> None:
        """Give a resource a policy, or take it away."""
        resources = self.table(account, "resources")
        resources[arn] = replace(resources.get(arn) or Resource(arn), policy=text)

    # --- functions --------------------------------------------------------------------------------

    def function(self, account: str, region: str, name: str) -> Function | None:
        """The function, if it is known."""
        found: Function | None = self.table(account, "functions").get(f"{region}/{name}")
        return found

    def put_function(self, account: str, function: Function) -> None:
        """Make or replace a function."""
        self.table(account, "functions")[function.key] = function

    def add_permission(
        self, account: str, region: str, name: str, given: Mapping[str, Any]
    ) -> None:
        """Add a statement to a function's policy; one with the same Sid is replaced.

        ``given`` is the input of AddPermission.
        """
        function = self.function(account, region, name)
        if function is None:
            self.note(f"function `{name}` of {account}, which is shared but not made here")
            return
        qualifier = str(given.get("Qualifier") or "")
        arn = function.arn(account, qualifier, self.account(account).partition)
        try:
            partition = self.account(account).partition
            principal = principal_element(Estate(), str(given["Principal"]), partition)
        except (OperationError, RequestError):
            self.note(f"a permission of {arn}: `{given['Principal']}` is no principal")
            return
        statement = permission_statement(given, principal, arn)
        held = [s for s in _statements(function, qualifier) if s.get("Sid") != statement["Sid"]]
        self._save_policy(account, function, qualifier, [*held, statement])

    def remove_permission(
        self, account: str, region: str, name: str, sid: str, qualifier: str = ""
    ) -> None:
        """Take a statement out of a function's policy."""
        function = self.function(account, region, name)
        if function is not None:
            held = [s for s in _statements(function, qualifier) if s.get("Sid") != sid]
            self._save_policy(account, function, qualifier, held)

    def _save_policy(
        self, account: str, function: Function, qualifier: str, statements: list[Any]
    ) -> None:
        policies = {q: p for q, p in function.policies.items() if q != qualifier}
        if statements:
            document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
            before = function.policies.get(qualifier)
            policies[qualifier] = FunctionPolicy(
                json.dumps(document, separators=(",", ":")),
                before.revision_id if before else "",
                before.pins if before else {},
            )
        self.put_function(account, replace(function, policies=policies))

    def _managed_in_use(self) -> dict[str, str]:
        """AWS's managed policies that are attached; those whose text nobody told are noted."""
        found: dict[str, str] = {}
        held = replace(self._estate, accounts=self._accounts)
        for account in self._accounts.values():
            identities: list[Identity] = [*account.users.values(), *account.groups.values()]
            for identity in [*identities, *account.roles.values()]:
                boundary = getattr(identity, "boundary", None)
                for arn in [*identity.attached, *([boundary] if boundary else [])]:
                    if held.managed_text(arn) is not None:
                        continue
                    if arn in self._managed:
                        found[arn] = self._managed[arn]
                    else:
                        self.note(f"the text of `{arn}`")
        return found


def _statements(function: Function, qualifier: str) -> list[dict[str, Any]]:
    policy = function.policies.get(qualifier)
    if policy is None:
        return []
    try:
        held = json.loads(policy.text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return list(held) if isinstance(held, list) else [held]
