"""Test an application under the permissions it will have.

    pip install 'clearance[serve]' pytest
    pytest

`clearance_endpoint` and `as_principal` are fixtures of the plugin that comes with Clearance; there
is nothing to import or to start. The policy under test is the file that is deployed,
`worker-policy.json`: take a permission out of it, and the test that needs it fails with AWS's own
sentence.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import app
import pytest
from botocore.exceptions import ClientError

POLICY = (Path(__file__).parent / "worker-policy.json").read_text()
CODE = "def handler(event, context):\n    return {'key': 'rotated/' + event['key']}\n"


def trusts(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def worker(clearance_endpoint):
    """What is deployed: the function, and the role the application runs as; the role's ARN."""
    iam, functions = clearance_endpoint.client("iam"), clearance_endpoint.client("lambda")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("rotate.py", CODE)
    role = iam.create_role(
        RoleName="rotate", AssumeRolePolicyDocument=trusts("lambda.amazonaws.com")
    )
    functions.create_function(
        FunctionName="rotate",
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="rotate.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": package.getvalue()},
    )
    made = iam.create_role(
        RoleName="worker", AssumeRolePolicyDocument=trusts("ecs-tasks.amazonaws.com")
    )
    iam.put_role_policy(RoleName="worker", PolicyName="worker", PolicyDocument=POLICY)
    return made["Role"]["Arn"]


def test_the_worker_rotates_images(worker, as_principal):
    with as_principal(worker):
        assert app.rotate("cat.png") == "rotated/cat.png"


def test_the_worker_cannot_remove_the_function(worker, as_principal, clearance_endpoint):
    with as_principal(worker), pytest.raises(ClientError, match="lambda:DeleteFunction"):
        app.retire()
    (sentence,) = clearance_endpoint.denials()
    assert "because no identity-based policy allows the lambda:DeleteFunction action" in sentence


def test_without_its_policy_the_worker_can_do_nothing(worker, as_principal, clearance_endpoint):
    clearance_endpoint.client("iam").delete_role_policy(RoleName="worker", PolicyName="worker")
    with as_principal(worker), pytest.raises(ClientError, match="lambda:InvokeFunction"):
        app.rotate("cat.png")
