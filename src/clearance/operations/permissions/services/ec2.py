"""EC2: starting an instance is authorized on everything it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearance.operations.permissions import generic
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Keys,
    Row,
    all_of,
    member,
    on,
    on_each,
    one,
    same,
)
from clearance.operations.permissions.tags import tag_context

__all__ = ["TABLE", "derive"]

# The start of an id -> its resource type.
_KINDS: Final = {
    "i": "instance", "vol": "volume", "snap": "snapshot", "ami": "image", "subnet": "subnet",
    "vpc": "vpc", "sg": "security-group", "eni": "network-interface", "rtb": "route-table",
    "igw": "internet-gateway", "nat": "natgateway", "acl": "network-acl", "key": "key-pair",
    "lt": "launch-template", "eipalloc": "elastic-ip", "dopt": "dhcp-options",
    "vpce": "vpc-endpoint", "tgw": "transit-gateway", "pl": "prefix-list", "fl": "vpc-flow-log",
    "pg": "placement-group", "sgr": "security-group-rule", "fleet": "fleet",
    "sir": "spot-instances-request", "cr": "capacity-reservation",
}  # fmt: skip


def _arn(ask: Ask, kind: str, id_: str) -> str:
    # Images and snapshots belong to no account in their ARNs.
    owner = "" if kind in {"image", "snapshot"} else None
    return ask.arn(f"{kind}/{id_}", account=owner)


def _any(ask: Ask, id_: str) -> str:
    kind = _KINDS.get(id_.partition("-")[0])
    return _arn(ask, kind, id_) if kind else ask.arn(f"*/{id_}")


def _each(field: str, kind: str) -> Row:
    return on_each(lambda ask: (_arn(ask, kind, id_) for id_ in ask.texts(field)))


def _specified(ask: Ask) -> dict[str, Mapping[str, str]]:
    """The tags asked for, by resource type."""
    found: dict[str, Mapping[str, str]] = {}
    for item in ask.items("TagSpecifications"):
        pairs = (t for t in item.get("Tags") or () if isinstance(t, Mapping))
        found[str(item.get("ResourceType"))] = {
            str(t.get("Key")): str(t.get("Value", "")) for t in pairs
        }
    return found


def _tagging(ask: Ask) -> Iterable[Permission]:
    """Tags at creation ask for ``ec2:CreateTags`` with ``ec2:CreateAction``."""
    for kind, tags in _specified(ask).items():
        if tags:
            context = {**tag_context(tags, created=True), "ec2:CreateAction": ask.operation}
            yield one(ask, "CreateTags", _arn(ask, kind, "*"), context, dependent=True)


def derive(ask: Ask) -> Iterable[Permission]:
    """What the service reference tells, and the tags at creation."""
    yield from generic.derive(ask)
    yield from _tagging(ask)


def _profile_roles(ask: Ask) -> Iterable[str | None]:
    """The roles in the instance profile; a profile the estate does not know passes any role."""
    name = ask.text("IamInstanceProfile.Name")
    arn = ask.text("IamInstanceProfile.Arn")
    if name is None and arn is not None:
        name = arn.rpartition("/")[2]
    if name is None:
        return ()
    account = ask.account
    profile = account.instance_profiles.get(name) if account else None
    if account is None or profile is None:
        return (ask.arn("role/*", service="iam", region=""),)
    roles = (account.roles.get(role) for role in profile.roles)
    return tuple(account.role_arn(role) for role in roles if role)


def _profile(ask: Ask) -> Mapping[str, Value]:
    arn, name = ask.text("IamInstanceProfile.Arn"), ask.text("IamInstanceProfile.Name")
    if arn is None and name is not None:
        account = ask.account
        known = account.instance_profiles.get(name) if account else None
        path = known.path if known else "/"
        arn = ask.arn(f"instance-profile{path}{name}", service="iam", region="")
    return {"ec2:InstanceProfile": arn} if arn else {}


def _launched(ask: Ask) -> dict[str, tuple[str, ...]]:
    """Each resource type of a launch and its ids; ``*`` for what the launch makes."""
    interfaces = ask.items("NetworkInterfaces")
    subnets = [ask.text("SubnetId"), *(i.get("SubnetId") for i in interfaces)]
    groups = [*ask.texts("SecurityGroupIds"), *ask.texts("SecurityGroups")]
    for interface in interfaces:
        groups += interface.get("Groups") or ()
    existing: list[Any] = [i.get("NetworkInterfaceId") for i in interfaces]
    found: dict[str, Iterable[Any]] = {
        "instance": ("*",),
        "image": (ask.text("ImageId"),),
        "subnet": subnets if any(subnets) else ("*",),
        "security-group": groups or ("*",),
        "network-interface": existing if any(existing) else ("*",),
        "volume": ("*",),
        "key-pair": (ask.text("KeyName"),),
        "launch-template": (ask.text("LaunchTemplate.LaunchTemplateId",
                                     "LaunchTemplate.LaunchTemplateName"),),
        "placement-group": (ask.text("Placement.GroupName"),),
        "snapshot": tuple(m.get("Ebs", {}).get("SnapshotId")
                          for m in ask.items("BlockDeviceMappings")),
    }  # fmt: skip
    return {kind: tuple(str(i) for i in ids if i) for kind, ids in found.items()}


_INSTANCE_KEYS: Final[tuple[Keys, ...]] = (
    member("ec2:InstanceType", "InstanceType"),
    member("ec2:EbsOptimized", "EbsOptimized"),
    member("ec2:Tenancy", "Placement.Tenancy"),
    member("ec2:AvailabilityZone", "Placement.AvailabilityZone"),
    member("ec2:MetadataHttpTokens", "MetadataOptions.HttpTokens"),
    member("ec2:MetadataHttpEndpoint", "MetadataOptions.HttpEndpoint"),
    member("ec2:MetadataHttpPutResponseHopLimit", "MetadataOptions.HttpPutResponseHopLimit"),
    _profile,
)


def _launch(ask: Ask) -> Iterable[Permission]:
    specified = _specified(ask)
    shared: dict[str, Value] = {}
    if subnet := ask.text("SubnetId"):
        shared["ec2:Subnet"] = _arn(ask, "subnet", subnet)
    template = ask.text("LaunchTemplate.LaunchTemplateId")
    if template:
        shared["ec2:LaunchTemplate"] = _arn(ask, "launch-template", template)
        shared["ec2:IsLaunchTemplateResource"] = False
    facts = ask.catalog.action("ec2:RunInstances")
    documented = facts.resource_condition_keys if facts else {}
    for kind, ids in _launched(ask).items():
        known = documented.get(kind, ())
        context = {key: value for key, value in shared.items() if key in known}
        if kind == "instance":
            for keys in _INSTANCE_KEYS:
                context |= keys(ask)
        context |= tag_context(specified.get(kind, {}), created=True)
        for id_ in ids:
            yield one(ask, "RunInstances", _arn(ask, kind, id_), context)


def _region(ask: Ask) -> Mapping[str, Value]:
    return {"ec2:Region": ask.call.region}


TABLE: Final[Mapping[str, Row]] = {
    "RunInstances": all_of(_launch, _tagging, passed(_profile_roles, "ec2.amazonaws.com")),
    **same("StartInstances StopInstances TerminateInstances RebootInstances MonitorInstances "
           "UnmonitorInstances", _each("InstanceIds", "instance")),
    **same("CreateTags DeleteTags",
           on_each(lambda ask: (_any(ask, id_) for id_ in ask.texts("Resources")), _region)),
    **same("AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress "
           "RevokeSecurityGroupIngress RevokeSecurityGroupEgress DeleteSecurityGroup "
           "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress",
           on(lambda ask: _arn(ask, "security-group", ask.text("GroupId", "GroupName") or "*"))),
    "AssociateIamInstanceProfile": all_of(
        on(lambda ask: ask.text("InstanceId") and _arn(ask, "instance", ask.text("InstanceId")
                                                       or "*"), _profile),
        passed(_profile_roles, "ec2.amazonaws.com"),
    ),
}  # fmt: skip
