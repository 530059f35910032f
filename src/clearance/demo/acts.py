"""The five denials of the story: who calls what, and what the call gives in the end."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from clearance.demo.estate import ACCOUNT, FUNCTION, OU, PARTNER
from clearance.demo.picture import draw, function_zip, size_of
from clearance.demo.stage import Stage

__all__ = ["ACTS", "Act", "prologue"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an explanation must be told beside the error; None where the error says it."""

    principal: str | None = None
    action: str | None = None
    resource: str | None = None


NOTHING: Final = Asked()


@dataclass(frozen=True, slots=True)
class Act:
    """One denial.

    ``shown`` is the call as a reader sees it; ``call`` makes it and answers one line about the
    outcome. ``code`` is the error it must first end with, ``cause`` what must be named.
    ``asked`` says what the error does not: Lambda names neither the role nor who may not assume it.
    """

    title: str
    shown: str
    call: Callable[[Stage], str]
    code: str
    cause: str
    before: Callable[[Stage], None] | None = None
    aside: str = ""
    asked: Asked = NOTHING


def prologue(stage: Stage) -> str:
    """The administrator deploys the function."""
    stage.admin(ACCOUNT, "lambda").create_function(
        FunctionName="ProcessImages",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/ProcessImagesRole",
        Handler="app.handler",
        Code={"ZipFile": function_zip()},
        Timeout=10,
    )
    return "lambda.create_function(FunctionName='ProcessImages', Runtime='python3.11', …)"


def _thumbnail(client: Any, name: str) -> str:  # noqa: ANN401 - a boto3 client
    picture = draw()
    payload = json.dumps({"image": base64.b64encode(picture).decode(), "width": 16})
    answer = client.invoke(FunctionName=name, Payload=payload)
    body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(body)
    thumbnail = base64.b64decode(body["thumbnail"])
    width, height = size_of(thumbnail)
    before = "x".join(map(str, size_of(picture)))
    return (
        f"200: a {before} PNG of {len(picture)} bytes went in, "
        f"a {width}x{height} PNG of {len(thumbnail)} bytes came out"
    )


def _invoke(stage: Stage) -> str:
    return _thumbnail(stage.client("lambda_executer", "lambda"), "ProcessImages")


def _assume(stage: Stage) -> str:
    credentials = stage.client("lambda_executer", "sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/image-auditor", RoleSessionName="audit"
    )["Credentials"]
    keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"])
    auditor = stage.client_of("lambda", *keys, credentials["SessionToken"])
    runtime = auditor.get_function(FunctionName="ProcessImages")["Configuration"]["Runtime"]
    arn = stage.client_of("sts", *keys, credentials["SessionToken"]).get_caller_identity()["Arn"]
    return f"200: now {arn.split(':', 4)[4]}; the role may read the function (runtime {runtime})"


def _archive(stage: Stage) -> str:
    answer = stage.admin(ACCOUNT, "lambda").create_function(
        FunctionName="ArchiveImages",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/ArchiveImagesRole",
        Handler="app.handler",
        Code={"ZipFile": function_zip()},
    )
    return f"201: {answer['FunctionArn'].split(':', 5)[5]} is {answer['State']}"


def _partner(stage: Stage) -> str:
    return _thumbnail(stage.client("reporter", "lambda"), FUNCTION)


def _freeze(stage: Stage) -> None:
    """The organization forbids invoking functions in the workloads unit."""
    organizations = stage.client("management", "organizations")
    statement = {
        "Sid": "FreezeFunctions",
        "Effect": "Deny",
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = organizations.create_policy(
        Name="freeze", Description="", Type="SERVICE_CONTROL_POLICY", Content=document
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=OU)


ACTS: Final[tuple[Act, ...]] = (
    Act(
        "Nothing allows it",
        "lambda_executer: lambda.invoke(FunctionName='ProcessImages', Payload=<a picture>)",
        _invoke,
        "AccessDeniedException",
        "identity.missing",
    ),
    Act(
        "A role that does not trust the caller",
        "lambda_executer: sts.assume_role(RoleArn='…:role/image-auditor', RoleSessionName='audit')",
        _assume,
        "AccessDenied",
        "trust.missing",
    ),
    Act(
        "An execution role that Lambda cannot assume",
        "admin: lambda.create_function(FunctionName='ArchiveImages', Role='…/ArchiveImagesRole')",
        _archive,
        "InvalidParameterValueException",
        "trust.missing",
        asked=Asked(
            "lambda.amazonaws.com",
            "sts:AssumeRole",
            f"arn:aws:iam::{ACCOUNT}:role/ArchiveImagesRole",
        ),
    ),
    Act(
        "Another account: both sides must allow",
        f"reporter of {PARTNER}: lambda.invoke(FunctionName='…:{ACCOUNT}:function:ProcessImages')",
        _partner,
        "AccessDeniedException",
        "cross_account.both_sides",
    ),
    Act(
        "An SCP that no Allow can override",
        "lambda_executer: lambda.invoke(FunctionName='ProcessImages', Payload=<a picture>)",
        _invoke,
        "AccessDeniedException",
        "scp.explicit",
        before=_freeze,
        aside="management: organizations.attach_policy('freeze': Deny lambda:InvokeFunction)",
    ),
)
