"""The vectors of ``tests/vectors/decide`` through the endpoint, where the API can express them.

A case becomes an estate (identity policies on the caller, the resource policy on the resource,
SCPs and RCPs on an organization), a caller made by real STS calls and the API call that asks for
the action. The answer is the decision: refused, or let through to the operation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.cases import files
from tests.conformance import DENIALS, Case, caller, estate_of, passed
from tests.endpoints import REGION, Failure, Site, attempt, site

# Told by services or networks, not by any call a client of this endpoint can make.
NOT_EXPRESSIBLE = {
    "aws:SourceVpce": "the call comes through a VPC endpoint",
    "aws:SourceArn": "the call is made by a service",
    "aws:PrincipalServiceName": "the call is made by a service",
    "s3:ExistingObjectTag/Team": "the object's tags are in S3",
}
# What the endpoint finds out for itself.
DERIVED = {
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:username",
    "aws:RequestedRegion",
    "aws:TagKeys",
    "lambda:FunctionUrlAuthType",
    "lambda:InvokedViaFunctionUrl",
}
# The files of the 40 cases on which evaluators most often go wrong.
TOPICS = {
    "conditions", "organizations", "principals", "resources", "services", "trust", "variables",
}  # fmt: skip
HELPER = {"Effect": "Allow", "Action": ["sts:*"], "Resource": "*"}


@dataclass(frozen=True)
class Expressed:
    """A case of ``vectors/decide`` as a case of the endpoint."""

    case: Case
    effect: str


def reason_not(raw: Mapping[str, Any]) -> str | None:
    """Why a case cannot be asked over the wire."""
    request, policies = raw["request"], raw["policies"]
    for key in request.get("context", {}):
        if key in NOT_EXPRESSIBLE:
            return NOT_EXPRESSIBLE[key]
        if key not in DERIVED and not key.startswith("aws:RequestTag/"):
            return f"nothing sends {key}"
    if request["principal"].endswith(".amazonaws.com"):
        return "a service calls"
    if "AWSServiceRole" in request["principal"]:
        return "only its service can assume a service-linked role"
    if ":federated-user/" in request["principal"] and "unique" in request:
        return "a federated user of a deleted user"
    if policies.get("management_account") and "members" in request:
        return "two management accounts"
    return None


def expressed() -> Iterator[Expressed]:
    number = 5000
    for topic, content in files("decide"):
        if topic not in TOPICS:
            continue
        for raw in content["cases"]:
            number += 1
            why = reason_not(raw)
            if why is not None:
                continue
            case = Case(f"decide/{topic}", number, translated(raw))
            yield Expressed(case, raw["effect"])


def translated(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    request, policies = raw["request"], raw["policies"]
    caller_arn = request["principal"]
    mine = caller_arn.split(":")[4]
    resource = request["resource"]
    owner = request.get("resource_account") or resource.split(":")[4] or mine
    accounts: dict[str, dict[str, Any]] = {mine: {}, owner: {}}
    who, asker = _caller(caller_arn, mine, accounts, policies, request)
    _place(resource, owner, accounts, policies, request)
    estate: dict[str, Any] = {"accounts": accounts}
    if asker is not None:
        accounts[mine]["users"]["asker"] = asker
    organization = _organization(mine, owner, policies)
    if organization is not None:
        estate["organization"] = organization
    return {"name": raw["name"], "estate": estate, "as": who, "call": _call(request)}


def _caller(
    arn: str,
    account: str,
    accounts: dict[str, dict[str, Any]],
    policies: Mapping[str, Any],
    request: Mapping[str, Any],
) -> tuple[Any, Mapping[str, Any] | None]:
    held = policies.get("identity", [])
    held = held if isinstance(held, list) else [held]
    content: dict[str, Any] = {
        "inline": {f"p{n}": policy for n, policy in enumerate(held)},
        "tags": request.get("tags", {}),
    }
    if "boundary" in policies:
        bound = policies["boundary"]
        content["boundary"] = bound[0] if isinstance(bound, list) else bound
    kind, _, name = arn.split(":", 5)[5].partition("/")
    session = policies.get("session")
    session = session[0] if isinstance(session, list) else session
    more = {"policy": session} if session else {}
    users = accounts[account].setdefault("users", {})
    if kind == "user":
        users[name] = content
        return f"{account}/{name}", None
    if kind == "federated-user":
        parent = request["parent_arn"].rsplit("/", 1)[-1]
        content["inline"]["federate"] = {
            "Version": "2012-10-17",
            "Statement": [{**HELPER, "Action": "sts:GetFederationToken"}],
        }
        users[parent] = content
        return {"federated": name, "by": f"{account}/{parent}", **more}, None
    role, _, session_name = name.partition("/")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:user/asker"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    found: dict[str, Any] = {**content, "trust": trust}
    whole = request.get("role_arn", f"arn:aws:iam::{account}:role/{role}")
    found["path"] = whole.split(":role", 1)[1].rsplit("/", 1)[0] + "/"
    accounts[account].setdefault("roles", {})[role] = found
    who = {"role": whole, "by": f"{account}/asker", "session": session_name.ljust(2, "1"), **more}
    return who, {"inline": {}}


def _place(
    resource: str,
    owner: str,
    accounts: dict[str, dict[str, Any]],
    policies: Mapping[str, Any],
    request: Mapping[str, Any],
) -> None:
    """Put the resource and its policy where the endpoint finds them."""
    found = policies.get("resource")
    policy = found[0] if isinstance(found, list) and found else found
    service = resource.split(":")[2]
    account = accounts[owner]
    if service == "lambda":
        parts = resource.split(":")
        place = {"region": parts[3], "versions": ["1"], "aliases": {"PROD": "1"}}
        if "lambda:FunctionUrlAuthType" in request.get("context", {}):
            place["urls"] = {"": "AWS_IAM"}
        account.setdefault("functions", {})[parts[6]] = place
    elif service == "iam":
        role = account.setdefault("roles", {}).setdefault("app", {})
        if role and policy:
            # The caller came to be a session of this very role: its first trust is kept.
            first = role["trust"]["Statement"]
            policy = {**policy, "Statement": [*first, *_listed(policy["Statement"])]}
        role["trust"] = policy
    else:
        arn = resource.split("/", 1)[0] if service == "s3" else resource
        account.setdefault("resources", {})[arn] = {"policy": policy} if policy else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _organization(mine: str, owner: str, policies: Mapping[str, Any]) -> Mapping[str, Any] | None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    full = {"Version": "2012-10-17", "Statement": [everything]}
    rcp_full = {"Version": "2012-10-17", "Statement": [{**everything, "Principal": "*"}]}
    levels = policies.get("scps", ())
    if policies.get("management_account"):
        # The SCPs hang on the root, above the management account itself.
        return {
            "members": [],
            "account": "none",
            "management": mine,
            "scps": [_listed(levels[0]), [full], [full]],
        }
    if "resource_scps" in policies:
        three = [*policies["resource_scps"], [full], [full]][:3]
        return {"members": [owner], "management": "999999999999", "scps": three}
    if levels:
        three = [*levels, [full], [full]][:3]
        return {"members": [mine], "management": "999999999999", "scps": three}
    if "rcps" in policies:
        three = [[rcp_full, *level] for level in [*policies["rcps"], [], []][:3]]
        return {"members": [owner], "management": "999999999999", "rcps": three}
    return None


def _call(request: Mapping[str, Any]) -> Mapping[str, Any]:
    action = request.get("action") or request["actions"][0]
    resource, context = request["resource"], request.get("context", {})
    region = resource.split(":")[3] or REGION
    if isinstance(context.get("aws:RequestedRegion"), str):
        region = context["aws:RequestedRegion"]
    bucket, _, key = resource.split(":", 5)[5].partition("/")
    given: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
        "ec2:DeleteTags": (
            "ec2",
            "delete_tags",
            {
                "Resources": [resource.rsplit("/", 1)[-1]],
                "Tags": [{"Key": key} for key in context.get("aws:TagKeys", ())],
            },
        ),
        "s3:GetObject": ("s3", "get_object", {"Bucket": bucket, "Key": key}),
        "s3:GetBucketPolicy": ("s3", "get_bucket_policy", {"Bucket": bucket}),
        "sqs:SendMessage": (
            "sqs",
            "send_message",
            {
                "QueueUrl": f"https://sqs.{region}.amazonaws.com/"
                f"{resource.split(':')[4]}/{resource.rsplit(':', 1)[-1]}",
                "MessageBody": "x",
            },
        ),
        "lambda:InvokeFunction": (
            "lambda",
            "invoke",
            {"FunctionName": resource, "InvocationType": "DryRun"},
        ),
        "kms:Decrypt": ("kms", "decrypt", {"KeyId": resource, "CiphertextBlob": b"x"}),
        "sts:AssumeRole": (
            "sts",
            "assume_role",
            {
                "RoleArn": resource,
                "RoleSessionName": "s1",
                "Tags": [
                    {"Key": key, "Value": context.get(f"aws:RequestTag/{key}", "")}
                    for key in context.get("aws:TagKeys", ())
                ],
            },
        ),
    }
    if action == "lambda:InvokeFunctionUrl":
        return {"url": f"{resource.split(':')[4]}/{resource.split(':')[6]}", "region": region}
    service, operation, body = given[action]
    body = {k: v.decode() if isinstance(v, bytes) else v for k, v in body.items()}
    return {"service": service, "operation": operation, "input": body, "region": region}


CASES = list(expressed())


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Site]:
    with site(estate_of([c.case for c in CASES])) as found:
        yield found


@pytest.mark.parametrize("found", CASES, ids=lambda found: found.case.label)
def test_the_wire_agrees_with_the_vectors(everywhere: Site, found: Expressed) -> None:
    given = found.case.own["call"]
    who = caller(everywhere, found.case.own["as"])
    if "url" in given:
        pytest.skip("function URLs have cases of their own")
    client = everywhere.client(given["service"], who, given["region"])
    answer = attempt(getattr(client, given["operation"]), **given["input"])
    if found.effect == "ALLOW":
        assert passed(answer), answer
    else:
        assert isinstance(answer, Failure), answer
        assert (answer.code, answer.status) == DENIALS[given["service"]], answer
        explicit = " explicit deny" in answer.message
        told = " because " in answer.message or explicit
        assert not told or explicit == (found.effect == "EXPLICIT_DENY"), answer


def test_few_vectors_cannot_be_expressed() -> None:
    every = [
        raw for topic, content in files("decide") if topic in TOPICS for raw in content["cases"]
    ]
    left_out = [reason_not(raw) for raw in every]
    assert sum(why is not None for why in left_out) <= 8
    assert len(CASES) >= 32
    assert json.dumps([c.case.raw for c in CASES])
