"""Policies as people write them: a few to the point, most wider than what is needed."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearance.batch.synthetic.model import Need

__all__ = ["document", "granting", "trust"]

# How wide a statement is, and how many of a hundred are so.
_STYLES: Final = {"exact": 25, "resource": 25, "service": 30, "managed": 20}
_MANAGED: Final = {"s3": "AmazonS3FullAccess", "sqs": "AmazonSQSFullAccess"}
# What is given away beside, and used by nobody.
_SPARE: Final = (
    ("iam:PassRole", "*"), ("s3:PutBucketPolicy", "*"), ("ec2:*", "*"), ("dynamodb:*", "*"),
    ("lambda:*", "*"), ("kms:*", "*"), ("cloudwatch:PutMetricData", "*"), ("sqs:*", "*"),
)  # fmt: skip


def document(*statements: Mapping[str, Any]) -> str:
    """A policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def trust(principal: Any, action: str = "sts:AssumeRole") -> str:  # noqa: ANN401 - JSON
    """A trust policy."""
    return document({"Effect": "Allow", "Principal": principal, "Action": action})


def granting(
    needs: Iterable[Need], condition: Mapping[str, Any] | None, rng: random.Random
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Inline policies and managed ones that allow all of some needs, and mostly more."""
    by_service: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        by_service[need.action.partition(":")[0]].append(need)
    statements: list[dict[str, Any]] = []
    attached: list[str] = []
    for service, wanted in sorted(by_service.items()):
        style = rng.choices([*_STYLES], [*_STYLES.values()])[0]
        if style == "managed" and service in _MANAGED:
            attached.append(f"arn:aws:iam::aws:policy/{_MANAGED[service]}")
            continue
        statements += _styled(style, service, wanted)
    for action, resource in rng.sample(_SPARE, rng.randrange(3)):
        statements.append({"Effect": "Allow", "Action": action, "Resource": resource})
    for statement in statements:
        if condition is not None and rng.random() < 0.5:
            statement["Condition"] = condition
    return ({"work": document(*statements)} if statements else {}), tuple(attached)


def _styled(style: str, service: str, wanted: list[Need]) -> list[dict[str, Any]]:
    if style == "exact":
        return [{"Effect": "Allow", "Action": n.action, "Resource": n.resource} for n in wanted]
    if style == "resource":
        places = sorted({_widened(need.resource) for need in wanted})
        return [{"Effect": "Allow", "Action": f"{service}:*", "Resource": places}]
    verbs = sorted({f"{service}:{_verb(need.action)}*" for need in wanted})
    actions: Any = f"{service}:*" if style == "managed" else verbs
    return [{"Effect": "Allow", "Action": actions, "Resource": "*"}]


def _widened(resource: str) -> str:
    """The whole bucket, all tables with the same first word."""
    if resource.startswith("arn:aws:s3:::"):
        return resource.split("/", 1)[0] + "*"
    head, dash, _ = resource.rpartition("-")
    return f"{head}-*" if dash and head.count(":") >= 5 else resource


def _verb(action: str) -> str:
    name = action.partition(":")[2]
    return next((name[:at] for at in range(1, len(name)) if name[at].isupper()), name)
