"""Is a resource open to the public? (Access Analyzer's CheckNoPublicAccess, R247 and R254.).

Public means: a caller of an account nobody named, or an anonymous one, is allowed, though every
key that says where a caller belongs holds a value the policy does not fix. Keys a caller chooses
itself (Referer, User-Agent, TLS …) protect nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Final

from clearance.match.operators.addresses import network
from clearance.match.operators.strings import literal
from clearance.match.truth import Truth
from clearance.model.arn import Arn
from clearance.model.glob import Token, Wild
from clearance.model.operators import OPERATORS
from clearance.model.policy import PolicyType
from clearance.model.principal import Principal, PrincipalKind
from clearance.prove.answer import Answer, is_empty, judged
from clearance.prove.callers import STRANGER
from clearance.prove.compare import Policies, World, listed
from clearance.prove.cubes import Cube, KeySide
from clearance.prove.sets import Part, RequestSet, allowed
from clearance.prove.values import Domain, Test

__all__ = ["RESOURCE_TYPES", "TRUSTED_KEYS", "no_public_access", "policy_type_of"]

Fixed = Callable[[tuple[Token, ...]], bool]
_ACCOUNT: Final = re.compile(r"\d{12}")
_UNIQUE_ID: Final = re.compile(r"[A-Z0-9]{16,}:\*")
NARROW_V4: Final = 8
NARROW_V6: Final = 32


def _whole(value: tuple[Token, ...]) -> bool:
    """No wildcard in it."""
    return not any(isinstance(token, Wild) for token in value)


def _arn(value: tuple[Token, ...]) -> bool:
    """A whole ARN, or one whose account is told."""
    arn = Arn.find(literal(value))
    return _whole(value) or (arn is not None and _ACCOUNT.fullmatch(arn.account) is not None)


def _user_id(value: tuple[Token, ...]) -> bool:
    """A whole ID, or every session of one role: ``AROA…:*``."""
    return _whole(value) or _UNIQUE_ID.fullmatch(literal(value)) is not None


def _range(value: tuple[Token, ...]) -> bool:
    """A range that is not "very broad"; how broad that is AWS does not say."""
    block = network(literal(value))
    if block is None:
        return False
    return block.prefixlen >= (NARROW_V4 if isinstance(block, IPv4Network) else NARROW_V6)


# Keys whose fixed values make a policy non-public. The first eleven are those S3 lists under "the
# meaning of public" (access-control-block-public-access); the others say just as much about where
# a caller belongs, and Access Analyzer, whose own list is not documented (R254), reads them so in
# its findings (access-analyzer-concepts).
TRUSTED_KEYS: Final[Mapping[str, Fixed]] = {
    "aws:sourceip": _range,
    "aws:sourcearn": _arn,
    "aws:sourcevpc": _whole,
    "aws:sourcevpce": _whole,
    "aws:sourceowner": _whole,
    "aws:sourceaccount": _whole,
    "aws:userid": _user_id,
    "aws:principalorgid": _whole,
    "s3:dataaccesspointarn": _arn,
    "s3:dataaccesspointaccount": _whole,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _whole,
    "aws:principalaccount": _whole,
    "aws:principalarn": _arn,
    "aws:principalorgpaths": lambda value: literal(value).startswith("o-"),
    "aws:sourceorgid": _whole,
    "aws:sourceorgpaths": lambda value: literal(value).startswith("o-"),
    "aws:sourcevpcarn": _arn,
    "aws:vpceaccount": _whole,
    "aws:vpceorgid": _whole,
    "aws:vpceorgpaths": lambda value: literal(value).startswith("o-"),
    "kms:calleraccount": _whole,
    "lambda:eventsourcetoken": _whole,
}

# What CheckNoPublicAccess takes (Access Analyzer API reference).
_TYPES: Final = """
    ApiGateway::RestApi Backup::BackupVault CloudTrail::Dashboard CloudTrail::EventDataStore
    CodeArtifact::Domain DynamoDB::Stream DynamoDB::Table EFS::FileSystem
    IAM::AssumeRolePolicyDocument KMS::Key Kinesis::Stream Kinesis::StreamConsumer Lambda::Function
    OpenSearchService::Domain S3::AccessPoint S3::Bucket S3::Glacier S3Express::AccessPoint
    S3Express::DirectoryBucket S3Outposts::AccessPoint S3Outposts::Bucket S3Tables::Table
    S3Tables::TableBucket SNS::Topic SQS::Queue SecretsManager::Secret
"""
RESOURCE_TYPES: Final = tuple(f"AWS::{name}" for name in _TYPES.split())
"""The resource types whose policies can be asked whether they are public, as CloudFormation's."""


def policy_type_of(resource_type: str) -> PolicyType:
    """The grammar of a resource type's policy."""
    trust = resource_type == "AWS::IAM::AssumeRolePolicyDocument"
    return PolicyType.TRUST if trust else PolicyType.RESOURCE


def no_public_access(policies: Policies, world: World | None = None) -> Answer:
    """PROVEN when no stranger is allowed anything; else REFUTED by a stranger's request."""
    world = world or World()
    held = listed(policies)
    space = world.space(held)
    who = sum(1 << bit for bit, c in enumerate(space.callers.each) if _is_stranger(c))
    keys = {key: _of_strangers(d) for key, d in space.domains.items() if key in TRUSTED_KEYS}
    strangers = RequestSet(space, (Part((Cube(who=who, keys=keys),)),))
    found = allowed(space, *held) & strangers
    return is_empty(found, lambda request: judged(held, request), world.effort())


def _is_stranger(caller: Principal) -> bool:
    if caller.kind is PrincipalKind.ANONYMOUS:
        return True
    return caller.account == STRANGER and caller.unique_id is None


def _of_strangers(domain: Domain) -> KeySide:
    """A key of somebody who has none of the values that the policies fix."""
    fixed = [
        Test(OPERATORS[test.operator].positive, (value,))
        for test in domain.passes
        for value in test.values
        if TRUSTED_KEYS[domain.key](value)
    ]
    every = sum(
        1 << bit
        for bit, text in enumerate(domain.texts)
        if not any(test.ask(text) is Truth.TRUE for test in fixed)
    )
    return KeySide(absent=True, every=every)
