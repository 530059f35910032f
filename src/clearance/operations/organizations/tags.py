"""Tags on roots, units, accounts and policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate, Organization
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.faults import fault, violation
from clearance.operations.organizations.members import checked, part, tags_given
from clearance.operations.organizations.place import managed

__all__ = ["OPERATIONS"]

_MAX_TAGS: Final = 50


def tag_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Add tags, or replace values."""
    organization, there = _tagged(estate, call, given, "Tags")
    after = {**there, **tags_given(given["Tags"])}
    if len(after) > _MAX_TAGS:
        raise violation("MAX_TAG_LIMIT_EXCEEDED")
    return _with(estate, organization, given, after), {}


def untag_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove tags."""
    organization, there = _tagged(estate, call, given, "TagKeys")
    gone = set(given["TagKeys"])
    kept = {key: value for key, value in there.items() if key not in gone}
    return _with(estate, organization, given, kept), {}


def list_tags_for_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The tags."""
    _, there = _tagged(estate, call, given)
    found = [{"Key": key, "Value": value} for key, value in there.items()]
    return estate, part(given, "Tags", found, "Key")


def _tagged(
    estate: Estate, call: Call, given: Input, *required: str
) -> tuple[Organization, Mapping[str, str]]:
    checked(given, "ResourceId", *required)
    organization = managed(estate, call)
    wanted = given["ResourceId"]
    delegation = organization.resource_policy
    if not any(
        wanted in table
        for table in (
            organization.units,
            organization.accounts,
            organization.policies,
            {delegation.id} if delegation else (),
        )
    ):
        raise fault("TargetNotFoundException")
    return organization, organization.tags.get(wanted, {})


def _with(
    estate: Estate, organization: Organization, given: Input, tags: Mapping[str, str]
) -> Estate:
    after = {**organization.tags, given["ResourceId"]: dict(tags)}
    return estate.with_organization(replace(organization, tags=after))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
