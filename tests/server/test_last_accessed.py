"""Last accessed reports, about calls that were really made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.endpoints import (
    ACCOUNT,
    Site,
    allow,
    attempt,
    credentials_of,
    document,
    key_of,
    site,
    small_estate,
    trust,
)

ARN = f"arn:aws:iam::{ACCOUNT}"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site(small_estate()) as found:
        yield found


def report(served: Site, arn: str, granularity: str = "SERVICE_LEVEL") -> dict[str, Any]:
    iam = served.client("iam")
    asked = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)
    found = iam.get_service_last_accessed_details(JobId=asked["JobId"], MaxItems=1000)
    assert (found["JobStatus"], found["JobType"]) == ("COMPLETED", granularity)
    return {s["ServiceNamespace"]: s for s in found["ServicesLastAccessed"]}


def test_a_user_allowed_or_not(served: Site) -> None:
    ana = credentials_of(key_of("ana"))
    iam = served.client("iam")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=allow("lambda:*"))
    before = datetime.now(UTC) - timedelta(seconds=2)
    attempt(served.client("lambda", ana).get_function, FunctionName="nothing")
    attempt(served.client("lambda", ana).list_functions)
    attempt(iam.get_user, UserName="ana")
    assert attempt(served.client("iam", ana).list_users).code == "AccessDenied"
    found = report(served, f"{ARN}:user/ana", "ACTION_LEVEL")
    assert list(found) == ["lambda"]  # what the policies speak of, nothing else
    used = found["lambda"]
    assert used["ServiceName"] == "AWS Lambda"
    assert used["LastAuthenticatedEntity"] == f"{ARN}:user/ana"
    assert (used["LastAuthenticatedRegion"], used["TotalAuthenticatedEntities"]) == ("us-east-1", 1)
    assert before < used["LastAuthenticated"] < datetime.now(UTC) + timedelta(seconds=2)
    actions = [a["ActionName"] for a in used["TrackedActionsLastAccessed"]]
    assert actions == ["GetFunction", "ListFunctions"]
    assert "TrackedActionsLastAccessed" not in report(served, f"{ARN}:user/ana")["lambda"]
    # A denied attempt counts, once the policies speak of the service.
    both = document({"Effect": "Allow", "Action": ["iam:Get*", "sqs:*"], "Resource": "*"})
    iam.put_user_policy(UserName="ana", PolicyName="q", PolicyDocument=both)
    found = report(served, f"{ARN}:user/ana")
    assert found["iam"]["TotalAuthenticatedEntities"] == 1
    assert found["sqs"] == {
        "ServiceName": "Amazon SQS", "ServiceNamespace": "sqs", "TotalAuthenticatedEntities": 0,
    }  # fmt: skip
    for name in ("p", "q"):
        iam.delete_user_policy(UserName="ana", PolicyName=name)


def test_groups_roles_and_policies(served: Site) -> None:
    iam = served.client("iam")
    text = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sts:*", "iam:*"], "Resource": "*"}]})  # fmt: skip
    policy = iam.create_policy(PolicyName="shared", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_group(GroupName="team", Path="/t/")
    iam.attach_group_policy(GroupName="team", PolicyArn=policy)
    first, second = served.user("first"), served.user("second")
    for name in ("first", "second"):
        iam.add_user_to_group(GroupName="team", UserName=name)
    text = trust(AWS=f"{ARN}:root")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=text)
    iam.attach_role_policy(RoleName="worker", PolicyArn=policy)
    served.client("sts", first).get_caller_identity()
    served.client("iam", second).list_roles()
    about = report(served, policy)
    assert list(about) == ["iam", "sts"]
    assert about["iam"]["LastAuthenticatedEntity"] == f"{ARN}:user/second"
    group = report(served, f"{ARN}:group/t/team")
    assert group["iam"]["TotalAuthenticatedEntities"] == 1
    job = iam.generate_service_last_accessed_details(Arn=policy)["JobId"]
    listed = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")[
        "EntityDetailsList"
    ]
    assert listed[0]["EntityInfo"]["Name"] == "second"
    assert {e["EntityInfo"]["Name"] for e in listed} == {"first", "second", "worker"}
    assert sum("LastAuthenticated" in e for e in listed) == 1
    none = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")
    assert none["EntityDetailsList"] == []

    granting = iam.list_policies_granting_service_access
    iam.put_user_policy(UserName="first", PolicyName="own", PolicyDocument=allow("iam:GetUser"))
    found = granting(Arn=f"{ARN}:user/first", ServiceNamespaces=["iam", "s3"])
    shown = {e["ServiceNamespace"]: e["Policies"] for e in found["PoliciesGrantingServiceAccess"]}
    assert shown["s3"] == []
    inline, managed = sorted(shown["iam"], key=lambda p: str(p["PolicyType"]))
    assert inline == {
        "PolicyName": "own", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "first",
    }  # fmt: skip
    assert managed == {"PolicyName": "shared", "PolicyType": "MANAGED", "PolicyArn": policy}


def test_what_cannot_be_reported(served: Site) -> None:
    iam = served.client("iam")
    generate = iam.generate_service_last_accessed_details
    assert attempt(generate, Arn=f"{ARN}:user/nobody").code == "NoSuchEntity"
    assert attempt(generate, Arn="arn:aws:s3:::a-bucket-of-mine").code == "InvalidInput"
    assert attempt(generate, Arn=f"{ARN}:policy/nothing").code == "NoSuchEntity"
    unknown = "00000000-0000-4000-8000-000000000000"
    assert attempt(iam.get_service_last_accessed_details, JobId=unknown).code == "NoSuchEntity"
    granting = iam.list_policies_granting_service_access
    assert attempt(granting, Arn=ADMIN, ServiceNamespaces=["iam"]).code == "InvalidInput"


def test_an_organization(served: Site) -> None:
    org, iam = served.client("organizations"), served.client("iam")
    made = org.create_organization()["Organization"]["Id"]
    (root,) = org.list_roots()["Roots"]
    path = f"{made}/{root['Id']}"
    assert attempt(iam.generate_organizations_access_report, EntityPath=path).status == 400
    org.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    deny = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})  # fmt: skip
    policy = org.create_policy(
        Name="no-s3", Description="", Type="SERVICE_CONTROL_POLICY", Content=deny
    )["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=policy, TargetId=root["Id"])
    job = iam.generate_organizations_access_report(EntityPath=f"{path}/{ACCOUNT}")["JobId"]
    found = iam.get_organizations_access_report(
        JobId=job, MaxItems=1000, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING"
    )
    services = [s["ServiceNamespace"] for s in found["AccessDetails"]]
    assert "s3" not in services
    assert found["NumberOfServicesAccessible"] == len(services) > 300
    used = [s for s in found["AccessDetails"] if s["TotalAuthenticatedEntities"]]
    assert found["AccessDetails"][: len(used)] == used
    assert {"iam", "organizations"} <= {s["ServiceNamespace"] for s in used}
    assert used[0]["EntityPath"] == f"{path}/{ACCOUNT}"
    assert found["NumberOfServicesNotAccessed"] == len(services) - len(used)
    wrong = f"{made}/r-xxxx/{ACCOUNT}"
    assert attempt(iam.generate_organizations_access_report, EntityPath=wrong).status == 400


def test_it_is_kept(served: Site) -> None:
    """What was seen is in the journal, by the unique id: a namesake starts anew."""
    iam = served.client("iam")
    who = served.user("gone", allow("iam:*"))
    served.client("iam", who).list_users()
    assert report(served, f"{ARN}:user/gone")["iam"]["TotalAuthenticatedEntities"] == 1
    key = iam.list_access_keys(UserName="gone")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="gone", AccessKeyId=key)
    iam.delete_user_policy(UserName="gone", PolicyName="p0")
    iam.delete_user(UserName="gone")
    served.user("gone", allow("iam:*"))
    assert report(served, f"{ARN}:user/gone")["iam"]["TotalAuthenticatedEntities"] == 0
