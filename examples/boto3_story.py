"""From a denial to its fix with boto3, and what Clearance says about it.

    pip install 'clearance[serve]'
    clearance serve                      # in another terminal; prints AWS_... variables
    eval "$(clearance env)"              # or paste them
    CLEARANCE_ESTATE=.clearance python boto3_story.py

An ordinary program: only the environment leads it to the local endpoint. A user without any
permission calls a function and is denied; `explain_denials` puts the cause and the smallest fix
below AWS's sentence; the fix is made through IAM; the same call runs the function. Everything that
was made is deleted again, so the program can be run as often as you like.
"""

import io
import json
import os
import sys
import zipfile
from contextlib import ExitStack

import boto3
from botocore.exceptions import ClientError

from clearance.boto import explain_denials

CODE = """
def handler(event, context):
    return {"processed": event["key"], "by": context.function_name}
"""
TRUSTS_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def package() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("app.py", CODE)
    return held.getvalue()


def story(after: ExitStack) -> None:
    """Play it; what must be deleted at the end is pushed on `after`."""
    iam, functions = boto3.client("iam"), boto3.client("lambda")
    print("administrator:", boto3.client("sts").get_caller_identity()["Arn"])

    role = iam.create_role(
        RoleName="ProcessImagesRole", AssumeRolePolicyDocument=json.dumps(TRUSTS_LAMBDA)
    )["Role"]["Arn"]
    after.callback(iam.delete_role, RoleName="ProcessImagesRole")
    function = functions.create_function(
        FunctionName="ProcessImages",
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": package()},
    )["FunctionArn"]
    after.callback(functions.delete_function, FunctionName="ProcessImages")

    iam.create_user(UserName="lambda_executer")
    after.callback(iam.delete_user, UserName="lambda_executer")
    key = iam.create_access_key(UserName="lambda_executer")["AccessKey"]
    after.callback(
        iam.delete_access_key, UserName="lambda_executer", AccessKeyId=key["AccessKeyId"]
    )
    # Without an estate the explanation says what the sentence alone proves.
    executer = explain_denials(
        boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        ),
        estate=os.environ.get("CLEARANCE_ESTATE"),
    )
    print("caller:       ", executer.client("sts").get_caller_identity()["Arn"])

    caller = executer.client("lambda")
    event = json.dumps({"key": "cat.png"})
    try:
        caller.invoke(FunctionName="ProcessImages", Payload=event)
    except ClientError as error:
        print(f"\n{error}\n")

    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}
    iam.put_user_policy(
        UserName="lambda_executer",
        PolicyName="run",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    after.callback(iam.delete_user_policy, UserName="lambda_executer", PolicyName="run")
    answer = caller.invoke(FunctionName="ProcessImages", Payload=event)
    print("after the fix:", answer["Payload"].read().decode())


if __name__ == "__main__":
    with ExitStack() as after:
        story(after)
