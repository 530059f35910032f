"""Recorded calls made on an estate: by the operations themselves, with the answers AWS gave.

What AWS accepted is not refused here: what an estate lacks is put into it first, what it has too
much does not hinder. Where a record does not tell enough, nothing changes and the reason is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast

from clearance.batch.changes.events import Done
from clearance.batch.changes.lacking import partition_of, prepared, with_function
from clearance.batch.changes.recorded import Recorded, moment
from clearance.batch.changes.resources import RESOURCES
from clearance.batch.who import who
from clearance.model.errors import ClearanceError
from clearance.model.estate import Account, Estate, TrustPolicy
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Operation, Ports
from clearance.operations.fault import OperationError
from clearance.operations.iam import OPERATIONS as IAM
from clearance.operations.lambda_ import OPERATIONS as LAMBDA
from clearance.operations.organizations import OPERATIONS as ORGANIZATIONS

__all__ = ["Folded", "fold"]

_OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "iam": IAM,
    "lambda": LAMBDA,
    "organizations": ORGANIZATIONS,
}
# Hidden in every record; whoever signs in with it is not told apart by it.
T = TypeVar("T")
_PASSWORD: Final = "Not-1-that-was-recorded!"  # noqa: S105
# Calls whose effect lies outside of what an estate holds.
_BESIDE: Final = frozenset({"UpdateFunctionCode", "CreateServiceSpecificCredential"})
_CODE: Final = frozenset({"CreateFunction"})  # its code is not recorded


@dataclass(frozen=True, slots=True)
class Folded:
    """The estate after a call, and ``base``: before it, with all that the call speaks of in it.

    ``problem`` says why nothing was folded, ``lacking`` what the estate did not hold before and of
    which only this change is known.
    """

    base: Estate
    estate: Estate
    problem: str | None = None
    lacking: tuple[str, ...] = ()


def fold(estate: Estate, done: Done) -> Folded:
    """The estate after a recorded call."""
    if estate.account(done.account) is None:
        estate = estate.with_account(Account(done.account, partition_of(done)))
    if done.error is not None:
        return Folded(estate, estate, "the call failed")
    direct = RESOURCES.get((done.service, done.operation))
    if direct is not None:
        made = direct(estate, done)
        problem = None if made else "the record does not tell enough"
        return Folded(estate, made or estate, problem)
    operation = _OPERATIONS.get(done.service, {}).get(done.operation)
    if operation is None or done.operation in _BESIDE:
        return Folded(estate, estate, "an estate does not hold what this changes")
    if done.operation in _CODE:
        return Folded(estate, with_function(estate, done))
    ready, lacking = prepared(estate, done)
    call = _call(ready, done)
    given = {**done.given}
    if done.operation in {"CreateLoginProfile", "UpdateLoginProfile", "ChangePassword"}:
        given.setdefault("Password", _PASSWORD)
    try:
        changed, _ = operation(ready, call, given)
    except OperationError as error:
        insisted = _insisted(ready, done, call, operation, error)
        if insisted is None:
            return Folded(estate, estate, error.message)
        changed = insisted
    except (AttributeError, ClearanceError, KeyError, TypeError, ValueError) as error:
        problem = f"the record does not tell enough ({type(error).__name__})"
        return Folded(estate, estate, problem)
    return Folded(ready, changed, lacking=lacking)


def _insisted(
    estate: Estate, done: Done, call: Call, operation: Operation, error: OperationError
) -> Estate | None:
    """The change all the same, where our estate refuses what AWS did not."""
    if error.code == "MalformedPolicyDocument" and done.text("RoleName"):
        return _trusted(estate, done, call, operation)
    account = estate.account(done.account) or Account(done.account)
    if done.operation == "UpdateFunctionConfiguration" and done.text("Role"):
        return _with_role(estate, account, done)
    if error.code != "DeleteConflict":
        return None
    match done.operation:
        case "DeleteUser":
            users = _without(account.users, done.text("UserName"))
            return estate.with_account(replace(account, users=users))
        case "DeleteRole":
            roles = _without(account.roles, done.text("RoleName"))
            return estate.with_account(replace(account, roles=roles))
        case "DeleteGroup":
            groups = _without(account.groups, done.text("GroupName"))
            return estate.with_account(replace(account, groups=groups))
        case "DeletePolicy":
            policies = _without(account.policies, done.text("PolicyArn"))
            return estate.with_account(replace(account, policies=policies))
    return None


def _with_role(estate: Estate, account: Account, done: Done) -> Estate | None:
    """A function with another role, whom that may trust in our estate."""
    name = (done.text("FunctionName") or "").rpartition(":function:")[2].partition(":")[0]
    function = account.functions.get(f"{done.region}/{name}")
    if function is None:
        return None
    changed = replace(function, latest=replace(function.latest, role=done.text("Role") or ""))
    functions = {**account.functions, function.key: changed}
    return estate.with_account(replace(account, functions=functions))


def _without(table: Mapping[str, T], name: str | None) -> Mapping[str, T]:
    return {key: value for key, value in table.items() if key != name}


def _trusted(estate: Estate, done: Done, call: Call, operation: Operation) -> Estate | None:
    """A trust policy that names somebody who is in no estate."""
    names = ("PolicyDocument", "AssumeRolePolicyDocument")
    member = next((name for name in names if name in done.given), None)
    document = done.text(*names)
    if member is None or document is None:
        return None
    try:
        changed, _ = operation(estate, call, {**done.given, member: _trusting(done.account)})
    except OperationError:
        return None
    account = changed.accounts[done.account]
    role = account.roles.get(done.text("RoleName") or "")
    if role is None:
        return None
    roles = {**account.roles, role.name: replace(role, trust=TrustPolicy(document))}
    return changed.with_account(replace(account, roles=roles))


def _trusting(account: str) -> str:
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _call(estate: Estate, done: Done) -> Call:
    told = who(done.identity, estate, ())
    principal = told.principal or Principal(PrincipalKind.ANONYMOUS, account=done.account)
    ports = cast("Ports", Recorded(done))
    return Call(principal, done.account, done.region, moment(done.when), ports, done.id)
