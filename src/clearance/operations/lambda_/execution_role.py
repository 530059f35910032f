"""A function's role: in the function's account, there, and trusting Lambda (R223)."""

from __future__ import annotations

from datetime import datetime

from clearance.decide import authorize
from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request
from clearance.operations.constraints import Text, check
from clearance.operations.lambda_.faults import VALIDATION, forbidden, invalid
from clearance.operations.sts.assume_role import find_role

__all__ = ["refuse_untrusted_role", "trusts_lambda"]

_ROLE = Text(0, 10000, r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")


def trusts_lambda(estate: Estate, role_arn: str, function_arn: str, now: datetime) -> bool:
    """True when Lambda may assume the role for this function."""
    parts = Arn.find(function_arn)
    account = parts.account if parts else None
    request = Request(
        Principal(PrincipalKind.SERVICE, "lambda.amazonaws.com"),
        "sts:AssumeRole",
        role_arn,
        # Undocumented: which keys Lambda sends here. Roles that guard against the confused deputy
        # with aws:SourceAccount are in use (terraform-aws-lambda pull request 771); aws:SourceArn
        # is by analogy with the services that document both.
        Context.of(
            {
                "aws:SourceArn": function_arn,
                **({"aws:SourceAccount": account} if account else {}),
                "aws:PrincipalIsAWSService": True,
                "aws:PrincipalServiceName": "lambda.amazonaws.com",
                "aws:SecureTransport": True,
            },
            complete=True,
        ),
    )
    return authorize(estate, request, now=now).allowed


def refuse_untrusted_role(
    estate: Estate, account: Account, role_arn: str | None, function_arn: str, now: datetime
) -> None:
    """Refuse a role that Lambda could not run the function with.

    Raises:
        OperationError: as Lambda words it.
    """
    check({"Role": role_arn}, {"Role": _ROLE}, VALIDATION, required=("Role",))
    arn = role_arn or ""
    if arn.split(":")[4] != account.id:
        raise forbidden("Cross-account pass role is not allowed.")
    if find_role(estate, arn) is None or not trusts_lambda(estate, arn, function_arn, now):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")
