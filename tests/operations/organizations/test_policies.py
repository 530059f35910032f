"""Service and resource control policies, and where they hang."""

from __future__ import annotations

import pytest
from tests.operations.organizations.test_organizations import account, root, unit
from tests.operations.stage import NOW, A, Stage

from clearance.decide import authorize
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request
from clearance.operations.organizations import OPERATIONS

SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"lambda:*","Resource":"*"}]}'
FENCE = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*",'
    '"Resource":"*"}]}'
)


@pytest.fixture
def org() -> Stage:
    """An organization with SCPs."""
    stage = Stage("organizations", OPERATIONS)
    stage("CreateOrganization")
    stage("EnablePolicyType", RootId=root(stage), PolicyType=SCP)
    return stage


def policy(org: Stage, name: str = "deny", content: str = DENY, kind: str = SCP) -> str:
    made = org("CreatePolicy", Name=name, Description="d", Type=kind, Content=content)["Policy"]
    assert made["Content"] == content
    return str(made["PolicySummary"]["Id"])


def attached(org: Stage, target: str, kind: str = SCP) -> list[str]:
    found = org("ListPoliciesForTarget", TargetId=target, Filter=kind)["Policies"]
    return [p["Id"] for p in found]


def test_a_type_brings_its_own_policy(org: Stage) -> None:
    top = root(org)
    dev, number = unit(org, top), account(org)
    for target in (top, A, dev, number):
        assert attached(org, target) == ["p-FullAWSAccess"]
        assert attached(org, target, RCP) == []
    shown = org("EnablePolicyType", RootId=top, PolicyType=RCP)["Root"]
    assert [t["Type"] for t in shown["PolicyTypes"]] == [RCP, SCP]
    for target in (top, A, dev, number, unit(org, top, "new")):
        assert attached(org, target, RCP) == ["p-RCPFullAWSAccess"]
    error = org.refused("EnablePolicyType", RootId=top, PolicyType=RCP)
    assert error.code == "PolicyTypeAlreadyEnabledException"


def test_a_type_takes_all_its_policies_along(org: Stage) -> None:
    top, deny = root(org), policy(org)
    org("AttachPolicy", PolicyId=deny, TargetId=top)
    assert org("DisablePolicyType", RootId=top, PolicyType=SCP)["Root"]["PolicyTypes"] == []
    off = org.refused("AttachPolicy", PolicyId=deny, TargetId=top)
    assert off.code == "PolicyTypeNotEnabledException"
    again = org.refused("DisablePolicyType", RootId=top, PolicyType=SCP)
    assert again.code == "PolicyTypeNotEnabledException"
    org("EnablePolicyType", RootId=top, PolicyType=SCP)
    assert attached(org, top) == ["p-FullAWSAccess"], "back to the start"


def test_attach_and_detach(org: Stage) -> None:
    dev, deny = unit(org, root(org)), policy(org)
    org("AttachPolicy", PolicyId=deny, TargetId=dev)
    assert set(attached(org, dev)) == {"p-FullAWSAccess", deny}
    targets = org("ListTargetsForPolicy", PolicyId=deny)["Targets"]
    assert [(t["TargetId"], t["Type"], t["Name"]) for t in targets] == [
        (dev, "ORGANIZATIONAL_UNIT", "dev")
    ]
    twice = org.refused("AttachPolicy", PolicyId=deny, TargetId=dev)
    assert twice.code == "DuplicatePolicyAttachmentException"
    used = org.refused("DeletePolicy", PolicyId=deny)
    assert used.code == "PolicyInUseException"
    org("DetachPolicy", PolicyId=deny, TargetId=dev)
    gone = org.refused("DetachPolicy", PolicyId=deny, TargetId=dev)
    assert gone.code == "PolicyNotAttachedException"
    org("DeletePolicy", PolicyId=deny)
    assert org.refused("DescribePolicy", PolicyId=deny).code == "PolicyNotFoundException"


def test_one_always_stays(org: Stage) -> None:
    top = root(org)
    error = org.refused("DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=top)
    assert error.code == "ConstraintViolationException"
    assert error.members == {"Reason": "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    org("AttachPolicy", PolicyId=policy(org), TargetId=top)
    org("DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=top)


@pytest.mark.parametrize(("kind", "content", "most"), [(SCP, DENY, 10), (RCP, FENCE, 5)])
def test_so_many_at_most(org: Stage, kind: str, content: str, most: int) -> None:
    if kind == RCP:
        org("EnablePolicyType", RootId=root(org), PolicyType=RCP)
    dev = unit(org, root(org))
    for number in range(most - 1):
        org("AttachPolicy", PolicyId=policy(org, f"p{number}", content, kind), TargetId=dev)
    more = policy(org, "more", content, kind)
    error = org.refused("AttachPolicy", PolicyId=more, TargetId=dev)
    assert error.members == {"Reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}


def test_the_rcp_of_aws_stays(org: Stage) -> None:  # R86
    top = root(org)
    org("EnablePolicyType", RootId=top, PolicyType=RCP)
    fence = policy(org, "fence", FENCE, RCP)
    org("AttachPolicy", PolicyId=fence, TargetId=top)
    error = org.refused("DetachPolicy", PolicyId="p-RCPFullAWSAccess", TargetId=top)
    assert error.members == {"Reason": "NON_DETACHABLE_POLICY"}


def test_update(org: Stage) -> None:
    deny = policy(org)
    changed = org("UpdatePolicy", PolicyId=deny, Name="other", Content=DENY.replace("lambda", "s3"))
    assert changed["Policy"]["PolicySummary"]["Description"] == "d"
    assert org("DescribePolicy", PolicyId=deny) == changed
    listed = [p["Name"] for p in org("ListPolicies", Filter=SCP)["Policies"]]
    assert set(listed) == {"FullAWSAccess", "other"}


def test_arns(org: Stage) -> None:
    organization = org("DescribeOrganization")["Organization"]["Id"]
    own = org("DescribePolicy", PolicyId="p-FullAWSAccess")["Policy"]["PolicySummary"]
    assert own["Arn"] == "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert own["AwsManaged"]
    deny = policy(org)
    mine = org("DescribePolicy", PolicyId=deny)["Policy"]["PolicySummary"]["Arn"]
    path = f"policy/{organization}/service_control_policy/{deny}"
    assert mine == f"arn:aws:organizations::{A}:{path}"


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        ({"Content": "{"}, "MalformedPolicyDocumentException", None),
        ({"Content": FENCE}, "MalformedPolicyDocumentException", None),
        ({"Content": DENY.replace("2012-10-17", "2008-10-17")}, "MalformedPolicyDocumentException",
         None),
        ({"Type": RCP, "Content": DENY}, "MalformedPolicyDocumentException", None),
        ({"Content": DENY + " " * 10240}, "ConstraintViolationException",
         "POLICY_CONTENT_LIMIT_EXCEEDED"),
        ({"Type": RCP, "Content": FENCE + " " * 5120}, "ConstraintViolationException",
         "POLICY_CONTENT_LIMIT_EXCEEDED"),
        ({"Type": "CAT"}, "InvalidInputException", "INVALID_ENUM_POLICY_TYPE"),
        ({"Type": "TAG_POLICY"}, "MalformedPolicyDocumentException", None),
        ({"Type": "TAG_POLICY", "Content": "{}"}, "MalformedPolicyDocumentException", None),
        ({"Type": "TAG_POLICY", "Content": '{"plans":{}}'}, "MalformedPolicyDocumentException",
         None),
        ({"Name": "FullAWSAccess"}, "DuplicatePolicyException", None),
        ({"Description": "d" * 513}, "InvalidInputException", "MAX_LENGTH_EXCEEDED"),
    ],
)  # fmt: skip
def test_bad_policies(org: Stage, given: dict[str, str], code: str, reason: str | None) -> None:
    whole = {"Name": "n", "Description": "", "Type": SCP, "Content": DENY, **given}
    error = org.refused("CreatePolicy", **whole)
    assert (error.code, error.members.get("Reason")) == (code, reason)


@pytest.mark.parametrize("operation", ["UpdatePolicy", "DeletePolicy"])
def test_aws_policies_do_not_change(org: Stage, operation: str) -> None:
    error = org.refused(operation, PolicyId="p-FullAWSAccess")
    assert error.members == {"Reason": "IMMUTABLE_POLICY"}


def test_what_is_not_there(org: Stage) -> None:
    given = {"PolicyId": "p-12345678", "TargetId": root(org)}
    assert org.refused("AttachPolicy", **given).code == "PolicyNotFoundException"
    given = {"PolicyId": policy(org), "TargetId": "999999999999"}
    assert org.refused("AttachPolicy", **given).code == "TargetNotFoundException"
    given = {"RootId": "r-none", "PolicyType": SCP}
    assert org.refused("EnablePolicyType", **given).code == "RootNotFoundException"


def test_what_is_gone_holds_no_policy(org: Stage) -> None:
    deny, dev, number = policy(org), unit(org, root(org)), account(org)
    for target in (dev, number):
        org("AttachPolicy", PolicyId=deny, TargetId=target)
    org("DeleteOrganizationalUnit", OrganizationalUnitId=dev)
    org("RemoveAccountFromOrganization", AccountId=number)
    assert org("ListTargetsForPolicy", PolicyId=deny)["Targets"] == []
    org("DeletePolicy", PolicyId=deny)


def test_billing_organizations_have_no_policies() -> None:
    org = Stage("organizations", OPERATIONS)
    org("CreateOrganization", FeatureSet="CONSOLIDATED_BILLING")
    error = org.refused("EnablePolicyType", RootId=root(org), PolicyType=SCP)
    assert error.code == "PolicyTypeNotAvailableForOrganizationException"


def test_the_engine_obeys(org: Stage) -> None:  # R80
    number = account(org)
    dev = unit(org, root(org))
    org("MoveAccount", AccountId=number, SourceParentId=root(org), DestinationParentId=dev)
    caller = Principal(PrincipalKind.ROOT, f"arn:aws:iam::{number}:root", number)
    request = Request(caller, "lambda:ListFunctions")
    assert authorize(org.estate, request, now=NOW).allowed
    org("AttachPolicy", PolicyId=policy(org), TargetId=dev)
    assert not authorize(org.estate, request, now=NOW).allowed
    org("DisablePolicyType", RootId=root(org), PolicyType=SCP)
    assert authorize(org.estate, request, now=NOW).allowed
