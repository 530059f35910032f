"""What a recorded call speaks of and the estate does not hold: put into it, empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.batch.changes.events import Done
from clearance.batch.changes.recorded import moment
from clearance.explain.evidence import text_of
from clearance.model.estate import (
    Account,
    Estate,
    Group,
    ManagedPolicy,
    PolicyVersion,
    Role,
    TrustPolicy,
    User,
)
from clearance.model.function import Function, FunctionConfiguration

__all__ = ["partition_of", "prepared", "with_function"]

_NOTHING: Final = '{"Version":"2012-10-17","Statement":[]}'


def prepared(estate: Estate, done: Done) -> tuple[Estate, tuple[str, ...]]:
    """The estate with everything in it that the call speaks of."""
    account = estate.account(done.account) or Account(done.account, partition_of(done))
    lacking: list[str] = []
    if done.service == "iam":
        for make in (_user, _group, _role, _policy):
            account = make(account, done, lacking)
    elif done.service == "lambda":
        account = _function(account, done, lacking)
    if not lacking and estate.account(done.account) is not None:
        return estate, ()
    return estate.with_account(account), tuple(lacking)


def partition_of(done: Done) -> str:
    """The partition of the caller."""
    arn = text_of(done.identity, "arn") or ""
    return arn.split(":")[1] if arn.startswith("arn:") else "aws"


def _missing(done: Done, member: str, known: Mapping[str, Any]) -> str | None:
    """The name of something that should be there and is not."""
    name = done.text(member)
    if name is None or name in known or done.operation == f"Create{member.removesuffix('Name')}":
        return None
    return name


def _user(account: Account, done: Done, lacking: list[str]) -> Account:
    name = _missing(done, "UserName", account.users)
    if name is None:
        return account
    lacking.append(f"user {name}")
    made = User(name, "", moment(done.when))
    return replace(account, users={**account.users, name: made})


def _group(account: Account, done: Done, lacking: list[str]) -> Account:
    name = _missing(done, "GroupName", account.groups)
    if name is None:
        return account
    lacking.append(f"group {name}")
    made = Group(name, "", moment(done.when))
    return replace(account, groups={**account.groups, name: made})


def _role(account: Account, done: Done, lacking: list[str]) -> Account:
    name = _missing(done, "RoleName", account.roles)
    if name is None or done.operation == "CreateServiceLinkedRole":
        return account
    lacking.append(f"role {name}")
    made = Role(name, "", moment(done.when), TrustPolicy(""))  # whom it trusts nobody knows
    return replace(account, roles={**account.roles, name: made})


def _policy(account: Account, done: Done, lacking: list[str]) -> Account:
    arn = done.text("PolicyArn", "PermissionsBoundary")
    if arn is None or arn in account.policies or f":iam::{account.id}:policy/" not in arn:
        return account
    lacking.append(f"policy {arn.rpartition('/')[2]}")
    when = moment(done.when)
    asked = done.text("VersionId") or "v1"
    versions = {name: PolicyVersion(name, _NOTHING, when) for name in dict.fromkeys(("v1", asked))}
    path = "/" + arn.partition(":policy/")[2].rpartition("/")[0]
    made = ManagedPolicy(
        arn.rpartition("/")[2], "", when, when, versions, path=path if path == "/" else f"{path}/"
    )
    return replace(account, policies={**account.policies, arn: made})


def _function_name(done: Done) -> str | None:
    text = done.text("FunctionName")
    return (
        text.partition(":function:")[2].partition(":")[0] or text.partition(":")[0]
        if text
        else None
    )


def _function(account: Account, done: Done, lacking: list[str]) -> Account:
    name = _function_name(done)
    if name is None or f"{done.region}/{name}" in account.functions:
        return account
    lacking.append(f"function {name}")
    made = Function(name, done.region, _configuration(done, ""))
    return replace(account, functions={**account.functions, made.key: made})


def _configuration(done: Done, role: str) -> FunctionConfiguration:
    runtime, handler = (done.text(name) or "" for name in ("Runtime", "Handler"))
    return FunctionConfiguration(role, runtime, handler, "", 0, "", moment(done.when), done.id)


def with_function(estate: Estate, done: Done) -> Estate:
    """A function with the role it was given; its code is in no record."""
    account = estate.account(done.account) or Account(done.account, partition_of(done))
    name = _function_name(done) or ""
    made = Function(name, done.region, _configuration(done, done.text("Role") or ""))
    return estate.with_account(replace(account, functions={**account.functions, made.key: made}))
