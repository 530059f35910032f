"""What kinds of principals there are and what each kind needs, on what, how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DAILY", "JOBS", "NEVER", "RARE", "STEADY", "Job", "Wish"]

# Relative frequencies of a habit. NEVER is needed all the same: disaster recovery, year's end.
STEADY: Final = 1000.0
DAILY: Final = 30.0
RARE: Final = 0.3
NEVER: Final = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """Calls on one family of resources of a kind; ``optional`` is drawn for half of the actors."""

    kind: str
    calls: tuple[tuple[str, float], ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of principal. ``share`` is how many roles of a hundred do it, ``volume`` how much.

    ``runs``: ``lambda``, ``ec2``, ``ci``, ``person``, ``user`` or ``partner``: how it signs in.
    """

    name: str
    runs: str
    share: int
    volume: float
    wishes: tuple[Wish, ...]


def _wish(kind: str, *calls: tuple[str, float], optional: bool = False) -> Wish:
    return Wish(kind, calls, optional)


_LOGS: Final = _wish("log-stream", ("logs:CreateLogStream", DAILY))
_SECRET: Final = _wish("secret", ("secretsmanager:GetSecretValue", DAILY))

JOBS: Final = (
    Job("api", "lambda", 26, 1.0, (
        _LOGS,
        _wish("table", ("dynamodb:GetItem", STEADY), ("dynamodb:Query", STEADY / 3),
              ("dynamodb:PutItem", DAILY * 5), ("dynamodb:UpdateItem", DAILY)),
        _wish("queue", ("sqs:SendMessage", STEADY / 2), optional=True),
        _wish("parameter", ("ssm:GetParameter", DAILY)),
        _wish("key", ("kms:Decrypt", DAILY), optional=True),
        _wish("topic", ("sns:Publish", RARE * 10), optional=True),
    )),
    Job("worker", "ec2", 20, 2.0, (
        _wish("queue", ("sqs:ReceiveMessage", STEADY), ("sqs:DeleteMessage", STEADY / 2),
              ("sqs:GetQueueAttributes", DAILY)),
        _wish("object", ("s3:GetObject", STEADY), ("s3:HeadObject", STEADY / 4),
              ("s3:ListObjects", DAILY)),
        _wish("object", ("s3:PutObject", STEADY / 3), ("s3:DeleteObject", RARE)),
        _wish("key", ("kms:Decrypt", STEADY / 10), ("kms:GenerateDataKey", DAILY)),
        _wish("function", ("lambda:Invoke", DAILY), optional=True),
        _SECRET,
    )),
    Job("etl", "lambda", 14, 4.0, (
        _LOGS,
        _wish("object", ("s3:GetObject", STEADY), ("s3:ListObjects", DAILY)),
        _wish("object", ("s3:PutObject", STEADY), ("s3:GetBucketLocation", RARE)),
        _wish("machine", ("states:StartExecution", RARE), optional=True),
        _wish("bus", ("events:PutEvents", DAILY)),
        _wish("table", ("dynamodb:DescribeTable", RARE), ("dynamodb:UpdateItem", NEVER)),
    )),
    Job("deploy", "ci", 8, 0.3, (
        _wish("function", ("lambda:UpdateFunctionCode20150331v2", DAILY),
              ("lambda:GetFunction20150331v2", DAILY)),
        _wish("none", ("lambda:ListFunctions20150331", RARE), ("sts:GetCallerIdentity", DAILY)),
        _wish("role", ("sts:AssumeRole", DAILY)),
        _wish("own-role", ("iam:GetRole", RARE)),
        _wish("object", ("s3:PutObject", DAILY), ("s3:GetObject", DAILY)),
    )),
    Job("analyst", "person", 12, 0.6, (
        _wish("object", ("s3:GetObject", DAILY), ("s3:ListObjects", DAILY)),
        _wish("none", ("s3:ListBuckets", DAILY), ("ec2:DescribeInstances", RARE)),
        _wish("table", ("dynamodb:Query", RARE * 5), ("dynamodb:DescribeTable", DAILY)),
    )),
    Job("operator", "person", 8, 0.6, (
        _wish("none", ("ec2:DescribeInstances", DAILY * 3), ("logs:DescribeLogGroups", DAILY),
              ("iam:ListRoles", RARE)),
        _wish("instance", ("ec2:StartInstances", RARE * 5), ("ec2:StopInstances", RARE * 5)),
        _wish("function", ("lambda:GetFunction20150331v2", DAILY)),
        _wish("queue", ("sqs:GetQueueAttributes", DAILY), optional=True),
    )),
    Job("backup", "lambda", 6, 0.2, (
        _LOGS,
        _wish("object", ("s3:GetObject", DAILY), ("s3:PutObject", NEVER)),
        _wish("table", ("dynamodb:DescribeTable", DAILY), ("dynamodb:PutItem", NEVER)),
    )),
    Job("partner", "partner", 6, 0.3, (
        _wish("foreign-object", ("s3:GetObject", STEADY)),
    )),
)  # fmt: skip
