"""AssumeRoot: a few tasks as the root user of a member account (R99a)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.credentials import issue
from clearance.operations.sts.passed import INVALID

__all__ = ["TASK_POLICIES", "assume_root"]

_LIMIT: Final = 900
_RULES: Final[dict[str, Rule]] = {
    "TargetPrincipal": Text(12, 2048),
    "DurationSeconds": Number(0, _LIMIT),
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-access-management.html: which of
# the organization's root features allows a task.
TASK_POLICIES: Final = {
    "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials": "RootCredentialsManagement",
    "arn:aws:iam::aws:policy/root-task/IAMCreateRootUserPassword": "RootCredentialsManagement",
    "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials": "RootCredentialsManagement",
    "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy": "RootSessions",
    "arn:aws:iam::aws:policy/root-task/SQSUnlockQueuePolicy": "RootSessions",
}
_TARGET: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?")


def assume_root(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Open a short session of a member account's root user, narrowed to one task.

    The words of the refusals are ours: AWS documents the conditions, not the texts.
    """
    check(given, _RULES, INVALID, required=("TargetPrincipal", "TaskPolicyArn"))
    task = (given["TaskPolicyArn"] or {}).get("arn")
    feature = TASK_POLICIES.get(task or "")
    text = estate.managed_text(task) if task else None
    if feature is None or text is None:
        raise OperationError(INVALID, f"The task policy {task} does not exist.")
    caller = call.principal
    if caller.kind is PrincipalKind.ROOT:
        raise _denied("root credentials cannot be used for sts:AssumeRoot")
    account = _target(estate, caller, given["TargetPrincipal"])
    organization = estate.organization_of(caller.account)
    if organization is None or feature not in organization.root_features:
        raise _denied(f"{feature} is not enabled in the organization")
    seconds = given.get("DurationSeconds") or _LIMIT
    expires = call.now.replace(microsecond=0) + timedelta(seconds=seconds)
    source = caller.session.source_identity if caller.session else None
    principal = Principal(
        PrincipalKind.ROOT,
        account.root_arn,
        account.id,
        account.partition,
        unique_id=account.id,
        tags={},
        session=Session(
            policies=(text,),
            policy_arns=(task,) if task else (),
            issued=call.now,
            expires=expires,
            source_identity=source,
            mfa=False,
            assumed_root=True,
        ),
    )
    output: dict[str, object] = {"Credentials": issue(principal, expires, call.ports).output}
    if source is not None:
        output["SourceIdentity"] = source
    return estate, output


def _target(estate: Estate, caller: Principal, target: str) -> Account:
    """The member account; its own organization's management account, or IAM's delegate, asks."""
    found = _TARGET.fullmatch(target)
    account = estate.account(found[1]) if found else None
    organization = estate.organization_of(caller.account)
    if found is None or account is None:
        raise OperationError(INVALID, f"{target} is invalid")
    if organization is None or account.id not in organization.accounts:
        raise _denied("the account is not a member of the caller's organization")
    delegates = organization.delegated.get(caller.account or "", {})
    manages = caller.account == organization.management_account
    if not manages and "iam.amazonaws.com" not in delegates:
        raise _denied("only the management account or IAM's delegated administrator may ask")
    if account.id == organization.management_account:
        raise _denied("the management account's root user cannot be assumed")
    return account


def _denied(why: str) -> OperationError:
    return OperationError("AccessDenied", f"Not authorized to perform sts:AssumeRoot: {why}", 403)
