"""The calls that make an edit are calls AWS has, with input it takes."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from clearance.explain.api_calls import ApiCall, calls
from clearance.explain.edits import Edit, Place, Target

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(sid: str, **more: Any) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"{IAM}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        **more,
    }


EDITS = {
    "user": Edit(Target(Place.INLINE, ACCOUNT, f"{IAM}:user/team/ana", "p"), None, document()),
    "role": Edit(Target(Place.INLINE, ACCOUNT, f"{IAM}:role/app", "p"), None, document()),
    "group": Edit(Target(Place.INLINE, ACCOUNT, f"{IAM}:group/devs", "p"), None, document()),
    "managed": Edit(Target(Place.MANAGED, ACCOUNT, "", f"{IAM}:policy/p"), document(), document()),
    "trust": Edit(Target(Place.TRUST, ACCOUNT, f"{IAM}:role/app"), document(), document()),
    "scp": Edit(Target(Place.ORGANIZATION, "o-1", "r-1", "p-12345678"), document(), document()),
    "attach": Edit(Target(Place.ATTACHMENT, "o-1", "r-abcd"), "[]", '["p-12345678"]'),
    "function": Edit(
        Target(Place.FUNCTION, ACCOUNT, f"{FUNCTION}:PROD"),
        document(statement("old")),
        document(statement("new", Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}})),
    ),
    "layer": Edit(
        Target(Place.LAYER, ACCOUNT, f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l:3"),
        None,
        document(statement("new")),
    ),
    "bucket": Edit(Target(Place.RESOURCE, ACCOUNT, "arn:aws:s3:::b"), None, document()),
}
EDITS |= {
    name: Edit(Target(Place.RESOURCE, ACCOUNT, arn), None, document())
    for name, arn in {
        "queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
        "topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:t",
        "key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k",
        "secret": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:s-abcdef",
        "repository": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/r",
        "table": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t",
        "bus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/b",
    }.items()
}


@pytest.fixture(scope="module")
def session() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.mark.parametrize("name", EDITS)
def test_aws_takes_the_calls(name: str, session: botocore.session.Session) -> None:
    made = calls(EDITS[name])
    assert made
    for call in made:
        model = session.get_service_model(call.service)
        operations = {xform_name(each): each for each in model.operation_names}
        operation = model.operation_model(operations[call.operation])
        assert operation.input_shape is not None
        report = ParamValidator().validate(dict(call.given), operation.input_shape)
        assert not report.has_errors(), report.generate_report()


def test_statements_of_functions_go_and_come_one_by_one() -> None:
    gone, come = calls(EDITS["function"])
    where = {"FunctionName": f"{ACCOUNT}:f", "Qualifier": "PROD"}
    assert gone == ApiCall(
        "lambda", "remove_permission", {**where, "StatementId": "old"}, "us-east-1"
    )
    assert come.given == {
        **where,
        "StatementId": "new",
        "Action": "lambda:InvokeFunction",
        "Principal": f"{IAM}:root",
        "SourceArn": "arn:aws:s3:::b",
    }


def test_a_vpc_endpoint_has_no_call_of_ours() -> None:
    assert calls(Edit(Target(Place.VPC_ENDPOINT, ACCOUNT, "vpce-1"), None, document())) == ()


def test_labels_leave_documents_out() -> None:
    [call] = calls(EDITS["user"])
    assert call.label == ("iam.put_user_policy(UserName='ana', PolicyName='p', PolicyDocument=…)")
