"""Who owns an object, what an ACL grants, and what Block Public Access takes away (R76).

A bucket's settings are attributes of its Resource, named as the S3 API names them:
``ObjectOwnership``, ``RestrictPublicBuckets``, ``IgnorePublicAcls``; an object's are ``Owner`` (an
account ID) and ``Acl`` (a canned ACL).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from clearance.decide.attach import attach
from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Resource
from clearance.model.operators import OPERATORS
from clearance.model.policy import (
    AttachedPolicy,
    Condition,
    Effect,
    PolicyType,
    Principals,
    Quantifier,
    Statement,
)
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = ["is_object", "is_public", "object_owner", "policies_of"]

READ: Final = ("s3:GetObject", "s3:GetObjectVersion")
FULL: Final = (
    *READ,
    "s3:GetObjectAcl",
    "s3:GetObjectVersionAcl",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
)
PUBLIC_ACLS: Final = frozenset({"public-read", "public-read-write", "authenticated-read"})

# "To be considered non-public, a bucket policy must grant access only to fixed values ... for one
# or more of the following" (access-control-block-public-access).
FIXED: Final = frozenset(
    {
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
BROAD_V4: Final = 8
BROAD_V6: Final = 32


def is_object(arn: Arn) -> bool:
    """True for ``arn:aws:s3:::bucket/key``."""
    return arn.service == "s3" and not arn.account and "/" in arn.resource


def object_owner(arn: Arn, account: Account) -> str | None:
    """The account that wrote the object, where ACLs are in force and it is not the bucket's."""
    bucket = account.resources.get(_bucket(arn))
    thing = account.resources.get(str(arn))
    if not is_object(arn) or bucket is None or thing is None or _enforced(bucket):
        return None
    return thing.attributes.get("Owner")


def policies_of(
    estate: Estate, request: Request, arn: Arn, account: Account, owner: str
) -> tuple[AttachedPolicy, ...]:
    """The bucket policy as far as it counts for this caller, and the object's ACL.

    ``account`` holds the bucket, ``owner`` is the account that owns what is asked for.
    """
    bucket = account.resources.get(_bucket(arn))
    if bucket is None:
        return ()
    found: tuple[AttachedPolicy, ...] = ()
    if bucket.policy is not None:
        attached = attach(bucket.policy, PolicyType.RESOURCE, "bucket policy", to=bucket.arn)
        attached = _with_accounts(attached, estate)
        foreign = owner != account.id
        if foreign or _restricted(bucket, attached, request.principal, account):
            # "If the bucket owner does not own the object, ... only explicit deny" is looked for.
            attached = _only(attached, Effect.DENY)
        found = (attached,)
    acl = _acl(account.resources.get(str(arn)), bucket, owner, account.id)
    return (*found, acl) if acl else found


def is_public(attached: AttachedPolicy) -> bool:
    """True when S3 calls the bucket policy public: some Allow is not tied to fixed values."""
    return any(
        _open(statement)
        for statement in attached.policy.statements
        if statement.effect is Effect.ALLOW
    )


def _bucket(arn: Arn) -> str:
    return f"arn:{arn.partition}:s3:::{arn.resource.split('/', 1)[0]}"


def _enforced(bucket: Resource) -> bool:
    """Bucket owner enforced is the default since April 2023; ACLs then do not count."""
    setting = bucket.attributes.get("ObjectOwnership", "BucketOwnerEnforced")
    return setting == "BucketOwnerEnforced"


def _restricted(
    bucket: Resource, attached: AttachedPolicy, caller: Principal, account: Account
) -> bool:
    """RestrictPublicBuckets leaves a public bucket to services and its own account."""
    setting = bucket.attributes.get("RestrictPublicBuckets", "false").lower() == "true"
    inside = caller.kind is PrincipalKind.SERVICE or caller.account == account.id
    return setting and not inside and is_public(attached)


def _only(attached: AttachedPolicy, effect: Effect) -> AttachedPolicy:
    statements = tuple(s for s in attached.policy.statements if s.effect is effect)
    return replace(attached, policy=replace(attached.policy, statements=statements))


def _with_accounts(attached: AttachedPolicy, estate: Estate) -> AttachedPolicy:
    """CanonicalUser names an account by another ID (R27)."""
    known = {a.canonical_id: a.root_arn for a in estate.accounts.values() if a.canonical_id}

    def named(who: Principals | None) -> Principals | None:
        if who is None or not who.canonical_user:
            return who
        roots = (known[text] for text in who.canonical_user if text in known)
        return replace(who, aws=(*who.aws, *roots))

    statements = tuple(
        replace(s, principals=named(s.principals)) for s in attached.policy.statements
    )
    return replace(attached, policy=replace(attached.policy, statements=statements))


def _open(statement: Statement) -> bool:
    who = statement.principals
    everyone = who is None or who.everyone or statement.not_principals
    return everyone and not any(_fixed(condition) for condition in statement.conditions)


def _fixed(condition: Condition) -> bool:
    operator = OPERATORS[condition.operator]
    loose = condition.if_exists or condition.quantifier is Quantifier.ALL
    if operator.negated or loose or condition.key.lower() not in FIXED or not condition.values:
        return False
    check = _NARROW.get(condition.key.lower(), _plain)
    return all(check(value) for value in condition.values)


def _plain(value: str) -> bool:
    """A value without wildcard and without variable."""
    return not any(mark in value for mark in ("*", "?", "${"))


def _narrow_range(value: str) -> bool:
    """Ranges "broader than /8 for IPv4 and /32 for IPv6" are public."""
    address, _, prefix = value.partition("/")
    least = BROAD_V6 if ":" in address else BROAD_V4
    return not prefix or (prefix.isdecimal() and int(prefix) >= least)


def _access_point(value: str) -> bool:
    """The name may be a wildcard "as long as the account ID is fixed"."""
    arn = Arn.find(value)
    return arn is not None and _plain(arn.account) and bool(arn.account)


def _not_a_role_id(value: str) -> bool:
    """``aws:userid`` outside the pattern ``AROLEID:*``."""
    return _plain(value.removesuffix(":*"))


_NARROW: Final[Mapping[str, Callable[[str], bool]]] = {
    "aws:sourceip": _narrow_range,
    "s3:dataaccesspointarn": _access_point,
    "aws:userid": _not_a_role_id,
}


def _acl(
    thing: Resource | None, bucket: Resource, owner: str, bucket_owner: str
) -> AttachedPolicy | None:
    """A canned ACL as the bucket policy that would say the same."""
    name = thing.attributes.get("Acl", "private") if thing else "private"
    ignored = bucket.attributes.get("IgnorePublicAcls", "false").lower() == "true"
    if thing is None or _enforced(bucket) or (ignored and name in PUBLIC_ACLS):
        return None
    statements = [*_granted(name, owner, bucket_owner)]
    if not statements:
        return None
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": thing.arn, **s} for s in statements],
    }
    return attach(json.dumps(document), PolicyType.RESOURCE, f"ACL {name}", to=thing.arn)


def _granted(name: str, owner: str, bucket_owner: str) -> Iterator[dict[str, object]]:
    # "You cannot use an ACL to grant permissions to entities within the same account" (POL).
    others: dict[str, dict[str, str]] = {"StringNotEquals": {"aws:PrincipalAccount": owner}}
    if name in {"public-read", "public-read-write"}:
        yield {"Principal": "*", "Action": READ, "Condition": others}
    elif name == "authenticated-read":
        signed = {"StringNotEquals": {"aws:PrincipalAccount": [owner, "anonymous"]}}
        yield {"Principal": "*", "Action": READ, "Condition": signed}
    elif name == "bucket-owner-read" and bucket_owner != owner:
        yield {"Principal": {"AWS": bucket_owner}, "Action": READ}
    elif name == "bucket-owner-full-control" and bucket_owner != owner:
        yield {"Principal": {"AWS": bucket_owner}, "Action": FULL}
