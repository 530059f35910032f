"""What the estate could not tell about a request; an answer should say what it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from clearance.model.arn import Arn
from clearance.model.decision import Note
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = ["gaps"]

MOST: Final = 4
_ACCOUNT: Final = re.compile(r"\b\d{12}\b")
# What a source may have gone without, by the service whose requests it matters to.
_KINDS: Final = {
    "functions": "lambda",
    "layers": "lambda",
    "queues": "sqs",
    "topics": "sns",
    "buckets": "s3",
    "keys": "kms",
    "secrets": "secretsmanager",
    "repositories": "ecr",
    "tables": "dynamodb",
}

HELD = frozenset(
    {
        PrincipalKind.USER,
        PrincipalKind.ROLE,
        PrincipalKind.ROLE_SESSION,
        PrincipalKind.FEDERATED_USER,
    }
)


def gaps(estate: Estate, request: Request, owner: str | None) -> tuple[Note, ...]:
    """Every hole in the estate that this request falls into."""
    return (
        *_caller(estate, request.principal),
        *_resource(estate, request, owner),
        *_endpoint(estate, request),
        *_unread(estate, request, owner),
    )


def _unread(estate: Estate, request: Request, owner: str | None) -> Iterator[Note]:
    """What the estate was read without, if it may matter here; the rest is only counted."""
    about = [text for text in estate.missing if _concerns(text, request, owner)]
    for text in about[:MOST]:
        yield Note("R50", f"the estate was read without {text}")
    if len(about) > MOST:
        yield Note("R50", f"the estate was read without {len(about) - MOST} more parts")


def _concerns(text: str, request: Request, owner: str | None) -> bool:
    """False for a part of another account, or of a service the request does not touch."""
    accounts = _ACCOUNT.findall(text)
    if accounts and not {request.principal.account, owner} & set(accounts):
        return False
    kind = text.partition(" of ")[0].lower()
    service = request.action.partition(":")[0].lower()
    return _KINDS.get(kind, service) == service


def _caller(estate: Estate, caller: Principal) -> Iterator[Note]:
    if caller.kind not in HELD:
        return
    account = estate.account(caller.account)
    if account is None:
        yield Note(
            "R50",
            f"the estate does not hold account `{caller.account}`: the caller's policies are "
            "unknown and count as none",
        )
    elif not _is_held(account, caller.policy_subject):
        yield Note("R50", f"the estate does not hold `{caller.policy_subject}`")


def _is_held(account: Account, arn: str) -> bool:
    name = arn.rsplit("/", 1)[-1]
    user, role = account.users.get(name), account.roles.get(name)
    return (user is not None and account.user_arn(user) == arn) or (
        role is not None and account.role_arn(role) == arn
    )


def _resource(estate: Estate, request: Request, owner: str | None) -> Iterator[Note]:
    arn = Arn.find(request.resource)
    if arn is None:
        return
    if owner is None:
        yield Note(
            "R70",
            f"the estate does not say who owns `{request.resource}`; it is taken as the caller's",
        )
    elif estate.account(owner) is None:
        yield Note(
            "R70",
            f"the estate does not hold account `{owner}`: the resource's policies are unknown and "
            "count as none",
        )
    elif ":key/" in request.resource and arn.service == "kms":
        account = estate.account(owner)
        if account is not None and request.resource not in account.resources:
            yield Note("R100", f"the estate does not hold the key policy of `{request.resource}`")


def _endpoint(estate: Estate, request: Request) -> Iterator[Note]:
    values = request.context.get("aws:SourceVpce")
    if values and not any(values[0] in a.vpc_endpoints for a in estate.accounts.values()):
        yield Note(
            "R77",
            f"the estate does not hold VPC endpoint `{values[0]}`: its policy is taken to allow "
            "everything, as the default does",
        )
