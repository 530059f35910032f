"""Policies in requests: refused by our own parser first, in the words of their service."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clearance.decide import authorize, s3
from clearance.decide.attach import attach
from clearance.model.errors import PolicyError
from clearance.model.estate import Account, Estate, Resource
from clearance.model.policy import PolicyType
from clearance.model.principal import PrincipalKind
from clearance.model.request import Context, Request
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.parse.document import parse_policy

__all__ = ["refuse_policy"]


@dataclass(frozen=True, slots=True)
class _Form:
    """Where an operation carries a policy and how its service refuses one.

    ``{}`` in ``text`` stands for what is wrong.
    """

    path: tuple[str, ...]
    code: str
    text: str
    status: int = 400


_SQS: Final = ("InvalidAttributeValue", "Invalid value for the parameter Policy.")
_SNS: Final = ("InvalidParameter", "Invalid parameter: Policy Error: {}")
_KMS: Final = "MalformedPolicyDocumentException"
_FORMS: Final[Mapping[tuple[str, str], _Form]] = {
    ("s3", "PutBucketPolicy"): _Form(("Policy",), "MalformedPolicy", "{}"),
    ("sqs", "CreateQueue"): _Form(("Attributes", "Policy"), *_SQS),
    ("sqs", "SetQueueAttributes"): _Form(("Attributes", "Policy"), *_SQS),
    ("sns", "CreateTopic"): _Form(("Attributes", "Policy"), *_SNS),
    ("sns", "SetTopicAttributes"): _Form(("AttributeValue",), *_SNS),
    ("kms", "CreateKey"): _Form(("Policy",), _KMS, "{}"),
    ("kms", "PutKeyPolicy"): _Form(("Policy",), _KMS, "{}"),
    ("secretsmanager", "PutResourcePolicy"): _Form(
        ("ResourcePolicy",), _KMS, "This resource policy contains a syntax error: {}"
    ),
    ("dynamodb", "PutResourcePolicy"): _Form(
        ("Policy",), "ValidationException", "Invalid policy document: {}"
    ),
    ("dynamodb", "CreateTable"): _Form(
        ("ResourcePolicy",), "ValidationException", "Invalid policy document: {}"
    ),
    ("logs", "PutResourcePolicy"): _Form(
        ("policyDocument",), "InvalidParameterException", "Invalid policy document: {}"
    ),
    ("events", "PutPermission"): _Form(
        ("Policy",), "ValidationException", "Invalid policy document: {}"
    ),
    ("apigateway", "CreateRestApi"): _Form(
        ("policy",), "BadRequestException", "Invalid policy document: {}"
    ),
}


def refuse_policy(
    estate: Estate, call: Call, service: str, operation: str, given: Mapping[str, Any]
) -> None:
    """Refuse a policy that cannot be read, that is public where that is blocked, or locks out.

    Raises:
        OperationError: in the words of the service.
    """
    form = _FORMS.get((service, operation))
    if form is None or (
        operation == "SetTopicAttributes" and given.get("AttributeName") != "Policy"
    ):
        return
    text: Any = given
    for step in form.path:
        text = text.get(step) if isinstance(text, Mapping) else None
    if not isinstance(text, str) or (not text and service == "sqs"):
        return  # SetQueueAttributes takes a policy away with an empty text
    wrong = _wrong(estate, service, text)
    if wrong is not None:
        raise OperationError(form.code, form.text.format(wrong), form.status)
    for more in _MORE.get((service, operation), ()):
        more(estate, call, given, text)


def _wrong(estate: Estate, service: str, text: str) -> str | None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        if service == "s3":
            return "Policies must be valid JSON and the first byte must be '{'"
        return "the policy is not valid JSON"
    try:
        policy = parse_policy(text, PolicyType.RESOURCE)
    except PolicyError as error:
        return str(error)
    for statement in policy.statements:
        if statement.principals is None:
            return "Missing required field Principal"
        if not all(_exists(estate, name) for name in statement.principals.aws):
            return "Invalid principal in policy"
    return None


def _exists(estate: Estate, name: str) -> bool:
    """False for a user or role that an account of the estate does not have."""
    parts = name.split(":", 5)
    account = estate.account(parts[4]) if len(parts) > 5 else None  # noqa: PLR2004
    if account is None or parts[2] != "iam":
        return True
    kind, _, path = parts[5].partition("/")
    short = path.rsplit("/", 1)[-1]
    if kind == "user":
        user = account.users.get(short)
        return user is not None and account.user_arn(user) == name
    if kind == "role":
        role = account.roles.get(short)
        return role is not None and account.role_arn(role) == name
    return True


def _bucket(estate: Estate, given: Mapping[str, Any]) -> tuple[Account, Resource] | None:
    for account in estate.accounts.values():
        held = account.resources.get(f"arn:{account.partition}:s3:::{given.get('Bucket')}")
        if held is not None:
            return account, held
    return None


def _about_the_bucket(_: Estate, call: Call, given: Mapping[str, Any], text: str) -> None:
    """Every resource of a bucket policy lies in the bucket."""
    start = f"arn:{call.principal.partition}:s3:::{given.get('Bucket')}"
    for statement in parse_policy(text, PolicyType.RESOURCE).statements:
        for arn in statement.resources or ():
            if arn not in {start, "*"} and not arn.startswith((f"{start}/", f"{start}*")):
                raise OperationError("MalformedPolicy", "Policy has invalid resource")


def _not_public(estate: Estate, _: Call, given: Mapping[str, Any], text: str) -> None:
    """BlockPublicPolicy refuses a policy that S3 calls public."""
    found = _bucket(estate, given)
    if found is None or found[1].attributes.get("BlockPublicPolicy", "false") != "true":
        return
    if s3.is_public(attach(text, PolicyType.RESOURCE, "bucket policy", to=found[1].arn)):
        raise OperationError("AccessDenied", "Access Denied", 403)


def _keeps_a_door(estate: Estate, call: Call, given: Mapping[str, Any], text: str) -> None:
    """The caller must be able to change the key policy again, unless it says it knows better."""
    if given.get("BypassPolicyLockoutSafetyCheck") is True:
        return
    account = estate.account(call.account)
    if account is None:
        return
    arn = f"arn:{account.partition}:kms:{call.region}:{account.id}:key/new"
    tried = replace(account, resources={arn: Resource(arn, text, attributes={})})
    request = Request(
        call.principal, "kms:PutKeyPolicy", arn, Context.of({}, complete=False), account.id
    )
    if call.principal.kind is PrincipalKind.ROOT:
        request = replace(request, context=Context.of({}, complete=True))
    if not authorize(estate.with_account(tried), request, now=call.now).allowed:
        raise OperationError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


_Check = Callable[[Estate, Call, Mapping[str, Any], str], None]
_MORE: Final[Mapping[tuple[str, str], tuple[_Check, ...]]] = {
    ("s3", "PutBucketPolicy"): (_about_the_bucket, _not_public),
    ("kms", "CreateKey"): (_keeps_a_door,),
    ("kms", "PutKeyPolicy"): (_keeps_a_door,),
}
