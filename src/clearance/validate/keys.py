"""What is known of a context key: its type, whether it holds several values, who sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from clearance.model.catalog import Catalog

__all__ = ["GLOBAL", "SENSITIVE", "KeyFacts", "Standing", "action_has", "key_facts"]


class Standing(Enum):
    """Whether a key exists, as far as we can know."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NEEDS_TAG = "needs a tag key"
    FOREIGN = "of an identity provider"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """``type`` as in the service authorization reference, e.g. ``ArrayOfString`` (R140)."""

    standing: Standing
    name: str = ""
    type: str = ""

    @property
    def multivalued(self) -> bool:
        """True when a request can bring several values."""
        return self.type.startswith("ArrayOf")

    @property
    def base(self) -> str:
        """The type of one value."""
        return self.type.removeprefix("ArrayOf")


# The global keys (R142) and the keys that role sessions carry whatever they call.
_TABLE: Final = """
ARN aws:PrincipalArn aws:SourceArn aws:SignInSessionArn aws:ChatbotSourceArn aws:SourceVpcArn
ARN ec2:SourceInstanceArn codebuild:BuildArn codebuild:ProjectArn lambda:SourceFunctionArn
ARN ssm:SourceInstanceArn
ArrayOfString aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:VpceOrgPaths
ArrayOfString aws:ResourceOrgPaths aws:CalledVia aws:TagKeys aws:SourceOrgPaths
Bool aws:PrincipalIsAWSService aws:AssumedRoot aws:MultiFactorAuthPresent aws:ViaAWSService
Bool aws:ViaAWSMCPService aws:IsMcpServiceAction aws:SecureTransport
Date aws:TokenIssueTime aws:CurrentTime
Date/Numeric aws:EpochTime
IPAddress aws:Ec2InstanceSourcePrivateIPv4 aws:SourceIp aws:VpcSourceIp
Numeric aws:MultiFactorAuthAge ec2:RoleDelivery
String aws:PrincipalAccount aws:PrincipalOrgID aws:PrincipalTag/ aws:PrincipalServiceName
String aws:PrincipalType aws:userid aws:username aws:SourceIdentity aws:Ec2InstanceSourceVpc
String glue:RoleAssumedBy glue:CredentialIssuingService identitystore:UserId aws:SourceVpc
String aws:SourceVpce aws:VpceAccount aws:VpceOrgID aws:ResourceAccount aws:ResourceOrgID
String aws:ResourceTag/ aws:CalledViaFirst aws:CalledViaLast aws:CalledViaAWSMCP
String aws:RequestedRegion aws:UserAgent aws:Referer aws:RequestTag/ aws:SourceAccount
String aws:SourceOrgID
String/ARN aws:FederatedProvider
"""


def _read() -> dict[str, KeyFacts]:
    rows = (line.split() for line in _TABLE.strip().splitlines())
    return {
        key.lower(): KeyFacts(Standing.KNOWN, key, kind) for kind, *keys in rows for key in keys
    }


GLOBAL: Final = _read()

# "never use wildcards" in these identifiers (global condition keys page, R143).
_IDENTIFIERS: Final = """
aws:PrincipalAccount aws:PrincipalOrgID aws:ResourceAccount aws:ResourceOrgID aws:SourceAccount
aws:SourceOrgID aws:SourceVpc aws:SourceVpce aws:VpceAccount aws:VpceOrgID
"""
SENSITIVE: Final = frozenset(_IDENTIFIERS.lower().split())


_VARIABLE: Final = re.compile(r"\$\{\w+\}|<\w+>")


@lru_cache(maxsize=512)
def _index(
    catalog: Catalog, prefix: str
) -> tuple[dict[str, KeyFacts], tuple[re.Pattern[str], ...]]:
    exact: dict[str, KeyFacts] = {}
    patterns: list[re.Pattern[str]] = []
    service = catalog.service(prefix)
    for key, kind in service.condition_keys.items() if service else ():
        if key.startswith("aws:"):
            continue
        if _VARIABLE.search(key):
            parts = [re.escape(part.lower()) for part in _VARIABLE.split(key)]
            patterns.append(re.compile("[^:]+".join(parts[:-1]) + ".+" + parts[-1]))
            # Wherever the variable is the end, what stands before it says what is missing.
            stem = _VARIABLE.split(key)[0].lower()
            exact.setdefault(stem, KeyFacts(Standing.NEEDS_TAG, key, kind))
            exact.setdefault(stem.rstrip("/:"), KeyFacts(Standing.NEEDS_TAG, key, kind))
        exact[key.lower()] = KeyFacts(Standing.KNOWN, key, kind)
    return exact, tuple(patterns)


_FOREIGN: Final = KeyFacts(Standing.FOREIGN)
_UNKNOWN: Final = KeyFacts(Standing.UNKNOWN)
_SEVERAL_PREFIXES: Final = {  # keys under a prefix that is not their service's
    "saml": "sts",
    "identitystore": "qbusiness",
    "identitycenter": "sso",
    "catalog": "aws-marketplace",
    "cognito-identity-unauth": "cognito-identity",
    "cognito-identity-auth": "cognito-identity",
    "ec2": "ec2-instance-connect",
}


@lru_cache(maxsize=65536)
def _facts(catalog: Catalog, folded: str) -> KeyFacts:
    stem, slash, tag = folded.partition("/")
    if folded in GLOBAL and not folded.endswith("/"):
        return GLOBAL[folded]
    if slash and tag and f"{stem}/" in GLOBAL:
        return GLOBAL[f"{stem}/"]
    if f"{stem}/" in GLOBAL:
        return KeyFacts(Standing.NEEDS_TAG, GLOBAL[f"{stem}/"].name, "String")
    prefix = folded.partition(":")[0]
    if prefix == "aws":
        return _UNKNOWN
    for name in (prefix, _SEVERAL_PREFIXES.get(prefix)):
        if name and (facts := _of_service(catalog, name, folded)) is not None:
            return facts
    if "." in prefix:
        return _of_service(catalog, "sts", folded) or _FOREIGN
    return _strays(catalog).get(folded, _UNKNOWN)


@lru_cache(maxsize=4)
def _strays(catalog: Catalog) -> Mapping[str, KeyFacts]:
    """Keys that stand only in the lists of other services; asked before a key is called unknown."""
    return {
        key.lower(): KeyFacts(Standing.KNOWN, key, kind)
        for service in catalog.services()
        for key, kind in service.condition_keys.items()
        if not key.startswith((f"{service.prefix}:", "aws:"))
    }


def _of_service(catalog: Catalog, prefix: str, folded: str) -> KeyFacts | None:
    exact, patterns = _index(catalog, prefix)
    if folded in exact:
        return exact[folded]
    for pattern in patterns:
        if pattern.fullmatch(folded):
            return KeyFacts(Standing.KNOWN, folded, "String")
    return None


def key_facts(catalog: Catalog, key: str) -> KeyFacts:
    """What is known of a key."""
    return _facts(catalog, key.lower())


def action_has(catalog: Catalog, action: str, key: str) -> bool:
    """True when requests for ``service:Action`` can carry the key.

    A tag key counts by what stands before its slash.
    """
    return _stem(key.lower()) in _carried(catalog, action.lower())


@lru_cache(maxsize=32768)
def _carried(catalog: Catalog, action: str) -> frozenset[str]:
    facts, service = catalog.action(action), catalog.service(action.partition(":")[0])
    if facts is None or service is None:
        return frozenset()
    keys = list(facts.condition_keys)
    for kind in facts.resources:
        keys += facts.resource_condition_keys.get(kind, ())
        if (resource := service.resource_types.get(kind.lower())) is not None:
            keys += resource.condition_keys
    return frozenset(_stem(key.lower()) for key in keys)


def _stem(key: str) -> str:
    """``aws:resourcetag/${TagKey}`` and ``aws:resourcetag/team`` are both ``aws:resourcetag``."""
    head = _VARIABLE.split(key)[0].partition("/")[0]
    return ":".join(head.split(":")[:2]).rstrip(":")
