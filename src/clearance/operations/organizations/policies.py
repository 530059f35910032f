"""Policies of an organization: create, change, delete, list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.errors import PolicyError
from clearance.model.estate import Estate, Organization, OrgPolicy
from clearance.model.policy import PolicyType
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.attachments import available, summary
from clearance.operations.organizations.faults import bad_input, fault, violation
from clearance.operations.organizations.members import checked, part, tags_given
from clearance.operations.organizations.place import ALPHABET, managed
from clearance.parse.document import parse_policy

__all__ = ["OPERATIONS"]

_GRAMMARS: Final = {
    "SERVICE_CONTROL_POLICY": PolicyType.SCP,
    "RESOURCE_CONTROL_POLICY": PolicyType.RCP,
}
# Characters (Organizations User Guide, orgs_reference_limits). SCPs had 5,120 until 15 May 2026
# (about-aws/whats-new/2026/05/aws-organizations-increased-scp-quotas).
_MAX_CONTENT: Final = {
    "SERVICE_CONTROL_POLICY": 10240, "RESOURCE_CONTROL_POLICY": 5120,
    "AISERVICES_OPT_OUT_POLICY": 2500,
}  # fmt: skip
_MAX_OTHERS: Final = 10000
# What a management policy has at its top (Organizations User Guide, the syntax of each type).
_TOPS: Final = {
    "AISERVICES_OPT_OUT_POLICY": "services",
    "BACKUP_POLICY": "plans",
    "CHATBOT_POLICY": "chatbots",
    "DECLARATIVE_POLICY_EC2": "ec2_attributes",
    "SECURITYHUB_POLICY": "securityhub",
    "TAG_POLICY": "tags",
}


def create_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A policy that hangs nowhere yet."""
    checked(given, "Content", "Description", "Name", "Type")
    organization = managed(estate, call)
    kind = given["Type"]
    available(organization, kind)
    _refuse_namesake(organization, kind, given["Name"])
    _check_content(given["Content"], kind)
    policy = OrgPolicy(
        f"p-{call.ports.token(10, ALPHABET)}",
        given["Name"],
        kind,
        given["Content"],
        given["Description"],
    )
    after = _with(organization, policy)
    if given.get("Tags"):
        after = replace(after, tags={**after.tags, policy.id: tags_given(given["Tags"])})
    return estate.with_organization(after), _shown(after, policy)


def update_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change a policy's name, description or text; wherever it hangs the change counts."""
    organization, policy = _own(estate, call, given)
    name = given.get("Name") or policy.name
    if name != policy.name:
        _refuse_namesake(organization, policy.type, name)
    content = given.get("Content") or policy.text
    _check_content(content, policy.type)
    description = given.get("Description")
    after = replace(
        policy,
        name=name,
        text=content,
        description=policy.description if description is None else description,
    )
    organization = _with(organization, after)
    return estate.with_organization(organization), _shown(organization, after)


def delete_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Delete a policy that hangs nowhere."""
    organization, policy = _own(estate, call, given)
    if any(policy.id in ids for ids in organization.attachments.values()):
        raise fault("PolicyInUseException")
    after = replace(
        organization,
        policies={k: p for k, p in organization.policies.items() if k != policy.id},
        tags={k: t for k, t in organization.tags.items() if k != policy.id},
    )
    return estate.with_organization(after), {}


def describe_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One policy with its text."""
    organization, policy = _found(estate, call, given)
    return estate, _shown(organization, policy)


def list_policies(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policies of one type."""
    checked(given, "Filter")
    organization = managed(estate, call)
    found = [
        summary(organization, policy)
        for policy in organization.policies.values()
        if policy.type == given["Filter"]
    ]
    return estate, part(given, "Policies", found, "Id")


def _check_content(content: str, kind: str) -> None:
    if len(content) > _MAX_CONTENT.get(kind, _MAX_OTHERS):
        raise violation("POLICY_CONTENT_LIMIT_EXCEEDED")
    if kind not in _GRAMMARS:
        _check_values(content, kind)
        return
    try:
        parse_policy(content, _GRAMMARS[kind])
    except PolicyError as error:
        raise fault("MalformedPolicyDocumentException") from error


def _check_values(content: str, kind: str) -> None:
    """A management policy is an object with the one key of its type."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise fault("MalformedPolicyDocumentException") from error
    tops = {name for name in found if not name.startswith("@@")} if isinstance(found, dict) else ()
    if not tops or (kind in _TOPS and tops != {_TOPS[kind]}):
        raise fault("MalformedPolicyDocumentException")


def _found(estate: Estate, call: Call, given: Input) -> tuple[Organization, OrgPolicy]:
    checked(given, "PolicyId")
    organization = managed(estate, call)
    policy = organization.policies.get(given["PolicyId"])
    if policy is None:
        raise fault("PolicyNotFoundException")
    return organization, policy


def _own(estate: Estate, call: Call, given: Input) -> tuple[Organization, OrgPolicy]:
    organization, policy = _found(estate, call, given)
    if policy.aws_managed:
        raise bad_input("IMMUTABLE_POLICY")
    return organization, policy


def _refuse_namesake(organization: Organization, kind: str, name: str) -> None:
    if any(p.type == kind and p.name == name for p in organization.policies.values()):
        raise fault("DuplicatePolicyException")


def _with(organization: Organization, policy: OrgPolicy) -> Organization:
    return replace(organization, policies={**organization.policies, policy.id: policy})


def _shown(organization: Organization, policy: OrgPolicy) -> Mapping[str, Any]:
    return {"Policy": {"PolicySummary": summary(organization, policy), "Content": policy.text}}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreatePolicy": create_policy,
    "DeletePolicy": delete_policy,
    "DescribePolicy": describe_policy,
    "ListPolicies": list_policies,
    "UpdatePolicy": update_policy,
}
