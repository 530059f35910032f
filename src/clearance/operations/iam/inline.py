"""Inline policies of users, groups and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate
from clearance.model.policy import PolicyType
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.documents import encoded, read_document, size
from clearance.operations.iam.faults import limit_exceeded, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import (
    KINDS,
    Kind,
    Owner,
    account_of,
    keep,
    modifiable,
    owner_named,
    with_owner,
)
from clearance.operations.iam.paging import page

__all__ = ["OPERATIONS"]


def _text(kind: Kind, owner: Owner, given: Input) -> str:
    found = owner.inline.get(given["PolicyName"])
    if found is None:
        name = given["PolicyName"]
        raise no_such_entity(f"The {kind.noun} policy with name {name} cannot be found.")
    return found


def _put(kind: Kind) -> Operation:
    def put_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        owner = modifiable(owner_named(account, kind, given))
        read_document(given["PolicyDocument"], PolicyType.IDENTITY)
        inline = {**owner.inline, given["PolicyName"]: given["PolicyDocument"]}
        if sum(size(text) for text in inline.values()) > kind.inline_quota:
            raise limit_exceeded(
                f"Maximum policy size of {kind.inline_quota} bytes exceeded for {kind.noun} "
                f"{owner.name}"
            )
        return keep(estate, with_owner(account, kind, replace(owner, inline=inline)))

    return put_policy


def _get(kind: Kind) -> Operation:
    def get_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        owner = owner_named(account_of(estate, call), kind, given)
        return estate, {
            kind.member: owner.name,
            "PolicyName": given["PolicyName"],
            "PolicyDocument": encoded(_text(kind, owner, given)),
        }

    return get_policy


def _delete(kind: Kind) -> Operation:
    def delete_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        owner = modifiable(owner_named(account, kind, given))
        _text(kind, owner, given)
        inline = {k: text for k, text in owner.inline.items() if k != given["PolicyName"]}
        return keep(estate, with_owner(account, kind, replace(owner, inline=inline)))

    return delete_policy


def _list(kind: Kind) -> Operation:
    def list_policies(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        owner = owner_named(account_of(estate, call), kind, given)
        names, rest = page(given, owner.inline, str)
        return estate, {"PolicyNames": names, **rest}

    return list_policies


OPERATIONS: Final[Mapping[str, Operation]] = {
    name: operation
    for kind in KINDS
    for noun in [kind.noun.capitalize()]
    for name, operation in (
        (f"Put{noun}Policy", checked(_put(kind), kind.member, "PolicyName", "PolicyDocument")),
        (f"Get{noun}Policy", checked(_get(kind), kind.member, "PolicyName")),
        (f"Delete{noun}Policy", checked(_delete(kind), kind.member, "PolicyName")),
        (f"List{noun}Policies", checked(_list(kind), kind.member)),
    )
}
