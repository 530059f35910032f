"""Invitations, services that act in member accounts, delegated administrators."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.organizations.test_organizations import account, root
from tests.operations.stage import NOW, A, B, Stage

from clearance.decide import authorize
from clearance.model.request import Request
from clearance.operations.organizations import OPERATIONS

SERVICE = "access-analyzer.amazonaws.com"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


@pytest.fixture
def org() -> Stage:
    stage = Stage("organizations", OPERATIONS)
    stage("CreateOrganization")
    return stage


def invite(org: Stage, **given: Any) -> str:
    made = org("InviteAccountToOrganization", Target={"Id": B, "Type": "ACCOUNT"}, **given)
    return str(made["Handshake"]["Id"])


def act(org: Stage, number: str) -> None:
    org.acts(org.user(number))


def test_an_invitation_is_accepted(org: Stage) -> None:
    sent = invite(org, Notes="welcome", Tags=[{"Key": "a", "Value": "b"}])
    act(org, B)
    assert org("ListHandshakesForAccount")["Handshakes"][0]["State"] == "OPEN"
    done = org("AcceptHandshake", HandshakeId=sent)["Handshake"]
    assert done["State"] == "ACCEPTED"
    assert org("DescribeOrganization")["Organization"]["MasterAccountId"] == A
    again = org.refused("AcceptHandshake", HandshakeId=sent)
    assert again.code == "HandshakeAlreadyInStateException"
    late = org.refused("DeclineHandshake", HandshakeId=sent)
    assert late.code == "InvalidHandshakeTransitionException"
    act(org, A)
    shown = org("DescribeAccount", AccountId=B)["Account"]
    assert shown["JoinedMethod"] == "INVITED"
    assert org("ListTagsForResource", ResourceId=B)["Tags"] == [{"Key": "a", "Value": "b"}]
    target = {"Id": B, "Type": "ACCOUNT"}
    member = org.refused("InviteAccountToOrganization", Target=target)
    assert member.members == {"Reason": "ALREADY_IN_AN_ORGANIZATION"}


def test_who_joins_is_bound_by_what_hangs_there(org: Stage) -> None:  # R80
    kind = "SERVICE_CONTROL_POLICY"
    org("EnablePolicyType", RootId=root(org), PolicyType=kind)
    made = org("CreatePolicy", Name="no", Description="", Type=kind, Content=DENY)
    deny = made["Policy"]["PolicySummary"]["Id"]
    org("AttachPolicy", PolicyId=deny, TargetId=root(org))
    request = Request(org.user(B), "lambda:ListFunctions")
    sent = invite(org)
    assert authorize(org.estate, request, now=NOW).allowed
    act(org, B)
    org("AcceptHandshake", HandshakeId=sent)
    assert not authorize(org.estate, request, now=NOW).allowed
    act(org, A)
    found = org("ListPoliciesForTarget", TargetId=B, Filter=kind)["Policies"]
    assert [p["Id"] for p in found] == ["p-FullAWSAccess"]


@pytest.mark.parametrize(
    ("operation", "who", "state"),
    [("DeclineHandshake", B, "DECLINED"), ("CancelHandshake", A, "CANCELED")],
)
def test_an_invitation_comes_to_nothing(org: Stage, operation: str, who: str, state: str) -> None:
    sent = invite(org)
    act(org, who)
    assert org(operation, HandshakeId=sent)["Handshake"]["State"] == state
    again = org.refused(operation, HandshakeId=sent)
    assert again.code == "HandshakeAlreadyInStateException"
    assert org("DescribeHandshake", HandshakeId=sent)["Handshake"]["State"] == state
    act(org, A)
    invite(org)


def test_invitations_expire(org: Stage) -> None:
    sent = invite(org)
    twice = org.refused("InviteAccountToOrganization", Target={"Id": B, "Type": "ACCOUNT"})
    assert twice.code == "DuplicateHandshakeException"
    org.call = replace(org.call, now=NOW + timedelta(days=15))
    listed = org("ListHandshakesForOrganization")["Handshakes"]
    assert [h["State"] for h in listed] == ["EXPIRED"]
    act(org, B)
    error = org.refused("AcceptHandshake", HandshakeId=sent)
    assert error.code == "InvalidHandshakeTransitionException"


def test_invitations_are_between_two(org: Stage) -> None:
    number = account(org)
    sent = invite(org)
    org.call = replace(org.call, account=number)
    for operation in ("AcceptHandshake", "DeclineHandshake", "DescribeHandshake"):
        error = org.refused(operation, HandshakeId=sent)
        assert error.code == "HandshakeNotFoundException"
    assert org("ListHandshakesForAccount")["Handshakes"] == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"Id": "a@example.com", "Type": "EMAIL"}, "INVALID_PARTY_TYPE_TARGET"),
        ({"Id": "12", "Type": "ACCOUNT"}, "INVALID_PATTERN"),
    ],
)
def test_bad_invitations(org: Stage, target: dict[str, str], reason: str) -> None:
    error = org.refused("InviteAccountToOrganization", Target=target)
    assert error.members == {"Reason": reason}


def test_services(org: Stage) -> None:
    org("EnableAWSServiceAccess", ServicePrincipal=SERVICE)
    org("EnableAWSServiceAccess", ServicePrincipal=SERVICE)
    found = org("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"]
    assert found == [{"ServicePrincipal": SERVICE, "DateEnabled": NOW}]
    org("DisableAWSServiceAccess", ServicePrincipal=SERVICE)
    assert org("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"] == []


def test_delegated_administrators(org: Stage) -> None:
    number = account(org)
    given = {"AccountId": number, "ServicePrincipal": SERVICE}
    early = org.refused("RegisterDelegatedAdministrator", **given)
    assert early.members == {"Reason": "SERVICE_ACCESS_NOT_ENABLED"}
    org("EnableAWSServiceAccess", ServicePrincipal=SERVICE)
    org("RegisterDelegatedAdministrator", **given)
    twice = org.refused("RegisterDelegatedAdministrator", **given)
    assert twice.code == "AccountAlreadyRegisteredException"
    master = org.refused("RegisterDelegatedAdministrator", **{**given, "AccountId": A})
    assert master.members == {"Reason": "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"}
    listed = org("ListDelegatedAdministrators", ServicePrincipal=SERVICE)
    assert [a["Id"] for a in listed["DelegatedAdministrators"]] == [number]
    other = org("ListDelegatedAdministrators", ServicePrincipal="x")
    assert other["DelegatedAdministrators"] == []
    services = org("ListDelegatedServicesForAccount", AccountId=number)["DelegatedServices"]
    assert [s["ServicePrincipal"] for s in services] == [SERVICE]
    org("DeregisterDelegatedAdministrator", **given)
    for operation in ("DeregisterDelegatedAdministrator", "ListDelegatedServicesForAccount"):
        assert org.refused(operation, **given).code == "AccountNotRegisteredException"


def test_a_service_that_is_off_has_no_administrators(org: Stage) -> None:
    number = account(org)
    org("EnableAWSServiceAccess", ServicePrincipal=SERVICE)
    org("RegisterDelegatedAdministrator", AccountId=number, ServicePrincipal=SERVICE)
    org("DisableAWSServiceAccess", ServicePrincipal=SERVICE)
    assert org("ListDelegatedAdministrators")["DelegatedAdministrators"] == []
