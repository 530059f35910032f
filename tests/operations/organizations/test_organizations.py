"""The organization, its tree and its accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.operations.stage import NOW, A, B, Stage

from clearance.decide import authorize
from clearance.model.request import Request
from clearance.operations.organizations import OPERATIONS


@pytest.fixture
def empty() -> Stage:
    """No organization yet."""
    return Stage("organizations", OPERATIONS)


@pytest.fixture
def org(empty: Stage) -> Stage:
    """An organization that account A manages."""
    empty("CreateOrganization", FeatureSet="ALL")
    return empty


def root(org: Stage) -> str:
    return str(org("ListRoots")["Roots"][0]["Id"])


def unit(org: Stage, parent: str, name: str = "dev") -> str:
    made = org("CreateOrganizationalUnit", ParentId=parent, Name=name)
    return str(made["OrganizationalUnit"]["Id"])


def account(org: Stage, number: int = 1) -> str:
    made = org("CreateAccount", Email=f"a{number}@example.com", AccountName=f"a{number}")
    return str(made["CreateAccountStatus"]["AccountId"])


def test_create(empty: Stage) -> None:
    made = empty("CreateOrganization")["Organization"]
    assert made["MasterAccountId"] == A
    assert made["Arn"] == f"arn:aws:organizations::{A}:organization/{made['Id']}"
    assert empty("DescribeOrganization")["Organization"] == made
    assert empty("ListRoots")["Roots"][0]["PolicyTypes"] == []
    error = empty.refused("CreateOrganization")
    assert (error.code, error.status) == ("AlreadyInOrganizationException", 400)


STRANGERS_MAY = {
    "AcceptHandshake",
    "CreateOrganization",
    "DeclineHandshake",
    "DescribeHandshake",
    "ListHandshakesForAccount",
}
MEMBERS_MAY = STRANGERS_MAY | {"DescribeOrganization", "LeaveOrganization"}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - STRANGERS_MAY))
def test_without_an_organization(empty: Stage, operation: str) -> None:
    error = empty.refused(operation, **EVERYTHING)
    assert (error.code, error.message) == (
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )


EVERYTHING: Mapping[str, Any] = {
    "AccountId": A,
    "AccountName": "a",
    "ChildId": A,
    "ChildType": "ACCOUNT",
    "Content": "{}",
    "CreateAccountRequestId": "car-12345678",
    "Description": "",
    "DestinationParentId": "r-abcd",
    "Email": "a@example.com",
    "HandshakeId": "h-12345678",
    "ServicePrincipal": "sso.amazonaws.com",
    "Target": {"Id": A, "Type": "ACCOUNT"},
    "Filter": "SERVICE_CONTROL_POLICY",
    "Name": "n",
    "OrganizationalUnitId": "ou-abcd-12345678",
    "ParentId": "r-abcd",
    "PolicyId": "p-12345678",
    "PolicyType": "SERVICE_CONTROL_POLICY",
    "ResourceId": A,
    "RootId": "r-abcd",
    "SourceParentId": "r-abcd",
    "TagKeys": ["a"],
    "Tags": [{"Key": "a", "Value": "b"}],
    "TargetId": A,
    "Type": "SERVICE_CONTROL_POLICY",
}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - MEMBERS_MAY))
def test_only_the_management_account(org: Stage, operation: str) -> None:
    member = account(org)
    org.call = type(org.call)(org.user(A), member, "us-east-1", NOW, org.ports)
    error = org.refused(operation, **EVERYTHING)
    assert error.code == "AccessDeniedException"
    assert org("DescribeOrganization")["Organization"]["MasterAccountId"] == A


def test_the_tree(org: Stage) -> None:
    top = root(org)
    dev = unit(org, top)
    team = unit(org, dev, "team")
    shown = org("DescribeOrganizationalUnit", OrganizationalUnitId=team)["OrganizationalUnit"]
    organization = org("DescribeOrganization")["Organization"]["Id"]
    assert shown["Path"] == f"{organization}/{top}/{dev}/{team}/"
    assert shown["Arn"] == f"arn:aws:organizations::{A}:ou/{organization}/{team}"
    assert team.startswith(f"ou-{top.removeprefix('r-')}-")
    units = org("ListOrganizationalUnitsForParent", ParentId=dev)["OrganizationalUnits"]
    assert units == [shown]
    assert org("ListParents", ChildId=team)["Parents"] == [
        {"Id": dev, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert org("ListParents", ChildId=A)["Parents"] == [{"Id": top, "Type": "ROOT"}]
    assert org("ListChildren", ParentId=top, ChildType="ACCOUNT")["Children"] == [
        {"Id": A, "Type": "ACCOUNT"}
    ]
    children = org("ListChildren", ParentId=top, ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert children == [{"Id": dev, "Type": "ORGANIZATIONAL_UNIT"}]
    full = org.refused("DeleteOrganizationalUnit", OrganizationalUnitId=dev)
    assert full.code == "OrganizationalUnitNotEmptyException"
    org("DeleteOrganizationalUnit", OrganizationalUnitId=team)
    renamed = org("UpdateOrganizationalUnit", OrganizationalUnitId=dev, Name="prod")
    assert renamed["OrganizationalUnit"]["Name"] == "prod"


def test_units_of_a_name(org: Stage) -> None:
    top = root(org)
    dev = unit(org, top)
    other = unit(org, top, "other")
    unit(org, dev)
    code = "DuplicateOrganizationalUnitException"
    assert org.refused("CreateOrganizationalUnit", ParentId=top, Name="dev").code == code
    given = {"OrganizationalUnitId": other, "Name": "dev"}
    assert org.refused("UpdateOrganizationalUnit", **given).code == code


def test_five_levels(org: Stage) -> None:
    parent = root(org)
    for _ in range(5):
        parent = unit(org, parent)
    error = org.refused("CreateOrganizationalUnit", ParentId=parent, Name="dev")
    assert error.code == "ConstraintViolationException"
    assert error.members == {"Reason": "OU_DEPTH_LIMIT_EXCEEDED"}


def test_create_an_account(org: Stage) -> None:
    status = org("CreateAccount", Email="dev@example.com", AccountName="dev")["CreateAccountStatus"]
    assert status["State"] == "SUCCEEDED"
    number = status["AccountId"]
    again = org("DescribeCreateAccountStatus", CreateAccountRequestId=status["Id"])
    assert again["CreateAccountStatus"] == status
    shown = org("DescribeAccount", AccountId=number)["Account"]
    assert (shown["Name"], shown["Email"], shown["Status"]) == ("dev", "dev@example.com", "ACTIVE")
    assert shown["JoinedMethod"] == "CREATED"
    listed = org("ListAccountsForParent", ParentId=root(org))["Accounts"]
    assert {a["Id"] for a in listed} == {A, number}


def test_its_access_role_lets_the_management_account_in(org: Stage) -> None:
    role = f"arn:aws:iam::{account(org)}:role/OrganizationAccountAccessRole"
    request = Request(org.user(A), "sts:AssumeRole", role)
    assert authorize(org.estate, request, now=NOW).allowed
    stranger = Request(org.user(B), "sts:AssumeRole", role)
    assert not authorize(org.estate, stranger, now=NOW).allowed


def test_a_used_address_fails(org: Stage) -> None:
    account(org)
    status = org("CreateAccount", Email="A1@example.com", AccountName="x")["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    failed = org("ListCreateAccountStatus", States=["FAILED"])["CreateAccountStatuses"]
    assert failed == [status]


def test_accounts_in_parts(org: Stage) -> None:
    for number in range(3):
        account(org, number)
    first = org("ListAccounts", MaxResults=2)
    second = org("ListAccounts", NextToken=first["NextToken"])
    assert len({a["Id"] for part in (first, second) for a in part["Accounts"]}) == 4
    assert org.refused("ListAccounts", NextToken="x").members["Reason"] == "INVALID_NEXT_TOKEN"
    assert org.refused("ListAccounts", MaxResults=21).members["Reason"] == "MAX_VALUE_EXCEEDED"


def test_move(org: Stage) -> None:
    top, number = root(org), account(org)
    dev = unit(org, top)
    org("MoveAccount", AccountId=number, SourceParentId=top, DestinationParentId=dev)
    paths = org("DescribeAccount", AccountId=number)["Account"]["Paths"]
    assert paths[0].endswith(f"/{top}/{dev}/{number}/")
    for source, there, code in (
        (top, top, "SourceParentNotFoundException"),
        ("r-none", top, "SourceParentNotFoundException"),
        (dev, "r-none", "DestinationParentNotFoundException"),
        (dev, dev, "DuplicateAccountException"),
    ):
        given = {"AccountId": number, "SourceParentId": source, "DestinationParentId": there}
        assert org.refused("MoveAccount", **given).code == code


def test_close_and_leave(org: Stage) -> None:
    number = account(org)
    org("CloseAccount", AccountId=number)
    assert org("DescribeAccount", AccountId=number)["Account"]["Status"] == "SUSPENDED"
    closed = org.refused("CloseAccount", AccountId=number)
    assert closed.code == "AccountAlreadyClosedException"
    master = org.refused("CloseAccount", AccountId=A)
    assert master.members == {"Reason": "CANNOT_CLOSE_MANAGEMENT_ACCOUNT"}
    assert org.refused("DeleteOrganization").code == "OrganizationNotEmptyException"
    org("RemoveAccountFromOrganization", AccountId=number)
    alone = org.refused("DescribeAccount", AccountId=number)
    assert alone.code == "AccountNotFoundException"
    stays = org.refused("LeaveOrganization")
    assert stays.code == "MasterCannotLeaveOrganizationException"
    org("DeleteOrganization")
    assert org.refused("DescribeOrganization").code == "AWSOrganizationsNotInUseException"


def test_a_member_leaves(org: Stage) -> None:
    number = account(org)
    master = org.call
    org.call = type(org.call)(org.user(A), number, "us-east-1", NOW, org.ports)
    org("LeaveOrganization")
    org.call = master
    assert [a["Id"] for a in org("ListAccounts")["Accounts"]] == [A]


NOBODY = "999999999999"


@pytest.mark.parametrize(
    ("operation", "given", "reason"),
    [
        ("CreateOrganizationalUnit", {"ParentId": "x", "Name": "a"}, "INVALID_PATTERN"),
        ("CreateOrganizationalUnit", {"Name": "a"}, "INPUT_REQUIRED"),
        ("CreateOrganizationalUnit", {"ParentId": "r-a", "Name": "a"}, "INVALID_PATTERN"),
        ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": ""}, "MIN_LENGTH_EXCEEDED"),
        ("ListChildren", {"ParentId": "r-none", "ChildType": "CAT"}, "INVALID_ENUM"),
        ("CreateAccount", {"Email": "x", "AccountName": "a"}, "INVALID_PATTERN"),
        (
            "TagResource",
            {"ResourceId": A, "Tags": [{"Key": "a", "Value": ""}] * 2},
            "DUPLICATE_TAG_KEY",
        ),
    ],
)
def test_bad_input(org: Stage, operation: str, given: Mapping[str, object], reason: str) -> None:
    error = org.refused(operation, **given)
    assert (error.code, error.status) == ("InvalidInputException", 400)
    assert error.members == {"Reason": reason}


@pytest.mark.parametrize(
    ("operation", "given", "what"),
    [
        ("CreateOrganizationalUnit", {"ParentId": "r-none", "Name": "a"}, "Parent"),
        ("ListChildren", {"ParentId": "r-none", "ChildType": "ACCOUNT"}, "Parent"),
        (
            "DescribeOrganizationalUnit",
            {"OrganizationalUnitId": "ou-abcd-12345678"},
            "OrganizationalUnit",
        ),
        ("ListParents", {"ChildId": NOBODY}, "Child"),
        ("DescribeAccount", {"AccountId": NOBODY}, "Account"),
        (
            "DescribeCreateAccountStatus",
            {"CreateAccountRequestId": "car-12345678"},
            "CreateAccountStatus",
        ),
        ("TagResource", {"ResourceId": NOBODY, "Tags": []}, "Target"),
    ],
)
def test_what_is_not_there(
    org: Stage, operation: str, given: Mapping[str, object], what: str
) -> None:
    assert org.refused(operation, **given).code == f"{what}NotFoundException"


def test_tags(org: Stage) -> None:
    dev = unit(org, root(org))
    org("TagResource", ResourceId=dev, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    org("UntagResource", ResourceId=dev, TagKeys=["a"])
    assert org("ListTagsForResource", ResourceId=dev)["Tags"] == [{"Key": "b", "Value": ""}]
    many = [{"Key": str(n), "Value": ""} for n in range(51)]
    error = org.refused("TagResource", ResourceId=dev, Tags=many)
    assert error.members == {"Reason": "MAX_TAG_LIMIT_EXCEEDED"}
