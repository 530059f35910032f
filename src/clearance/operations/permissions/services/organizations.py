"""Organizations: ARNs are those of the management account, with the organization's id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.model.estate import Organization
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Value
from clearance.operations.permissions.rows import (
    Row,
    Target,
    all_of,
    anything,
    beside,
    member,
    on,
    on_each,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]


def _organization(ask: Ask) -> Organization | None:
    return ask.estate.organization_of(ask.call.account)


def _arn(ask: Ask, kind: str, rest: str) -> str:
    found = _organization(ask)
    owner = found.management_account if found else ask.call.account
    organization = found.id if found else "*"
    return ask.arn(f"{kind}/{organization}/{rest}", region="", account=owner)


def _thing(ask: Ask, id_: str | None) -> str | None:
    """The ARN of an account, unit, root or policy, told apart by the form of the id."""
    if not id_:
        return None
    if id_.startswith("ou-"):
        return _arn(ask, "ou", id_)
    if id_.startswith("r-"):
        return _arn(ask, "root", id_)
    if id_.startswith("p-"):
        return _policy_arn(ask, id_)
    if id_.startswith("rp-"):
        return _arn(ask, "resourcepolicy", id_)
    return _arn(ask, "account", id_) if id_.isdigit() else None


def _policy_type(ask: Ask) -> str | None:
    given = ask.text("PolicyType", "Type", "Filter")
    if given is not None:
        return given
    found = _organization(ask)
    policy = found.policies.get(ask.text("PolicyId", "ResourceId") or "") if found else None
    return policy.type if policy else None


def _policy_arn(ask: Ask, id_: str) -> str:
    found = _organization(ask)
    policy = found.policies.get(id_) if found else None
    kind = (policy.type if policy else _policy_type(ask) or "service_control_policy").lower()
    # AWS's own policies, such as p-FullAWSAccess, have ids in words.
    if policy.aws_managed if policy else id_.startswith("p-Full"):
        return ask.arn(f"policy/{kind}/{id_}", region="", account="aws")
    return _arn(ask, "policy", f"{kind}/{id_}")


def _by(*fields: str) -> Target:
    return lambda ask: _thing(ask, ask.text(*fields))


def _all(*fields: str) -> Row:
    def targets(ask: Ask) -> Iterable[str]:
        found = (_thing(ask, ask.text(field)) for field in fields)
        return (arn for arn in found if arn)

    return on_each(targets, _type)


def _type(ask: Ask) -> Mapping[str, Value]:
    found = _policy_type(ask)
    return {"organizations:PolicyType": found} if found else {}


def _new_policy(ask: Ask) -> str:
    return _arn(ask, "policy", f"{(ask.text('Type') or '*').lower()}/*")


def _handshake(ask: Ask) -> str | None:
    # The kind of handshake is not in the request; all that are answered by hand are invitations.
    id_ = ask.text("HandshakeId")
    return id_ and _arn(ask, "handshake", f"invite/{id_}")


_SERVICE: Final = member("organizations:ServicePrincipal", "ServicePrincipal")
_TRANSFER: Final = member("organizations:TransferType", "Type")

TABLE: Final[Mapping[str, Row]] = {
    **same("AttachPolicy DetachPolicy", _all("PolicyId", "TargetId")),
    **same("DeletePolicy DescribePolicy ListTargetsForPolicy UpdatePolicy",
           on(_by("PolicyId"), _type)),
    "CreatePolicy": all_of(
        on(_new_policy, _type),
        when(request_tags, beside("organizations:TagResource", _new_policy, tagged=True)),
    ),
    "CreateOrganizationalUnit": on(_by("ParentId")),
    **same("DeleteOrganizationalUnit DescribeOrganizationalUnit UpdateOrganizationalUnit",
           on(_by("OrganizationalUnitId"))),
    **same("ListAccountsForParent ListChildren ListOrganizationalUnitsForParent",
           on(_by("ParentId"))),
    "ListParents": on(_by("ChildId")),
    "ListPoliciesForTarget": on(_by("TargetId"), _type),
    "DescribeEffectivePolicy": on(
        lambda ask: _thing(ask, ask.text("TargetId") or ask.call.account), _type
    ),
    "MoveAccount": _all("AccountId", "SourceParentId", "DestinationParentId"),
    **same("CloseAccount DescribeAccount RemoveAccountFromOrganization "
           "ListDelegatedServicesForAccount", on(_by("AccountId"))),
    "ListEffectivePolicyValidationErrors": on(_by("AccountId"), _type),
    **same("RegisterDelegatedAdministrator DeregisterDelegatedAdministrator",
           on(_by("AccountId"), _SERVICE)),
    **same("EnableAWSServiceAccess DisableAWSServiceAccess ListDelegatedAdministrators",
           on(anything, _SERVICE)),
    **same("EnablePolicyType DisablePolicyType", on(_by("RootId"), _type)),
    **same("ListPolicies ListAccountsWithInvalidEffectivePolicy", on(anything, _type)),
    "InviteAccountToOrganization": on(
        lambda ask: _thing(ask, ask.text("Target.Id")) or _arn(ask, "account", "*")
    ),
    "InviteOrganizationToTransferResponsibility": on(
        lambda ask: _thing(ask, ask.text("Target.Id")) or _arn(ask, "account", "*"), _TRANSFER
    ),
    **same("ListInboundResponsibilityTransfers ListOutboundResponsibilityTransfers",
           on(anything, _TRANSFER)),
    **same("AcceptHandshake CancelHandshake DeclineHandshake DescribeHandshake", on(_handshake)),
    **same("ListTagsForResource TagResource UntagResource", on(_by("ResourceId"), _type)),
    "PutResourcePolicy": on(lambda ask: _arn(ask, "resourcepolicy", "*")),
    **same("DescribeResponsibilityTransfer TerminateResponsibilityTransfer "
           "UpdateResponsibilityTransfer",
           on(lambda ask: _arn(ask, "transfer", f"*/*/{ask.text('Id') or '*'}"))),
    **same("CreateAccount CreateGovCloudAccount", all_of(
        on(anything),
        when(request_tags, beside("organizations:TagResource", anything, tagged=True)),
    )),
}  # fmt: skip
