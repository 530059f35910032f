"""What actions support: context keys, resource-level permissions.

Lists are AWS's, kept as data; the service reference (a Catalog) is asked when there is one.
"""

from __future__ import annotations

from typing import Final

from clearance.model.catalog import Catalog

__all__ = ["has_no_resource", "hides_owner", "supports_resource_tags"]

# "The following actions don't support this key" (aws:ResourceAccount, and in the same words
# aws:ResourceOrgID and aws:ResourceOrgPaths; reference_policies_condition-keys, R152).
# events:PutEvents is on the list only for buses that have been targets since before March 2023.
_HIDE_OWNER: Final = frozenset(
    {
        "auditmanager:updateassessmentframeworkshare",
        "detective:acceptinvitation",
        "ds:acceptshareddirectory",
        "ec2:accepttransitgatewaypeeringattachment",
        "ec2:acceptvpcendpointconnections",
        "ec2:acceptvpcpeeringconnection",
        "ec2:copysnapshot",
        "ec2:createtransitgatewaypeeringattachment",
        "ec2:createvpcendpoint",
        "ec2:createvpcpeeringconnection",
        "guardduty:acceptadministratorinvitation",
        "macie2:acceptinvitation",
        "es:acceptinboundconnection",
        "route53:associatevpcwithhostedzone",
        "route53:createvpcassociationauthorization",
        "securityhub:acceptadministratorinvitation",
    }
)
_HIDE_OWNER_SERVICES: Final = frozenset({"ebs"})  # "Amazon Elastic Block Store - All actions"

_RESOURCE_TAG: Final = "aws:resourcetag/"


def hides_owner(action: str) -> bool:
    """True when requests for the action never carry the keys about the resource's owner."""
    folded = action.lower()
    return folded in _HIDE_OWNER or folded.partition(":")[0] in _HIDE_OWNER_SERVICES


def has_no_resource(action: str, catalog: Catalog | None) -> bool:
    """True when the action is known and has no resource-level permissions (R41)."""
    facts = catalog.action(action) if catalog else None
    return facts is not None and not facts.resources


def supports_resource_tags(action: str, catalog: Catalog | None) -> bool:
    """False when the action is known not to carry ``aws:ResourceTag`` (R106).

    The reference lists the key with the action, or with a resource type the action works on.
    """
    facts = catalog.action(action) if catalog else None
    service = catalog.service(action.partition(":")[0]) if catalog else None
    if facts is None or service is None:
        return True
    keys = [*facts.condition_keys]
    for name in facts.resources:
        keys += facts.resource_condition_keys.get(name, ())
        kind = service.resource_types.get(name.lower())
        keys += kind.condition_keys if kind else ()
    return any(key.lower().startswith(_RESOURCE_TAG) for key in keys)
