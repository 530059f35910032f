"""API calls as CloudTrail records them, each with what AWS's documentation says it must be allowed.

Written by hand and apart from the tables that read records, so that one can be held to the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["CALLS", "ApiCall"]

Parameters = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One operation. ``needs`` are its actions, each on ``{arn}``, ``{bucket}`` or ``*``.

    ``parameters`` makes CloudTrail's requestParameters of the ARN of what is called; ``data`` is
    True for what CloudTrail counts among data events.
    """

    source: str
    name: str
    parameters: Callable[[str], Parameters]
    needs: tuple[tuple[str, str], ...]
    data: bool = False
    resource_type: str = ""  # CloudTrail's name in `resources`; empty where it writes none

    @property
    def read_only(self) -> bool:
        """Whether CloudTrail marks it as a call that changes nothing."""
        return self.name.startswith(("Get", "List", "Describe", "Head", "Query", "Scan", "Decrypt"))

    def parameters_json(self, arn: str) -> str:
        """The parameters of a call on something, as text."""
        return json.dumps(self.parameters(arn), separators=(",", ":"))

    def asks(self, arn: str) -> tuple[tuple[str, str], ...]:
        """The actions and resources that must be allowed for a call on something."""
        places = {"{arn}": arn, "{bucket}": arn.split("/", 1)[0], "*": "*"}
        return tuple((action, places[on]) for action, on in self.needs)


def _nothing(arn: str) -> Parameters:
    del arn
    return None


def _named(**fields: str) -> Callable[[str], Parameters]:
    """``{name}`` is what follows the last ``:`` or ``/``, ``{tail}`` all after the account."""

    def make(arn: str) -> Parameters:
        tail = arn.split(":", 5)[5]
        _, _, region, account = arn.split(":")[1:5]
        name = tail.replace(":", "/").rsplit("/", 1)[-1]
        told = {"arn": arn, "tail": tail, "name": name, "region": region, "account": account}
        return {key: text.format(**told) for key, text in fields.items()}

    return make


def _object(arn: str) -> Parameters:
    bucket, _, key = arn.split(":", 5)[5].partition("/")
    return {
        "bucketName": bucket,
        "Host": f"{bucket}.s3.us-east-1.amazonaws.com",
        **({"key": key} if key else {}),
    }


def _copy(arn: str) -> Parameters:
    bucket, _, key = arn.split(":", 5)[5].partition("/")
    return {"bucketName": bucket, "key": f"{key}.copy", "x-amz-copy-source": f"{bucket}/{key}"}


def _parameter(arn: str) -> Parameters:
    return {"name": "/" + arn.split(":parameter/", 1)[1], "withDecryption": True}


def _key(arn: str) -> Parameters:
    return {"keyId": arn, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}


def _log_stream(arn: str) -> Parameters:
    group, _, stream = arn.split(":log-group:", 1)[1].partition(":log-stream:")
    return {"logGroupName": group, "logStreamName": stream}


def _entries(arn: str) -> Parameters:
    return {"entries": [{"eventBusName": arn.rsplit("/", 1)[-1], "source": "app"}]}


def _call(
    source: str,
    name: str,
    parameters: Callable[[str], Parameters],
    *needs: str,
    data: bool = False,
    resource_type: str = "",
) -> ApiCall:
    asked = tuple((action, on) for action, _, on in (need.partition(" on ") for need in needs))
    return ApiCall(source, name, parameters, asked, data, resource_type)


_OBJECT: Final = "AWS::S3::Object"
_QUEUE: Final = _named(queueUrl="https://sqs.{region}.amazonaws.com/{account}/{name}")
_TABLE: Final = _named(tableName="{name}")
_FUNCTION: Final = _named(functionName="{name}")
_INSTANCE: Final = lambda arn: {"instancesSet": {"items": [{"instanceId": arn.rsplit("/", 1)[-1]}]}}  # noqa: E731

_ALL: Final = (
    _call("s3", "GetObject", _object, "s3:GetObject on {arn}", data=True, resource_type=_OBJECT),
    _call("s3", "HeadObject", _object, "s3:GetObject on {arn}", data=True, resource_type=_OBJECT),
    _call("s3", "PutObject", _object, "s3:PutObject on {arn}", data=True, resource_type=_OBJECT),
    _call("s3", "DeleteObject", _object, "s3:DeleteObject on {arn}", data=True, resource_type=_OBJECT),  # noqa: E501
    _call("s3", "ListObjects", _object, "s3:ListBucket on {bucket}", data=True),
    _call("s3", "GetBucketLocation", _object, "s3:GetBucketLocation on {bucket}"),
    _call("s3", "ListBuckets", _nothing, "s3:ListAllMyBuckets on *"),
    _call("dynamodb", "GetItem", _TABLE, "dynamodb:GetItem on {arn}", data=True),
    _call("dynamodb", "Query", _TABLE, "dynamodb:Query on {arn}", data=True),
    _call("dynamodb", "PutItem", _TABLE, "dynamodb:PutItem on {arn}", data=True),
    _call("dynamodb", "UpdateItem", _TABLE, "dynamodb:UpdateItem on {arn}", data=True),
    _call("dynamodb", "DescribeTable", _TABLE, "dynamodb:DescribeTable on {arn}"),
    _call("sqs", "SendMessage", _QUEUE, "sqs:SendMessage on {arn}", data=True),
    _call("sqs", "ReceiveMessage", _QUEUE, "sqs:ReceiveMessage on {arn}", data=True),
    _call("sqs", "DeleteMessage", _QUEUE, "sqs:DeleteMessage on {arn}", data=True),
    _call("sqs", "GetQueueAttributes", _QUEUE, "sqs:GetQueueAttributes on {arn}"),
    _call("sns", "Publish", _named(topicArn="{arn}"), "sns:Publish on {arn}", data=True),
    _call("lambda", "Invoke", _FUNCTION, "lambda:InvokeFunction on {arn}", data=True),
    _call("lambda", "UpdateFunctionCode20150331v2", _FUNCTION, "lambda:UpdateFunctionCode on {arn}"),  # noqa: E501
    _call("lambda", "GetFunction20150331v2", _FUNCTION, "lambda:GetFunction on {arn}"),
    _call("lambda", "ListFunctions20150331", _nothing, "lambda:ListFunctions on *"),
    _call("kms", "Decrypt", _key, "kms:Decrypt on {arn}", resource_type="AWS::KMS::Key"),
    _call("kms", "GenerateDataKey", _named(keyId="{arn}", keySpec="AES_256"), "kms:GenerateDataKey on {arn}", resource_type="AWS::KMS::Key"),  # noqa: E501
    _call("secretsmanager", "GetSecretValue", _named(secretId="{arn}"), "secretsmanager:GetSecretValue on {arn}"),  # noqa: E501
    _call("ssm", "GetParameter", _parameter, "ssm:GetParameter on {arn}"),
    _call("sts", "AssumeRole", _named(roleArn="{arn}", roleSessionName="job"), "sts:AssumeRole on {arn}", resource_type="AWS::IAM::Role"),  # noqa: E501
    _call("sts", "GetCallerIdentity", _nothing),
    _call("ec2", "DescribeInstances", lambda _: {"instancesSet": {}, "filterSet": {}}, "ec2:DescribeInstances on *"),  # noqa: E501
    _call("ec2", "StartInstances", _INSTANCE, "ec2:StartInstances on {arn}"),
    _call("ec2", "StopInstances", _INSTANCE, "ec2:StopInstances on {arn}"),
    _call("logs", "CreateLogStream", _log_stream, "logs:CreateLogStream on {arn}"),
    _call("logs", "DescribeLogGroups", _nothing, "logs:DescribeLogGroups on *"),
    _call("iam", "ListRoles", _nothing, "iam:ListRoles on *"),
    _call("iam", "GetRole", _named(roleName="{name}"), "iam:GetRole on {arn}"),
    _call("events", "PutEvents", _entries, "events:PutEvents on {arn}"),
    _call("states", "StartExecution", _named(stateMachineArn="{arn}"), "states:StartExecution on {arn}"),  # noqa: E501
)  # fmt: skip

CALLS: Final[Mapping[str, ApiCall]] = {f"{each.source}:{each.name}": each for each in _ALL}
