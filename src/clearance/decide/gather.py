"""An estate and a request, to everything that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from clearance.decide import owner
from clearance.decide.attach import attach, attach_managed, without_accounts
from clearance.decide.context import derive
from clearance.decide.gaps import gaps
from clearance.decide.grants import grants_for
from clearance.decide.identify import complete
from clearance.decide.situation import Layer, Options, PolicySet, Situation, levels
from clearance.decide.special_cases import RCP_SERVICES
from clearance.decide.support import has_no_resource
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType
from clearance.model.estate import Account, Estate, Organization
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = [
    "NO_ACCOUNT",
    "against",
    "gather",
    "gather_bare",
    "identity_layers",
    "organization_layers",
    "rcp_governs",
    "scp_layers",
    "vpc_endpoint_layers",
]

SERVICE_LINKED = ":role/aws-service-role/"
# These callers are no identities of an account: SCPs do not reach them (R72, R75).
NO_ACCOUNT = frozenset(
    {
        PrincipalKind.SERVICE,
        PrincipalKind.ANONYMOUS,
        PrincipalKind.WEB_IDENTITY,
        PrincipalKind.SAML_IDENTITY,
    }
)


def gather(
    estate: Estate,
    request: Request,
    *,
    now: datetime | None = None,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Situation:
    """The layers of the estate that apply to the request, in the order AWS reports them."""
    caller = complete(request.principal, estate)
    request = against(request, catalog)
    resource_account = owner.account_of(estate, request) or caller.account
    asked = replace(request, principal=caller)
    tags = owner.tags_of(estate, request.resource, resource_account)
    context = derive(asked, resource_account, estate, tags=tags, now=now, catalog=catalog)
    asked = replace(asked, context=context)
    key_grants, own_grants = grants_for(estate, asked, resource_account)
    layers = (
        *_rcps(estate, asked, resource_account),
        *scp_layers(estate, caller),
        *vpc_endpoint_layers(estate, asked),
        Layer(
            CheckType.RESOURCE,
            owner.policies_of(estate, asked, resource_account) + key_grants,
            target=request.resource,
        ),
        *identity_layers(estate, caller, own_grants),
    )
    notes = gaps(estate, asked, owner.account_of(estate, request))
    return Situation(asked, layers, resource_account, options or Options(), notes)


def against(request: Request, catalog: Catalog | None) -> Request:
    """Actions without resource-level permissions are decided against every resource (R41)."""
    if has_no_resource(request.action, catalog):
        return replace(request, resource="*")
    return request


def _rcps(estate: Estate, request: Request, account: str | None) -> tuple[Layer, ...]:
    """RCPs of the resource's account, for every caller but service-linked roles (R83, R86-R88)."""
    organization = estate.organization_of(account)
    if organization is None or account is None or not rcp_governs(request):
        return ()
    if owner.is_aws_managed_key(estate, request.resource, account):
        return ()  # "AWS managed keys" are not restricted by RCPs (R88)
    return organization_layers(
        organization, account, CheckType.RESOURCE_CONTROL_POLICY, PolicyType.RCP, estate
    )


def rcp_governs(request: Request) -> bool:
    """True when RCPs speak about the request at all (R83, R86-R88)."""
    action = request.action.lower()
    if request.principal.is_service_linked or request.resource == "*":
        return False
    if request.principal.kind is PrincipalKind.SERVICE and SERVICE_LINKED in request.resource:
        return False  # a service takes up its service-linked role (R88)
    return action.partition(":")[0] in RCP_SERVICES and action != "kms:retiregrant"


def scp_layers(estate: Estate, caller: Principal) -> tuple[Layer, ...]:
    """SCPs of the caller's own account (R80-R84)."""
    organization = estate.organization_of(caller.account)
    exempt = caller.is_service_linked or caller.kind in NO_ACCOUNT
    if organization is None or caller.account is None or exempt:
        return ()
    return organization_layers(
        organization, caller.account, CheckType.SERVICE_CONTROL_POLICY, PolicyType.SCP, estate
    )


def organization_layers(
    organization: Organization,
    account: str,
    check: CheckType,
    kind: PolicyType,
    estate: Estate,
) -> tuple[Layer, ...]:
    """One layer for each level of the organization above the account (R80-R82)."""
    type_name = check.name
    if account == organization.management_account or type_name not in organization.enabled:
        return ()
    missing = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}[type_name]
    if missing in estate.missing:
        return ()
    # "RCPFullAWSAccess is automatically attached to every entity and cannot be detached" (RCP):
    # estates written by hand need not repeat it.
    every = (_rcp_full_access(),) if check is CheckType.RESOURCE_CONTROL_POLICY else ()
    return tuple(
        Layer(
            check,
            tuple(
                attach(
                    policy.text,
                    kind,
                    policy.name,
                    to=target,
                    arn=_org_arn(organization, policy.id, type_name),
                )
                for policy in organization.attached(target, type_name)
            )
            + every,
            target=target,
        )
        for target in organization.path_of(account)
    )


def _org_arn(organization: Organization, policy_id: str, type_name: str) -> str:
    kind = type_name.lower()
    if policy_id in {"p-FullAWSAccess", "p-RCPFullAWSAccess"}:
        return f"arn:aws:organizations::aws:policy/{kind}/{policy_id}"
    owner_id = organization.management_account
    return f"arn:aws:organizations::{owner_id}:policy/{organization.id}/{kind}/{policy_id}"


def _rcp_full_access() -> AttachedPolicy:
    text = (
        '{"Version":"2012-10-17","Statement":'
        '[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
    )
    arn = "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess"
    return attach(text, PolicyType.RCP, "RCPFullAWSAccess", arn=arn)


def vpc_endpoint_layers(estate: Estate, request: Request) -> tuple[Layer, ...]:
    """The policy of the endpoint the call came through (R77)."""
    root = request.principal.kind is PrincipalKind.ROOT
    values = request.context.get("aws:SourceVpce")
    if not values:
        return ()
    for account in estate.accounts.values():
        endpoint = account.vpc_endpoints.get(values[0])
        if endpoint is not None and endpoint.policy is not None:
            policy = attach(
                endpoint.policy, PolicyType.VPC_ENDPOINT, "endpoint policy", to=endpoint.id
            )
            if endpoint.gateway and not root:
                # In a gateway endpoint's policy an account "is the root user only" (VPCE, R15).
                policy = without_accounts(policy)
            return (Layer(CheckType.VPC_ENDPOINT, (policy,), target=endpoint.id),)
    return ()


def identity_layers(
    estate: Estate, caller: Principal, grants: tuple[AttachedPolicy, ...] = ()
) -> tuple[Layer, ...]:
    """Identity policies (and grants), permissions boundary, session policies of the caller."""
    if caller.kind in NO_ACCOUNT:
        return ()
    subject = caller.policy_subject
    account = estate.account(caller.account)
    held, boundary = _held(estate, account, caller) if account else ((), None)
    layers = [Layer(CheckType.PRINCIPAL, held + grants, target=subject)]
    if boundary is not None:
        policies = attach_managed(estate, (boundary,), PolicyType.BOUNDARY, to=subject)
        layers.append(Layer(CheckType.PERMISSIONS_BOUNDARY, policies, target=subject))
    session = caller.session
    # A federated user without session policy "has no permissions" (R68); a role session without
    # one is not limited.
    federated = caller.kind is PrincipalKind.FEDERATED_USER
    if federated or (session is not None and session.limited):
        texts = session.policies if session else ()
        inline = tuple(
            attach(text, PolicyType.SESSION, f"session policy {place}", to=caller.arn)
            for place, text in enumerate(texts, 1)
        )
        arns = session.policy_arns if session else ()
        managed = attach_managed(estate, arns, PolicyType.SESSION, to=caller.arn)
        layers.append(Layer(CheckType.SESSION, inline + managed, target=caller.arn))
    return tuple(layers)


def _held(
    estate: Estate, account: Account, caller: Principal
) -> tuple[tuple[AttachedPolicy, ...], str | None]:
    """The identity policies of a user (groups included) or role, and the boundary's ARN."""
    name = caller.policy_subject.rsplit("/", 1)[-1]
    if caller.kind in {PrincipalKind.ROLE, PrincipalKind.ROLE_SESSION}:
        role = account.roles.get(name)
        if role is None or account.role_arn(role) != caller.role_arn:
            return (), None
        arn = account.role_arn(role)
        return _policies(estate, arn, role.inline, role.attached), role.boundary
    user = account.users.get(name)
    if (
        caller.kind is PrincipalKind.ROOT
        or user is None
        or account.user_arn(user) != caller.policy_subject
    ):
        return (), None
    held = _policies(estate, account.user_arn(user), user.inline, user.attached)
    for group in (account.groups[g] for g in user.groups if g in account.groups):
        held += _policies(estate, account.group_arn(group), group.inline, group.attached)
    return held, user.boundary


def _policies(
    estate: Estate, to: str, inline: Mapping[str, str], attached: tuple[str, ...]
) -> tuple[AttachedPolicy, ...]:
    own = tuple(attach(text, PolicyType.IDENTITY, name, to=to) for name, text in inline.items())
    return own + attach_managed(estate, attached, PolicyType.IDENTITY, to=to)


def gather_bare(
    request: Request,
    policies: PolicySet,
    *,
    now: datetime | None = None,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Situation:
    """A request against bare policies; the same rules say which of them apply."""
    caller = request.principal
    estate = Estate()
    resource_account = request.resource_account or owner.account_of(estate, request)
    resource_account = resource_account or caller.account
    request = against(request, catalog)
    context = derive(request, resource_account, estate, now=now, catalog=catalog)
    asked = replace(request, context=context)
    layers: list[Layer] = []
    if rcp_governs(asked):
        layers += levels(CheckType.RESOURCE_CONTROL_POLICY, policies.rcps)
    exempt = caller.is_service_linked or caller.kind in NO_ACCOUNT or policies.management_account
    if not exempt:
        layers += levels(CheckType.SERVICE_CONTROL_POLICY, policies.scps)
    if policies.vpc_endpoint is not None:
        layers.append(Layer(CheckType.VPC_ENDPOINT, policies.vpc_endpoint))
    layers.append(Layer(CheckType.RESOURCE, policies.resource, target=request.resource))
    if caller.kind not in NO_ACCOUNT:
        layers.append(Layer(CheckType.PRINCIPAL, policies.identity, target=caller.policy_subject))
        if policies.boundary is not None:
            layers.append(Layer(CheckType.PERMISSIONS_BOUNDARY, policies.boundary))
        session = policies.session
        if session is None and caller.kind is PrincipalKind.FEDERATED_USER:
            session = ()
        if session is not None:
            layers.append(Layer(CheckType.SESSION, session, target=caller.arn))
    return Situation(asked, tuple(layers), resource_account, options or Options())
