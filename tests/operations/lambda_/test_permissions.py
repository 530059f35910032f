"""Function policies: AddPermission, RemovePermission, GetPolicy, and whole documents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.operations.stage import NOW, A, B, Stage

from clearance.decide import authorize
from clearance.model.request import Request

ARN = f"arn:aws:lambda:us-east-1:{A}:function:f"
VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/operations/add_permission.json").read_text()
)
S3 = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_statements(one: Stage, case: dict[str, Any]) -> None:  # R207, R208
    given = {"FunctionName": "f", **case["given"]}
    if "error" in case:
        assert one.refused("AddPermission", **given).code == case["error"]
        return
    assert one("AddPermission", **given) == {"Statement": case["statement"]}
    policy = one("GetPolicy", FunctionName="f")["Policy"]
    assert policy == f'{{"Version":"2012-10-17","Id":"default","Statement":[{case["statement"]}]}}'


def test_each_qualifier_has_its_own(one: Stage) -> None:  # R209
    one("PublishVersion", FunctionName="f")
    one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="1")
    for qualifier in (None, "1", "PROD"):
        one("AddPermission", FunctionName="f", Qualifier=qualifier, StatementId="s", **S3)
        policy = one("GetPolicy", FunctionName="f", Qualifier=qualifier)["Policy"]
        resource = json.loads(policy)["Statement"][0]["Resource"]
        assert resource == (f"{ARN}:{qualifier}" if qualifier else ARN)
    one("RemovePermission", FunctionName="f", Qualifier="1", StatementId="s")
    assert one.refused("GetPolicy", FunctionName="f", Qualifier="1").status == 404
    one("GetPolicy", FunctionName="f:PROD")
    one("DeleteAlias", FunctionName="f", Name="PROD")
    assert set(one.account.functions["us-east-1/f"].policies) == {""}


def test_no_two_statements_of_a_name(one: Stage) -> None:
    one("AddPermission", FunctionName="f", StatementId="s", **S3)
    error = one.refused("AddPermission", FunctionName="f", StatementId="s", **S3)
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == (
        "The statement id (s) provided already exists. Please provide a new statement id, or"
        " remove the existing statement."
    )


def test_the_last_statement_takes_the_policy_along(one: Stage) -> None:
    for sid in ("a", "b"):
        one("AddPermission", FunctionName="f", StatementId=sid, **S3)
    one("RemovePermission", FunctionName="f", StatementId="a")
    statements = json.loads(one("GetPolicy", FunctionName="f")["Policy"])["Statement"]
    assert [s["Sid"] for s in statements] == ["b"]
    missing = one.refused("RemovePermission", FunctionName="f", StatementId="a")
    assert missing.message == "Statement a is not found in resource policy."
    one("RemovePermission", FunctionName="f", StatementId="b")
    gone = one.refused("GetPolicy", FunctionName="f")
    assert (gone.code, gone.status) == ("ResourceNotFoundException", 404)
    assert gone.message == "The resource you requested does not exist."
    none = one.refused("RemovePermission", FunctionName="f", StatementId="b")
    assert none.message == "No policy is associated with the given resource."


def test_revisions(one: Stage) -> None:  # R210
    start = one("GetFunctionConfiguration", FunctionName="f")["RevisionId"]
    one("AddPermission", FunctionName="f", StatementId="a", RevisionId=start, **S3)
    revision = one("GetPolicy", FunctionName="f")["RevisionId"]
    assert revision != start
    error = one.refused("AddPermission", FunctionName="f", StatementId="b", RevisionId=start, **S3)
    assert (error.code, error.status) == ("PreconditionFailedException", 412)
    assert "Call the GetPolicy API" in error.message
    stale = one.refused("RemovePermission", FunctionName="f", StatementId="a", RevisionId=start)
    assert stale.status == 412
    one("AddPermission", FunctionName="f", StatementId="b", RevisionId=revision, **S3)


def test_twenty_kilobytes(one: Stage) -> None:  # R219
    arn = "arn:aws:s3:::" + "b" * 9000
    for sid in ("a", "b"):
        one("AddPermission", FunctionName="f", StatementId=sid, SourceArn=arn, **S3)
    error = one.refused("AddPermission", FunctionName="f", StatementId="c", SourceArn=arn, **S3)
    assert (error.code, error.status) == ("PolicyLengthExceededException", 400)
    assert error.message.endswith("is bigger than the limit (20480).")


def test_a_policy_remembers_who_was_meant(one: Stage) -> None:  # R26
    ana = f"arn:aws:iam::{B}:user/ana"
    one("AddPermission", FunctionName="f", StatementId="a", Action="lambda:*", Principal=ana)
    policy = one.account.functions["us-east-1/f"].policies[""]
    assert policy.pins == {ana: f"AIDAANA{B}"}


def test_a_namesake_is_a_stranger(one: Stage) -> None:  # R26
    ana = one.user(B)
    given = {"StatementId": "a", "Action": "lambda:GetPolicy", "Principal": ana.arn}
    one("AddPermission", FunctionName="f", **given)
    request = Request(ana, "lambda:GetPolicy", ARN)
    assert authorize(one.estate, request, now=NOW).allowed
    account = one.estate.accounts[B]
    again = replace(account.users["ana"], id="AIDANEW")
    one.estate = one.estate.with_account(replace(account, users={"ana": again}))
    assert not authorize(one.estate, replace(request, principal=one.user(B)), now=NOW).allowed


def test_the_engine_reads_it(one: Stage) -> None:  # R217
    request = Request(one.user(B), "lambda:InvokeFunction", ARN)
    assert not authorize(one.estate, request, now=NOW).allowed
    one("AddPermission", FunctionName="f", StatementId="a", Action=request.action, Principal=B)
    assert authorize(one.estate, request, now=NOW).allowed


DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "deny",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "lambda:*",
            "Resource": ARN,
        },
    }
)


def test_whole_documents_replace_statements(one: Stage) -> None:  # R210a
    one("AddPermission", FunctionName="f", StatementId="a", **S3)
    put = one("PutResourcePolicy", ResourceArn=ARN, Policy=DOCUMENT)
    assert one("GetResourcePolicy", ResourceArn=ARN) == put
    assert put["Policy"] == DOCUMENT
    one("AddPermission", FunctionName="f", StatementId="a", **S3)
    statements = json.loads(one("GetPolicy", FunctionName="f")["Policy"])["Statement"]
    assert [s["Sid"] for s in statements] == ["deny", "a"]
    one("DeleteResourcePolicy", ResourceArn=ARN)
    assert one.refused("GetResourcePolicy", ResourceArn=ARN).status == 404
    assert one.refused("DeleteResourcePolicy", ResourceArn=ARN).status == 404


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Policy": "{"}, "InvalidParameterValueException"),
        ({"Policy": '{"Version":"2012-10-17"}'}, "InvalidParameterValueException"),
        ({"Policy": "x" * 20481}, "ValidationException"),
        ({"ResourceArn": "f"}, "ValidationException"),
        ({"ResourceArn": f"{ARN}:$LATEST"}, "InvalidParameterValueException"),
        ({"ResourceArn": f"{ARN[:-10]}runtime/x"}, "ResourceNotFoundException"),
        ({"RevisionId": "x"}, "ValidationException"),
        ({"RevisionId": "00000000-0000-0000-0000-000000000000"}, "PreconditionFailedException"),
    ],
)
def test_bad_documents(one: Stage, given: dict[str, str], code: str) -> None:
    whole = {"ResourceArn": ARN, "Policy": DOCUMENT, **given}
    assert one.refused("PutResourcePolicy", **whole).code == code
