"""Workloads: policies and requests as JSON that every engine under test can read.

All are synthetic and seeded: the same numbers mean the same work on every machine.
"""

from __future__ import annotations

import json
import random
from typing import Any

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/app"
Doc = dict[str, Any]

ACTIONS = {
    "s3": [
        "GetObject",
        "PutObject",
        "DeleteObject",
        "ListBucket",
        "GetBucketPolicy",
        "GetObjectAcl",
    ],
    "sqs": ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "PurgeQueue"],
    "sns": [
        "Publish",
        "Subscribe",
        "GetTopicAttributes",
        "SetTopicAttributes",
        "ListTagsForResource",
    ],
    "dynamodb": [
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
        "DescribeTable",
        "DeleteItem",
    ],
    "lambda": ["InvokeFunction", "GetFunction", "UpdateFunctionCode", "ListTags", "GetPolicy"],
    "secretsmanager": ["GetSecretValue", "DescribeSecret", "PutSecretValue", "TagResource"],
    "logs": ["PutLogEvents", "CreateLogStream", "GetLogEvents", "FilterLogEvents"],
    "states": ["StartExecution", "DescribeExecution", "StopExecution"],
}
KINDS = {
    "s3": "arn:aws:s3:::{name}/data/{item}",
    "sqs": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{{name}}-{{item}}",
    "sns": f"arn:aws:sns:us-east-1:{ACCOUNT}:{{name}}-{{item}}",
    "dynamodb": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{{name}}-{{item}}",
    "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{{name}}-{{item}}",
    "secretsmanager": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{{name}}-{{item}}",
    "logs": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{{name}}-{{item}}",
    "states": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{{name}}-{{item}}",
}
NAMES = ["orders", "users", "audit", "images", "billing", "web"]
CONDITIONS: list[Doc] = [
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringLike": {"aws:PrincipalTag/team": ["core*", "web"]}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"StringNotEquals": {"aws:PrincipalTag/stage": "sandbox"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"StringEquals": {"aws:ResourceTag/team": "core"}, "Bool": {"aws:SecureTransport": "true"}},
]
FULL: Doc = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def doc(statements: list[Doc]) -> Doc:
    return {"Version": "2012-10-17", "Statement": statements}


def _action(rnd: random.Random, service: str) -> str:
    name = rnd.choice(ACTIONS[service])
    return f"{service}:{name if rnd.random() < 0.7 else name[: rnd.randrange(3, 5)] + '*'}"


def _pattern(rnd: random.Random, service: str) -> str:
    if rnd.random() < 0.2:
        return "*"
    item = "*" if rnd.random() < 0.7 else f"{rnd.randrange(40)}*"
    return KINDS[service].format(name=rnd.choice(NAMES), item=item)


def _statement(rnd: random.Random, place: int, effect: str) -> Doc:
    service = rnd.choice(list(ACTIONS))
    found: Doc = {
        "Sid": f"S{place}",
        "Effect": effect,
        "Action": sorted({_action(rnd, service) for _ in range(rnd.randrange(1, 5))}),
        "Resource": sorted({_pattern(rnd, service) for _ in range(rnd.randrange(1, 4))}),
    }
    if rnd.random() < 0.4 or effect == "Deny":
        found["Condition"] = rnd.choice(CONDITIONS)
    return found


def _context(rnd: random.Random) -> Doc:
    return {
        "aws:SourceIp": rnd.choice(["10.1.2.3", "203.0.113.9", "198.51.100.7"]),
        "aws:RequestedRegion": rnd.choice(["us-east-1", "us-east-1", "ap-south-1"]),
        "aws:SecureTransport": rnd.choice(["true", "true", "true", "false"]),
        "aws:MultiFactorAuthPresent": "true",
        "aws:MultiFactorAuthAge": str(rnd.randrange(60, 7200)),
        "aws:PrincipalTag/team": rnd.choice(["core-1", "web", "data"]),
        "aws:PrincipalTag/stage": rnd.choice(["prod", "prod", "sandbox"]),
        "aws:ResourceTag/team": rnd.choice(["core", "web"]),
        "aws:CurrentTime": "2026-03-01T12:00:00Z",
        "aws:EpochTime": "1772366400",
        "aws:UserAgent": "aws-sdk-python",
        "aws:PrincipalArn": USER,
    }


def _requests(rnd: random.Random, count: int) -> list[Doc]:
    found = []
    for _ in range(count):
        service = rnd.choice(list(ACTIONS))
        resource = KINDS[service].format(name=rnd.choice(NAMES), item=rnd.randrange(60))
        found.append(
            {
                "action": f"{service}:{rnd.choice(ACTIONS[service])}",
                "resource": resource,
                "context": _context(rnd),
            }
        )
    return found


def small(count: int = 2000) -> Doc:
    """One policy of two statements."""
    rnd = random.Random(7)
    statements = [
        {"Effect": "Allow", "Action": ["s3:Get*", "sqs:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::audit/*"},
    ]
    return {
        "principal": USER,
        "identity": [doc(statements)],
        "boundary": None,
        "scps": [],
        "resource": None,
        "requests": _requests(rnd, count),
    }


def large(count: int = 2000) -> Doc:
    """10 policies of 30 statements, 3 levels of SCPs, a boundary, a resource policy, 12 keys."""
    rnd = random.Random(7)
    identity = [
        doc([_statement(rnd, i, "Deny" if rnd.random() < 0.06 else "Allow") for i in range(30)])
        for _ in range(10)
    ]
    services = [f"{service}:*" for service in ACTIONS if service != "states"]
    boundary = doc([{"Effect": "Allow", "Action": services, "Resource": "*"}])
    region = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    guards = [
        doc([{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": region}]),
        doc([{"Effect": "Deny", "Action": ["s3:*", "sqs:*"], "Resource": "*", "Condition": plain}]),
        doc([{"Effect": "Deny", "Action": "*:Delete*", "Resource": "arn:aws:s3:::audit/*"}]),
    ]
    resource = doc(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": USER},
                "Action": ["s3:GetObject", "sqs:SendMessage", "sns:Publish"],
                "Resource": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::billing/*",
                "Condition": plain,
            },
        ]
    )
    return {
        "principal": USER,
        "identity": identity,
        "boundary": boundary,
        "scps": [[FULL, guard] for guard in guards],
        "resource": resource,
        "requests": _requests(rnd, count),
    }


def account(roles: int = 2000, functions: int = 1000) -> Doc:
    """Roles that share managed policies and have one of their own; functions with policies."""
    rnd = random.Random(11)
    shared = [
        doc([_statement(rnd, i, "Allow") for i in range(rnd.randrange(2, 12))]) for _ in range(400)
    ]
    names = [f"{rnd.choice(NAMES)}-{i}" for i in range(functions)]
    arns = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" for name in names]
    found_roles = {}
    for place in range(roles):
        mine = rnd.sample(arns, 3)
        if rnd.random() < 0.3:
            mine.append(
                f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{rnd.choice(NAMES)}-{place % 10}*"
            )
        statement: Doc = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": mine}
        if rnd.random() < 0.3:
            statement["Condition"] = rnd.choice(CONDITIONS)
        found_roles[f"role{place}"] = {
            "inline": doc([statement]),
            "attached": rnd.sample(range(len(shared)), 2),
            "bounded": rnd.random() < 0.3,
            "tags": {"team": rnd.choice(["core-1", "web", "data"]), "stage": "prod"},
        }
    policies = {}
    for arn in arns:
        if rnd.random() < 0.75:
            who = [f"arn:aws:iam::{ACCOUNT}:role/role{rnd.randrange(roles)}" for _ in range(2)]
            policies[arn] = doc(
                [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": who},
                        "Action": "lambda:InvokeFunction",
                        "Resource": arn,
                    }
                ]
            )
    region = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}
    guard = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/role*99"}}
    return {
        "shared": shared,
        "roles": found_roles,
        "functions": arns,
        "policies": policies,
        "boundary": doc([{"Effect": "Allow", "Action": ["lambda:*", "s3:*"], "Resource": "*"}]),
        "scps": [
            [FULL, doc([{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": region}])],
            [FULL, doc([{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": guard}])],
        ],
        "context": {
            k: v
            for k, v in _context(random.Random(3)).items()
            if not k.startswith("aws:Principal") and k != "aws:ResourceTag/team"
        }
        | {"aws:RequestedRegion": "us-east-1", "aws:SecureTransport": "true"},
    }


def text(document: Doc) -> str:
    return json.dumps(document)
