"""The context keys AWS fills in by itself: from the caller, the resource, the estate, the clock.

Which keys a kind of caller brings, and which it never has, is the table of R158.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from clearance.decide.support import hides_owner, supports_resource_tags
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request, fold

__all__ = ["Entries", "derive", "never", "of_call", "of_principal", "of_resource", "region_of"]

Entries: TypeAlias = dict[str, str | bool | tuple[str, ...]]

PRINCIPAL_TAG: Final = "aws:PrincipalTag"
RESOURCE_TAG: Final = "aws:ResourceTag"

_SERVICE_ONLY: Final = (
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
)
_SESSION_ONLY: Final = (
    "aws:TokenIssueTime",
    "aws:SourceIdentity",
    "aws:FederatedProvider",
    "aws:AssumedRoot",
    "lambda:SourceFunctionArn",
    "ec2:RoleDelivery",
    "ec2:SourceInstanceArn",
    "aws:Ec2InstanceSourceVpc",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "ssm:SourceInstanceArn",
    "identitystore:UserId",
    "aws:ChatbotSourceArn",
    "glue:RoleAssumedBy",
    "glue:CredentialIssuingService",
    "codebuild:BuildArn",
    "codebuild:ProjectArn",
)
_MFA: Final = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
_PRINCIPAL_ORG: Final = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
_RESOURCE_ORG: Final = ("aws:ResourceOrgID", "aws:ResourceOrgPaths")
_THROUGH_ENDPOINT: Final = (
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:SourceVpcArn",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
)

# "Must not set", by kind of caller (R158); each is known to be absent.
_NEVER: Final[Mapping[PrincipalKind, tuple[str, ...]]] = {
    PrincipalKind.ROOT: (*_SERVICE_ONLY, "aws:username", "aws:PrincipalTag/"),
    PrincipalKind.USER: _SERVICE_ONLY,
    PrincipalKind.ROLE: (*_SERVICE_ONLY, "aws:username"),
    PrincipalKind.ROLE_SESSION: (*_SERVICE_ONLY, "aws:username"),
    PrincipalKind.FEDERATED_USER: (*_SERVICE_ONLY, "aws:username", *_MFA),
    PrincipalKind.WEB_IDENTITY: (*_SERVICE_ONLY, "aws:username", *_MFA),
    PrincipalKind.SAML_IDENTITY: (*_SERVICE_ONLY, "aws:username", *_MFA),
    # What a service principal's own keys hold is not documented; they are left out (R137).
    PrincipalKind.SERVICE: (
        *_PRINCIPAL_ORG,
        *_SESSION_ONLY,
        *_MFA,
        "aws:PrincipalArn",
        "aws:PrincipalTag/",
        "aws:username",
        "aws:userid",
        "aws:PrincipalType",
    ),
    PrincipalKind.ANONYMOUS: (
        *_PRINCIPAL_ORG,
        *_SERVICE_ONLY,
        *_SESSION_ONLY,
        *_MFA,
        "aws:PrincipalArn",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalTag/",
        "aws:username",
    ),
}


def never(principal: Principal) -> tuple[str, ...]:
    """The keys this caller is known not to have."""
    keys = _NEVER[principal.kind]
    if principal.kind in {PrincipalKind.ROOT, PrincipalKind.USER} and not principal.is_temporary:
        # "The key is not present in requests made using long-term credentials" (MFA keys).
        keys += (*_SESSION_ONLY, *_MFA)
    return keys


def derive(
    request: Request,
    resource_account: str | None,
    estate: Estate,
    *,
    tags: Mapping[str, str] | None = None,
    now: datetime | None = None,
    catalog: Catalog | None = None,
) -> Context:
    """The context with everything that can be derived; what the caller gave is kept.

    ``tags``: the resource's, when the estate knows the resource. ``catalog`` tells which actions
    carry them.
    """
    entries: Entries = {}
    absent: list[str] = []
    of_principal(request.principal, estate, entries, absent, now=now)
    of_resource(request, resource_account, estate, entries, absent, tags=tags, catalog=catalog)
    of_call(request.context, estate, entries, absent, now=now)
    return request.context.with_derived(entries, absent=absent)


def of_principal(
    principal: Principal,
    estate: Estate,
    entries: Entries,
    absent: list[str],
    *,
    now: datetime | None = None,
) -> None:
    """What follows from who asks; ``now`` tells how long ago a session proved its MFA."""
    entries.update(_caller(principal))
    entries.update(_session(principal, now))
    entries.update(_organization(principal, estate))
    absent += never(principal)
    own = _principal_tags(principal)
    entries.update({f"{PRINCIPAL_TAG}/{key}": value for key, value in own.items()})
    if principal.tags is not None:
        absent.append(f"{PRINCIPAL_TAG}/")
    if _knows(estate, principal.account) and "aws:PrincipalOrgID" not in entries:
        absent += _PRINCIPAL_ORG


def of_resource(
    request: Request,
    account: str | None,
    estate: Estate,
    entries: Entries,
    absent: list[str],
    *,
    tags: Mapping[str, str] | None = None,
    catalog: Catalog | None = None,
) -> None:
    """What follows from what is asked, by whomever and however."""
    region = region_of(request.action, request.resource)
    if region is not None:
        entries["aws:RequestedRegion"] = region
    _owner(request, account, estate, entries, absent)
    if not supports_resource_tags(request.action, catalog):
        absent.append(f"{RESOURCE_TAG}/")  # "not supported": absent though the resource has it
    elif tags is not None:
        prefixes = [RESOURCE_TAG, *_service_tag_keys(request.resource)]
        entries.update({f"{p}/{k}": v for p in prefixes for k, v in tags.items()})
        absent += [f"{prefix}/" for prefix in prefixes]


def of_call(
    context: Context,
    estate: Estate,
    entries: Entries,
    absent: list[str],
    *,
    now: datetime | None = None,
) -> None:
    """What follows from how and when the call is made, by whomever on whatever."""
    entries.update(_clock(now))
    _network(context, estate, entries, absent)
    _via(context, entries, absent)


def _caller(principal: Principal) -> Entries:
    kind = principal.kind
    if kind is PrincipalKind.ANONYMOUS:
        return {
            "aws:PrincipalAccount": "anonymous",
            "aws:PrincipalType": "Anonymous",
            "aws:userid": "anonymous",
        }
    if kind is PrincipalKind.SERVICE:
        return {
            "aws:PrincipalIsAWSService": True,
            "aws:PrincipalServiceName": principal.arn,
            "aws:PrincipalServiceNamesList": (principal.arn,),
        }
    entries: Entries = {"aws:PrincipalIsAWSService": False}
    if kind in {PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML_IDENTITY}:
        return {**entries, "aws:FederatedProvider": principal.arn} if principal.arn else entries
    # "For IAM roles, the request context returns the ARN of the role, not the ARN of the user
    # that assumed the role" (aws:PrincipalArn, R141).
    entries["aws:PrincipalArn"] = principal.role_arn or principal.arn
    if principal.account:
        entries["aws:PrincipalAccount"] = principal.account
    entries["aws:PrincipalType"] = (
        PrincipalKind.ROLE_SESSION if kind is PrincipalKind.ROLE else kind
    ).value
    if kind is PrincipalKind.USER:
        entries["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    if user_id := principal.user_id:
        entries["aws:userid"] = user_id
    return entries


def _session(principal: Principal, now: datetime | None) -> Entries:
    session = principal.session
    if session is None:
        return {}
    entries: Entries = {}
    if session.issued is not None:
        entries["aws:TokenIssueTime"] = _date(session.issued)
    if session.source_identity is not None:
        entries["aws:SourceIdentity"] = session.source_identity
    if session.provider is not None:
        entries["aws:FederatedProvider"] = session.provider
    if session.assumed_root:
        entries["aws:AssumedRoot"] = True
    if session.source_function_arn is not None:
        entries["lambda:SourceFunctionArn"] = session.source_function_arn
    if session.mfa is not None and principal.kind is not PrincipalKind.FEDERATED_USER:
        entries["aws:MultiFactorAuthPresent"] = session.mfa
        if session.mfa_age_from is not None and now is not None:
            age = int((now - session.mfa_age_from).total_seconds())
            entries["aws:MultiFactorAuthAge"] = str(max(age, 0))
    return entries


def _principal_tags(principal: Principal) -> dict[str, str]:
    """Tags of the caller; a session tag hides one of the same name in any case (R97)."""
    session = principal.session.tags if principal.session else {}
    hidden = {key.lower() for key in session}
    own = {k: v for k, v in (principal.tags or {}).items() if k.lower() not in hidden}
    return {**own, **session}


def _organization(principal: Principal, estate: Estate) -> Entries:
    organization = estate.organization_of(principal.account)
    if organization is None or principal.account is None:
        return {}
    path = organization.key_path(principal.account)
    return {"aws:PrincipalOrgID": organization.id, "aws:PrincipalOrgPaths": (path,) if path else ()}


def _owner(
    request: Request, account: str | None, estate: Estate, entries: Entries, absent: list[str]
) -> None:
    """The keys about the account that owns the resource."""
    if hides_owner(request.action):
        absent += ["aws:ResourceAccount", *_RESOURCE_ORG]
        return
    if account is None or request.resource == "*":
        return
    entries["aws:ResourceAccount"] = account
    organization = estate.organization_of(account)
    if organization is not None:
        path = organization.key_path(account)
        entries["aws:ResourceOrgID"] = organization.id
        entries["aws:ResourceOrgPaths"] = (path,) if path else ()
    elif _knows(estate, account):
        absent += _RESOURCE_ORG


def _via(context: Context, entries: Entries, absent: list[str]) -> None:
    """Whether a service passes the caller's own request on (R78); a call is direct unless told."""
    if chain := context.get("aws:CalledVia"):
        entries["aws:ViaAWSService"] = True
        entries["aws:CalledViaFirst"], entries["aws:CalledViaLast"] = chain[0], chain[-1]
        # "The source VPC of the initial request is not preserved" (aws:SourceVpc).
        absent += _THROUGH_ENDPOINT
    elif fold("aws:CalledVia") not in context.unknown:
        entries["aws:ViaAWSService"] = False


def _network(context: Context, estate: Estate, entries: Entries, absent: list[str]) -> None:
    """A call comes through a VPC endpoint or it does not: the keys of the other way are absent."""
    if endpoint_id := context.get("aws:SourceVpce"):
        absent.append("aws:SourceIp")
        found = (a.vpc_endpoints.get(endpoint_id[0]) for a in estate.accounts.values())
        endpoint = next((e for e in found if e), None)
        if endpoint is not None and endpoint.vpc is not None:
            entries["aws:SourceVpc"] = endpoint.vpc
    elif context.get("aws:SourceVpc"):
        absent.append("aws:SourceIp")
    elif context.get("aws:SourceIp"):
        absent += _THROUGH_ENDPOINT


def _clock(now: datetime | None) -> Entries:
    if now is None:
        return {}
    return {"aws:CurrentTime": _date(now), "aws:EpochTime": str(int(now.timestamp()))}


def region_of(action: str, resource: str) -> str | None:
    """The Region that is called, as far as action and resource tell."""
    arn = Arn.find(resource)
    if arn is not None and arn.region and "*" not in arn.region:
        return arn.region
    # Services with one endpoint are always called in us-east-1 (R151). iam:PassRole is asked in
    # the Region of the service that is given the role.
    if action.lower().partition(":")[0] in _GLOBAL and action.lower() != "iam:passrole":
        return "us-east-1"
    return None


_GLOBAL: Final = frozenset({"iam", "organizations", "cloudfront", "route53", "globalaccelerator"})


def _service_tag_keys(resource: str) -> tuple[str, ...]:
    """Services that also have a tag key of their own."""
    arn = Arn.find(resource)
    own = {"iam": "iam:ResourceTag", "ec2": "ec2:ResourceTag", "s3": "s3:BucketTag"}
    return (own[arn.service],) if arn is not None and arn.service in own else ()


def _knows(estate: Estate, account: str | None) -> bool:
    return estate.account(account) is not None


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
