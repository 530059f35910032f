"""The organization's resource policy: what members may do in the management account's place.

"Use the resource-based delegation policy … to specify member accounts" (Organizations User Guide,
orgs_delegate_policies).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.decide import PolicySet, evaluate
from clearance.decide.attach import attach
from clearance.match.action import covers
from clearance.match.principal import namings
from clearance.model.errors import PolicyError
from clearance.model.estate import FULL_ACCESS, Estate, Organization, OrgResourcePolicy
from clearance.model.policy import Effect, PolicyType
from clearance.model.request import Context, Request
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.faults import bad_input, fault, violation
from clearance.operations.organizations.members import checked, tags_given
from clearance.operations.organizations.place import ALPHABET, arn, managed
from clearance.parse.document import parse_policy

__all__ = ["OPERATIONS", "delegable"]

_MAX_CONTENT: Final = 40_000  # characters (API_PutResourcePolicy)


def put_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Write the policy, the first or another."""
    checked(given, "Content")
    organization = managed(estate, call)
    if len(given["Content"]) > _MAX_CONTENT:
        raise violation("POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        policy = parse_policy(given["Content"], PolicyType.RESOURCE)
    except PolicyError as error:
        raise bad_input("INVALID_RESOURCE_POLICY_JSON") from error
    if any(statement.principals is None for statement in policy.statements):
        raise bad_input("INVALID_RESOURCE_POLICY_JSON")
    was = organization.resource_policy
    name = was.id if was else f"rp-{call.ports.token(8, ALPHABET)}"
    after = replace(organization, resource_policy=OrgResourcePolicy(name, given["Content"]))
    if given.get("Tags"):
        if was is not None:  # "tags … only when you create" (API_PutResourcePolicy)
            raise bad_input("INVALID_SYNTAX")
        after = replace(after, tags={**after.tags, name: tags_given(given["Tags"])})
    return estate.with_organization(after), _shown(after)


def describe_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policy."""
    checked(given)
    return estate, _shown(managed(estate, call))


def delete_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take the policy away."""
    checked(given)
    organization = managed(estate, call)
    policy = organization.resource_policy
    if policy is None:
        raise fault("ResourcePolicyNotFoundException")
    tags = {key: held for key, held in organization.tags.items() if key != policy.id}
    return estate.with_organization(replace(organization, resource_policy=None, tags=tags)), {}


def delegable(name: str, operation: Operation) -> Operation:
    """The operation, which a member account does in the management account's place if it may.

    A call that names something of the organization was decided with this policy already; one that
    names nothing is decided here, as it is on ``*``.
    """

    def either(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        found = estate.organization_of(call.account)
        if found is None or found.management_account == call.account or name in _OWN:
            return operation(estate, call, given)
        if _granted(found, call, f"organizations:{name}", given):
            call = replace(call, account=found.management_account)
        return operation(estate, call, given)

    return either


# A member asks these for itself; the policy itself is not delegated.
_OWN: Final = frozenset(
    {
        "AcceptHandshake", "DeclineHandshake", "DeleteResourcePolicy", "DescribeEffectivePolicy",
        "DescribeOrganization", "LeaveOrganization", "ListHandshakesForAccount",
        "PutResourcePolicy",
    }
)  # fmt: skip


def _granted(organization: Organization, call: Call, action: str, given: Input) -> bool:
    if organization.resource_policy is None:
        return False
    policy = attach(organization.resource_policy.text, PolicyType.RESOURCE, "resource policy")
    if any(name.endswith("Id") for name in given):
        return any(
            statement.effect is Effect.ALLOW
            and covers(statement, action)
            and statement.principals is not None
            and bool(namings(statement.principals, call.principal))
            for statement in policy.policy.statements
        )
    request = Request(
        call.principal, action, "*", Context.of({}, complete=True),
        organization.management_account,
    )  # fmt: skip
    everything = attach(FULL_ACCESS, PolicyType.IDENTITY, "decided before")
    policies = PolicySet(identity=(everything,), resource=(policy,))
    return evaluate(request, policies, now=call.now).allowed


def _shown(organization: Organization) -> Mapping[str, Any]:
    policy = organization.resource_policy
    if policy is None:
        raise fault("ResourcePolicyNotFoundException")
    summary = {"Id": policy.id, "Arn": arn(organization, "resourcepolicy", policy.id)}
    return {"ResourcePolicy": {"ResourcePolicySummary": summary, "Content": policy.text}}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteResourcePolicy": delete_resource_policy,
    "DescribeResourcePolicy": describe_resource_policy,
    "PutResourcePolicy": put_resource_policy,
}
