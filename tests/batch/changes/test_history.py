"""Every kind of change, by hand-made records: what it changes, and whether it is suspicious."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.batch.changes.past import ANA, allow, change, document, ids, places, told, trust
from tests.batch.events import HOME, read, session, user, write
from tests.estates import estate

from clearance.batch.changes import alone, events
from clearance.batch.synthetic.world import Plan, draw
from clearance.facts.managed_policies import with_aws_managed
from clearance.prove import Verdict

ROOT = {"type": "Root", "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}
APP = f"arn:aws:iam::{HOME}:role/app"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1234"
POLICY = f"arn:aws:iam::{HOME}:policy/team/p"
AWAY = "987654321098"
FOREIGN = trust({"AWS": f"arn:aws:iam::{AWAY}:root"})
OWN = trust({"Service": "lambda.amazonaws.com"})
DENY_S3 = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
TRAIL = "arn:aws:cloudtrail:us-east-1:111111111111:trail/main"

# service, event, parameters, where the estate changes, findings
CASES: tuple[tuple[str, str, Any, set[str], dict[str, str]], ...] = (
    ("iam", "CreateRole", {"roleName": "r", "assumeRolePolicyDocument": OWN}, {"roles/r"}, {}),
    ("iam", "CreateRole", {"roleName": "r", "assumeRolePolicyDocument": FOREIGN}, {"roles/r"},
     {"unknown-account": "alert"}),
    ("iam", "UpdateAssumeRolePolicy", {"roleName": "r", "policyDocument": FOREIGN}, {"roles/r"},
     {"unknown-account": "alert"}),
    ("iam", "UpdateAssumeRolePolicy",
     {"roleName": "r", "policyDocument": trust({"AWS": f"arn:aws:iam::{AWAY}:user/gone"})},
     {"roles/r"}, {"unknown-account": "alert"}),
    ("iam", "UpdateAssumeRolePolicy", {"roleName": "r", "policyDocument": trust("*")}, {"roles/r"},
     {"public": "alert"}),
    ("iam", "PutRolePolicy",
     {"roleName": "r", "policyName": "p", "policyDocument": allow("s3:GetObject")}, {"roles/r"},
     {}),
    ("iam", "PutRolePolicy", {"roleName": "r", "policyName": "p", "policyDocument": allow("*")},
     {"roles/r"}, {"administrator": "alert"}),
    ("iam", "PutUserPolicy", {"userName": "ana", "policyName": "p", "policyDocument": allow("*")},
     {"users/ana"}, {"administrator": "alert", "self-grant": "warning"}),
    ("iam", "PutUserPolicy",
     {"userName": "ben", "policyName": "p", "policyDocument": allow("iam:PutUserPolicy")},
     {"users/ben"}, {"escalation": "alert"}),
    ("iam", "PutGroupPolicy",
     {"groupName": "g", "policyName": "p", "policyDocument": allow("s3:*")}, {"groups/g"}, {}),
    ("iam", "AttachRolePolicy",
     {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, {"roles/r"},
     {"administrator": "alert"}),
    ("iam", "AttachUserPolicy",
     {"userName": "ben", "policyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
     {"users/ben"}, {}),
    ("iam", "CreatePolicy", {"policyName": "p", "path": "/team/", "policyDocument": allow("s3:*")},
     {f"policies/{POLICY}"}, {}),
    ("iam", "CreatePolicyVersion",
     {"policyArn": POLICY, "policyDocument": allow("s3:*"), "setAsDefault": True},
     {f"policies/{POLICY}"}, {}),
    ("iam", "CreateUser", {"userName": "eve"}, {"users/eve"}, {}),
    ("iam", "AddUserToGroup", {"userName": "ben", "groupName": "g"}, {"users/ben"}, {}),
    ("iam", "CreateAccessKey", {"userName": "ben"}, {"users/ben"},
     {"credential-of-another": "alert"}),
    ("iam", "CreateAccessKey", {"userName": "ana"}, {"users/ana"}, {}),
    ("iam", "CreateLoginProfile", {"userName": "ben"}, {"users/ben"},
     {"credential-of-another": "alert"}),
    ("iam", "UpdateAccessKey", {"userName": "ben", "accessKeyId": "AKIAX", "status": "Active"},
     set(), {"credential-of-another": "alert"}),
    ("iam", "DeactivateMFADevice", {"userName": "ben", "serialNumber": "s"}, set(),
     {"mfa-off": "warning"}),
    ("iam", "DeleteRolePermissionsBoundary", {"roleName": "r"}, set(),
     {"guardrail-off": "warning"}),
    ("iam", "CreateOpenIDConnectProvider", {"url": "https://evil.example", "clientIDList": ["x"],
     "thumbprintList": ["a" * 40]},
     {f"oidc_providers/arn:aws:iam::{HOME}:oidc-provider/evil.example"}, {"provider": "warning"}),
    ("lambda", "AddPermission20150331v2",
     {"functionName": "f", "statementId": "s", "action": "lambda:InvokeFunction", "principal": "*"},
     {"functions/us-east-1/f"}, {"public": "alert"}),
    ("lambda", "AddPermission20150331v2",
     {"functionName": "f", "statementId": "s", "action": "lambda:InvokeFunction",
      "principal": AWAY}, {"functions/us-east-1/f"}, {"unknown-account": "alert"}),
    ("lambda", "AddPermission20150331v2",
     {"functionName": "f", "statementId": "s", "action": "lambda:InvokeFunction",
      "principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::b", "sourceAccount": HOME},
     {"functions/us-east-1/f"}, {}),
    ("lambda", "CreateFunction20150331", {"functionName": "f", "role": APP, "runtime": "python3.12",
     "handler": "a.b"}, {"functions/us-east-1/f"}, {}),
    ("lambda", "UpdateFunctionConfiguration20150331v2", {"functionName": "f", "role": APP},
     {"functions/us-east-1/f"}, {}),
    ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "f"}, set(), {}),
    ("lambda", "CreateFunctionUrlConfig", {"functionName": "f", "authType": "NONE"},
     {"functions/us-east-1/f"}, {"public": "alert"}),
    ("s3", "PutBucketPolicy", {"bucketName": "b", "bucketPolicy": {"Version": "2012-10-17",
     "Statement": [PUBLIC]}}, {"resources/arn:aws:s3:::b"}, {"public": "alert"}),
    ("s3", "PutBucketPolicy", {"bucketName": "b", "bucketPolicy": {"Version": "2012-10-17",
     "Statement": [{**PUBLIC, "Principal": {"AWS": AWAY}}]}}, {"resources/arn:aws:s3:::b"},
     {"unknown-account": "alert"}),
    ("s3", "PutBucketAcl", {"bucketName": "b", "x-amz-acl": ["public-read"]}, set(),
     {"public": "alert"}),
    ("s3", "PutBucketAcl", {"bucketName": "b", "x-amz-acl": ["private"]}, set(), {}),
    ("s3", "DeleteBucketPublicAccessBlock", {"bucketName": "b"}, set(), {"public": "warning"}),
    ("s3", "PutBucketPublicAccessBlock", {"bucketName": "b", "PublicAccessBlockConfiguration":
     {"BlockPublicAcls": False, "BlockPublicPolicy": True}}, set(), {"public": "warning"}),
    ("s3", "PutBucketPublicAccessBlock", {"bucketName": "b", "PublicAccessBlockConfiguration":
     {"BlockPublicAcls": True, "BlockPublicPolicy": True}}, set(), {}),
    ("s3", "PutBucketLogging", {"bucketName": "b", "BucketLoggingStatus": {}}, set(),
     {"logging-off": "warning"}),
    ("kms", "PutKeyPolicy", {"keyId": KEY, "policy": document(PUBLIC)}, {f"resources/{KEY}"},
     {"public": "alert"}),
    ("kms", "ScheduleKeyDeletion", {"keyId": KEY}, set(), {"key-loss": "warning"}),
    ("sqs", "SetQueueAttributes", {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{HOME}/q",
     "attributes": {"Policy": document(PUBLIC)}}, {f"resources/arn:aws:sqs:us-east-1:{HOME}:q"},
     {"public": "alert"}),
    ("sqs", "SetQueueAttributes", {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{HOME}/q",
     "attributes": {"DelaySeconds": "1"}}, set(), {}),
    ("sns", "SetTopicAttributes", {"topicArn": f"arn:aws:sns:us-east-1:{HOME}:t",
     "attributeName": "Policy", "attributeValue": document(PUBLIC)},
     {f"resources/arn:aws:sns:us-east-1:{HOME}:t"}, {"public": "alert"}),
    ("secretsmanager", "PutResourcePolicy", {"secretId": f"arn:aws:secretsmanager:us-east-1:{HOME}"
     ":secret:s-abcdef", "resourcePolicy": document(PUBLIC)},
     {f"resources/arn:aws:secretsmanager:us-east-1:{HOME}:secret:s-abcdef"}, {"public": "alert"}),
    ("ecr", "SetRepositoryPolicy", {"repositoryName": "r", "policyText": document(PUBLIC)},
     {f"resources/arn:aws:ecr:us-east-1:{HOME}:repository/r"}, {"public": "alert"}),
    ("ec2", "ModifyVpcEndpoint", {"ModifyVpcEndpointRequest": {"VpcEndpointId": "vpce-1",
     "PolicyDocument": document(PUBLIC)}}, {"vpc_endpoints/vpce-1"}, {}),
    ("ec2", "ModifyVpcEndpoint", {"ModifyVpcEndpointRequest": {"VpcEndpointId": "vpce-1"}}, set(),
     {}),
    ("sso", "AttachManagedPolicyToPermissionSet", {"permissionSetArn": "arn:aws:sso:::x",
     "managedPolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, set(),
     {"administrator": "alert"}),
    ("sso", "AttachManagedPolicyToPermissionSet", {"permissionSetArn": "arn:aws:sso:::x",
     "managedPolicyArn": "arn:aws:iam::aws:policy/ViewOnlyAccess"}, set(), {}),
    ("organizations", "UpdatePolicy", {"policyId": "p-1", "content": allow("*")}, set(),
     {"organization": "note"}),
    ("ec2", "ModifySnapshotAttribute", {"snapshotId": "snap-1", "createVolumePermission":
     {"add": {"items": [{"group": "all"}]}}}, set(), {"public": "alert"}),
    ("ec2", "ModifySnapshotAttribute", {"snapshotId": "snap-1", "createVolumePermission":
     {"remove": {"items": [{"group": "all"}]}}}, set(), {}),
    ("ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {}}, set(), {"logging-off": "alert"}),
    ("cloudtrail", "StopLogging", {"name": TRAIL}, set(), {"logging-off": "alert"}),
    ("cloudtrail", "DeleteTrail", {"name": TRAIL}, set(), {"logging-off": "alert"}),
    ("cloudtrail", "StartLogging", {"name": TRAIL}, set(), {}),
    ("cloudtrail", "PutEventSelectors", {"trailName": TRAIL, "eventSelectors":
     [{"readWriteType": "All", "includeManagementEvents": True}]}, set(), {}),
    ("cloudtrail", "PutEventSelectors", {"trailName": TRAIL, "eventSelectors":
     [{"readWriteType": "ReadOnly", "includeManagementEvents": True}]}, set(),
     {"logging-off": "alert"}),
    ("cloudtrail", "PutEventSelectors", {"trailName": TRAIL, "eventSelectors":
     [{"readWriteType": "All", "includeManagementEvents": False}]}, set(),
     {"logging-off": "alert"}),
    ("cloudtrail", "PutEventSelectors", {"trailName": TRAIL, "advancedEventSelectors":
     [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}]}, set(),
     {"logging-off": "alert"}),
    ("cloudtrail", "PutEventSelectors", {"trailName": TRAIL, "advancedEventSelectors":
     [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}]}, set(), {}),
    ("cloudtrail", "UpdateTrail", {"name": TRAIL, "isMultiRegionTrail": False}, set(),
     {"logging-off": "alert"}),
    ("cloudtrail", "UpdateTrail", {"name": TRAIL, "s3BucketName": "elsewhere"}, set(),
     {"logging-moved": "warning"}),
    ("config", "StopConfigurationRecorder", {"configurationRecorderName": "default"}, set(),
     {"logging-off": "alert"}),
    ("guardduty", "DeleteDetector", {"detectorId": "d"}, set(), {"logging-off": "alert"}),
    ("guardduty", "UpdateDetector", {"detectorId": "d", "enable": False}, set(),
     {"logging-off": "alert"}),
    ("guardduty", "UpdateDetector", {"detectorId": "d", "enable": True}, set(), {}),
    ("securityhub", "DisableSecurityHub", None, set(), {"logging-off": "alert"}),
    ("logs", "DeleteLogGroup", {"logGroupName": "g"}, set(), {"logging-off": "warning"}),
    ("organizations", "LeaveOrganization", None, set(), {"guardrail-off": "alert"}),
    ("organizations", "DetachPolicy", {"policyId": "p-1", "targetId": "r-1"}, set(),
     {"guardrail-off": "warning"}),
    ("rds", "ModifyDBSnapshotAttribute", {"dBSnapshotIdentifier": "s", "attributeName": "restore",
     "valuesToAdd": ["all"]}, set(), {"public": "alert"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("service", "name", "parameters", "where", "expected"), CASES,
    ids=[f"{n}-{c[1]}" for n, c in enumerate(CASES)],
)  # fmt: skip
def test_each_kind_of_change(
    tmp_path: Path, service: str, name: str, parameters: Any, where: set[str],
    expected: dict[str, str],
) -> None:  # fmt: skip
    (entry,) = told(tmp_path, change(service, name, parameters))
    assert places(entry) == where, entry.problem
    assert ids(entry) == expected
    assert (entry.problem is None) or not where


def test_every_rule_is_about_a_call_that_is_looked_at() -> None:
    for service, operation in alone.rules():
        known = events._SOME.get(service)  # noqa: SLF001 - the table itself
        assert known is None or operation in known, (service, operation)
        assert known is not None or service in events._WHOLE, service  # noqa: SLF001


def test_what_came_before_and_what_it_gave(tmp_path: Path) -> None:
    """Two versions of a policy: the second is compared with the first, and its effect proven."""
    first, second = allow("s3:GetObject"), allow(["s3:GetObject", "s3:PutObject"])
    puts = [
        change("iam", "PutRolePolicy", {"roleName": "r", "policyName": "p", "policyDocument": text})
        for text in (first, second)
    ]
    one, two = told(tmp_path, *puts, effect=True)
    assert one.lacking == ("role r",)
    assert two.lacking == ()
    assert two.effect is not None
    (role,) = two.effect.principals
    assert [row.actions for row in role.gains.rows] == [("s3:PutObject",)]
    assert role.losses.answer.verdict is Verdict.PROVEN


def test_onto_a_starting_estate(tmp_path: Path) -> None:
    """With what there was before, a change is told from all that it changes."""
    held = estate(
        {"accounts": {HOME: {
            "users": {"ana": {}, "ben": {"inline": {"p": allow("iam:CreateAccessKey")}}},
            "roles": {"app": {"inline": {"own": allow("*")}, "trust": OWN}},
        }}}
    )  # fmt: skip
    ben = trust({"AWS": f"arn:aws:iam::{HOME}:user/ben"})
    opened = change("iam", "UpdateAssumeRolePolicy", {"roleName": "app", "policyDocument": ben})
    gone = change("iam", "DeleteUserPolicy", {"userName": "ben", "policyName": "p"})
    one, two = told(tmp_path, opened, gone, held=held, effect=True)
    assert (one.lacking, ids(one)) == ((), {"escalation": "alert"})
    assert "can become arn:aws:iam::111111111111:role/app" in one.findings[0].says
    assert one.effect is not None
    assert [r.resource for r in one.effect.resources] == [APP]
    assert two.effect is not None
    assert [p.principal for p in two.effect.principals] == [f"arn:aws:iam::{HOME}:user/ben"]
    assert ids(two) == {}


def test_accounts_of_the_estate_and_trusted_ones_are_no_strangers(tmp_path: Path) -> None:
    held = estate({"accounts": {HOME: {"roles": {"app": {"trust": OWN}}}, AWAY: {}}})
    opened = change("iam", "UpdateAssumeRolePolicy", {"roleName": "app", "policyDocument": FOREIGN})
    (entry,) = told(tmp_path, opened, held=held)
    assert ids(entry) == {}


def test_calls_that_failed_change_nothing_and_are_less_urgent(tmp_path: Path) -> None:
    stop = change("cloudtrail", "StopLogging", {"name": TRAIL}, errorCode="AccessDenied")
    put = change("iam", "PutRolePolicy", {"roleName": "r", "policyName": "p", "policyDocument":
                 allow("*")}, errorCode="NoSuchEntity")  # fmt: skip
    one, two = told(tmp_path, stop, put)
    assert ids(one) == {"logging-off": "warning"}
    assert one.findings[0].says.startswith("tried in vain")
    assert (two.changes, two.findings) == ((), ())


def test_the_root_user_and_keys_of_the_root_user(tmp_path: Path) -> None:
    (entry,) = told(tmp_path, change("iam", "CreateAccessKey", None, who=ROOT))
    assert ids(entry) == {"root-key": "alert", "root": "warning"}
    assert places(entry) >= {f"root_keys/{next(iter(entry.changes)).path[-1]}"}


def test_ids_are_those_that_aws_gave(tmp_path: Path) -> None:
    made = change("iam", "CreateUser", {"userName": "eve"},
                  {"user": {"userId": "AIDA4EXAMPLEEXAMPLE7"}})  # fmt: skip
    key = change("iam", "CreateAccessKey", {"userName": "eve"},
                 {"accessKey": {"accessKeyId": "AKIA4EXAMPLEEXAMPLE8"}})  # fmt: skip
    one, two = told(tmp_path, made, key)
    user_made: Any = one.changes[0].after
    assert user_made.id == "AIDA4EXAMPLEEXAMPLE7"
    with_key: Any = two.changes[0].after
    assert list(with_key.keys) == ["AKIA4EXAMPLEEXAMPLE8"]


def test_what_aws_deleted_is_gone_though_the_estate_would_keep_it(tmp_path: Path) -> None:
    put = change("iam", "PutRolePolicy", {"roleName": "r", "policyName": "p", "policyDocument":
                 allow("s3:*")})  # fmt: skip
    delete = change("iam", "DeleteRole", {"roleName": "r"})
    _, two = told(tmp_path, put, delete)
    assert places(two) == {"roles/r"}
    assert two.problem is None


def test_each_change_once_and_in_order(tmp_path: Path) -> None:
    """Several trails record the same event; files come in any order."""
    calls = [
        change("iam", "CreateUser", {"userName": name}, eventID=name, eventTime=when)
        for name, when in (("b", "2026-03-02T00:00:00Z"), ("a", "2026-03-01T00:00:00Z"))
    ]
    records, _ = read(write(tmp_path / "x.json", *calls, *calls))
    assert [done.id for done in events.changes_in(records)] == ["a", "b"]


@pytest.mark.parametrize(
    "parameters",
    [None, "hidden", [], {"roleName": 7}, {"roleName": "r", "policyName": "p"},
     {"roleName": "r", "policyName": "p", "policyDocument": "not JSON"},
     {"roleName": "r" * 500, "policyName": "p", "policyDocument": allow("*")},
     {"roleName": ["r"], "policyDocument": {"a": 1}}, {"roleName": {"x": {"y": []}}}],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("name", ["PutRolePolicy", "UpdateAssumeRolePolicy", "CreateAccessKey",
                                  "CreatePolicyVersion", "DeleteRole"])  # fmt: skip
def test_a_record_may_hold_anything(tmp_path: Path, parameters: Any, name: str) -> None:
    odd = [
        change("iam", name, parameters, who=who)
        for who in (ANA, session("app"), None, {"type": 7}, {"type": "AWSService"}, user("é"))
    ]
    assert len(told(tmp_path, *odd)) == len(odd)


@pytest.mark.parametrize("service", ["s3", "kms", "sqs", "sns", "secretsmanager", "ecr", "lambda"])
@pytest.mark.parametrize("parameters", [None, "x", {}, {"policy": 7}, {"attributes": []}], ids=repr)
def test_resource_policies_may_hold_anything(tmp_path: Path, service: str, parameters: Any) -> None:
    names = {"s3": "PutBucketPolicy", "kms": "PutKeyPolicy", "sqs": "SetQueueAttributes",
             "sns": "SetTopicAttributes", "secretsmanager": "PutResourcePolicy",
             "ecr": "SetRepositoryPolicy", "lambda": "AddPermission20150331v2"}  # fmt: skip
    (entry,) = told(tmp_path, change(service, names[service], parameters))
    assert entry.changes == ()


def test_guardrails_of_the_organization(tmp_path: Path) -> None:
    """SCPs as the management account's trail tells of them: who gains when one is taken away."""
    held = draw(Plan(seed=2, accounts=1, roles=3, users=0)).estate
    (organization,) = held.organizations.values()
    boss = organization.management_account
    calls = [
        change("organizations", name, given, recipientAccountId=boss, who=user("ana", boss))
        for name, given in (
            ("UpdatePolicy", {"policyId": "p-guardrails", "content": DENY_S3}),
            ("DetachPolicy", {"policyId": "p-guardrails", "targetId": "ou-ab12-workload"}),
        )
    ]
    one, two = told(tmp_path, *calls, held=with_aws_managed(held), effect=True)
    assert (one.problem, two.problem) == (None, None)
    assert places(one) == {f"organizations/{organization.id}/policies/p-guardrails"}
    assert ids(one) == {"organization": "note"}
    assert ids(two) == {"guardrail-off": "warning"}
    for entry, gains in ((one, False), (two, True)):
        assert entry.effect is not None
        assert entry.effect.principals
        assert any((p.gains if gains else p.losses).rows for p in entry.effect.principals)
