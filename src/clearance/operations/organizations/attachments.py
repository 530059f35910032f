"""Where policies hang: attach, detach, list; policy types on and off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import FULL_ACCESS, Estate, Organization, OrgPolicy
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.faults import bad_input, fault, violation
from clearance.operations.organizations.members import checked, part
from clearance.operations.organizations.place import arn, managed, policy_arn, target, target_arn

__all__ = [
    "MANAGEMENT",
    "OPERATIONS",
    "adorned",
    "available",
    "own_policies",
    "root_shown",
    "summary",
]

_OWN: Final = {
    "SERVICE_CONTROL_POLICY": OrgPolicy(
        "p-FullAWSAccess",
        "FullAWSAccess",
        "SERVICE_CONTROL_POLICY",
        FULL_ACCESS,
        "Allows access to every operation",
        aws_managed=True,
    ),
    "RESOURCE_CONTROL_POLICY": OrgPolicy(
        "p-RCPFullAWSAccess",
        "RCPFullAWSAccess",
        "RESOURCE_CONTROL_POLICY",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*",'
        '"Resource":"*"}]}',
        "Allows access to every resource",
        aws_managed=True,
    ),
}
# Organizations User Guide, orgs_reference_limits. SCPs were five until 15 May 2026
# (about-aws/whats-new/2026/05/aws-organizations-increased-scp-quotas).
_MAX_ATTACHED: Final = {
    "SERVICE_CONTROL_POLICY": 10, "RESOURCE_CONTROL_POLICY": 5, "AISERVICES_OPT_OUT_POLICY": 5,
    "CHATBOT_POLICY": 5,
}  # fmt: skip
_MAX_OTHERS: Final = 10
# Policies that set values for services, which nobody is authorized by.
MANAGEMENT: Final = frozenset(
    {
        "AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "BEDROCK_POLICY", "CHATBOT_POLICY",
        "DECLARATIVE_POLICY_EC2", "GUARDDUTY_POLICY", "INSPECTOR_POLICY",
        "NETWORK_SECURITY_DIRECTOR_POLICY", "S3_POLICY", "SECURITYHUB_CSPM_POLICY",
        "SECURITYHUB_POLICY", "TAG_POLICY", "UPGRADE_ROLLOUT_POLICY",
    }
)  # fmt: skip


def own_policies() -> dict[str, OrgPolicy]:
    """The policies AWS puts into every organization, by id."""
    return {policy.id: policy for policy in _OWN.values()}


def adorned(organization: Organization, target_id: str) -> Organization:
    """The organization with AWS's own policy of each enabled type on a new target."""
    own = tuple(_OWN[kind].id for kind in sorted(organization.enabled) if kind in _OWN)
    return _with(organization, target_id, own) if own else organization


def available(organization: Organization, kind: str) -> None:
    """Refuse a policy type this organization cannot use."""
    if organization.feature_set != "ALL" or kind not in {*_OWN, *MANAGEMENT}:
        raise fault("PolicyTypeNotAvailableForOrganizationException")


def enable_policy_type(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Switch a type on: AWS's own policy of the type is attached everywhere."""
    organization, kind = _type(estate, call, given)
    if kind in organization.enabled:
        raise fault("PolicyTypeAlreadyEnabledException")
    available(organization, kind)
    after = replace(organization, enabled=organization.enabled | {kind})
    own = _OWN.get(kind)
    if own is None:
        return estate.with_organization(after), {"Root": root_shown(after)}
    after = replace(after, policies={**after.policies, own.id: own})
    for place in (*organization.units, *organization.accounts):
        there = after.attachments.get(place, ())
        if own.id not in there:
            after = _with(after, place, (*there, own.id))
    return estate.with_organization(after), {"Root": root_shown(after)}


def disable_policy_type(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Switch a type off: every policy of the type is detached."""
    organization, kind = _type(estate, call, given)
    if kind not in organization.enabled:
        raise fault("PolicyTypeNotEnabledException")
    kept = {
        place: tuple(i for i in ids if _kind(organization, i) != kind)
        for place, ids in organization.attachments.items()
    }
    after = replace(organization, enabled=organization.enabled - {kind}, attachments=kept)
    return estate.with_organization(after), {"Root": root_shown(after)}


def attach_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Hang a policy on a root, unit or account."""
    organization, policy = _policy(estate, call, given, "TargetId")
    target_id = target(organization, given["TargetId"]).id
    if policy.type not in organization.enabled:
        raise fault("PolicyTypeNotEnabledException")
    there = organization.attachments.get(target_id, ())
    if policy.id in there:
        raise fault("DuplicatePolicyAttachmentException")
    if len(organization.attached(target_id, policy.type)) >= _MAX_ATTACHED.get(
        policy.type, _MAX_OTHERS
    ):
        raise violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    after = _with(organization, target_id, (*there, policy.id))
    return estate.with_organization(after), {}


def detach_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take a policy off; the last SCP and RCPFullAWSAccess stay (R86)."""
    organization, policy = _policy(estate, call, given, "TargetId")
    target_id = target(organization, given["TargetId"]).id
    there = organization.attachments.get(target_id, ())
    if policy.id not in there:
        raise fault("PolicyNotAttachedException")
    if policy.type == "RESOURCE_CONTROL_POLICY" and policy.aws_managed:
        raise bad_input("NON_DETACHABLE_POLICY")
    last = len(organization.attached(target_id, policy.type)) == 1
    if last and policy.type not in MANAGEMENT:
        raise violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    after = _with(organization, target_id, tuple(i for i in there if i != policy.id))
    return estate.with_organization(after), {}


def list_policies_for_target(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policies of one type that hang directly on a target."""
    checked(given, "TargetId", "Filter")
    organization = managed(estate, call)
    found = organization.attached(target(organization, given["TargetId"]).id, given["Filter"])
    return estate, part(given, "Policies", [summary(organization, p) for p in found], "Id")


def list_targets_for_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """All a policy hangs on."""
    organization, policy = _policy(estate, call, given)
    targets = []
    for place, ids in organization.attachments.items():
        if policy.id in ids:
            what = target(organization, place)
            kind, target_is = target_arn(organization, what)
            targets.append({"TargetId": what.id, "Arn": target_is, "Name": what.name, "Type": kind})
    return estate, part(given, "Targets", targets, "TargetId")


def summary(organization: Organization, policy: OrgPolicy) -> Mapping[str, Any]:
    """A policy without its text."""
    return {
        "Id": policy.id,
        "Arn": policy_arn(organization, policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.aws_managed,
    }


def root_shown(organization: Organization) -> Mapping[str, Any]:
    """The root as Organizations answers it."""
    root = organization.root
    return {
        "Id": root.id,
        "Arn": arn(organization, "root", root.id),
        "Name": root.name,
        "PolicyTypes": [
            {"Type": kind, "Status": "ENABLED"} for kind in sorted(organization.enabled)
        ],
    }


def _type(estate: Estate, call: Call, given: Input) -> tuple[Organization, str]:
    checked(given, "RootId", "PolicyType")
    organization = managed(estate, call)
    if organization.root.id != given["RootId"]:
        raise fault("RootNotFoundException")
    return organization, given["PolicyType"]


def _policy(
    estate: Estate, call: Call, given: Input, *required: str
) -> tuple[Organization, OrgPolicy]:
    checked(given, "PolicyId", *required)
    organization = managed(estate, call)
    policy = organization.policies.get(given["PolicyId"])
    if policy is None:
        raise fault("PolicyNotFoundException")
    return organization, policy


def _kind(organization: Organization, policy_id: str) -> str | None:
    policy = organization.policies.get(policy_id)
    return policy.type if policy else None


def _with(organization: Organization, place: str, ids: tuple[str, ...]) -> Organization:
    return replace(organization, attachments={**organization.attachments, place: ids})


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AttachPolicy": attach_policy,
    "DetachPolicy": detach_policy,
    "DisablePolicyType": disable_policy_type,
    "EnablePolicyType": enable_policy_type,
    "ListPoliciesForTarget": list_policies_for_target,
    "ListTargetsForPolicy": list_targets_for_policy,
}
