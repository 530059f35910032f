"""Terraform: a document as HCL's ``jsonencode`` and the resource block that holds it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from clearance.explain.edits import Edit, Place, Target
from clearance.model.arn import Arn

__all__ = ["terraform", "value"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def value(item: Any, depth: int = 0) -> str:  # noqa: ANN401 - JSON
    r"""A JSON value in HCL; ``${`` is escaped, since policies have variables of that form.

    >>> value({"a": ["${aws:username}"]})
    '{\n  a = ["$${aws:username}"]\n}'
    """
    inner = "  " * (depth + 1)
    if isinstance(item, dict):
        lines = (f"{inner}{_key(key)} = {value(each, depth + 1)}" for key, each in item.items())
        return "{\n" + "\n".join(lines) + "\n" + "  " * depth + "}"
    if isinstance(item, list):
        if all(isinstance(each, str) for each in item):
            return "[" + ", ".join(value(each) for each in item) + "]"
        lines = (f"{inner}{value(each, depth + 1)}," for each in item)
        return "[\n" + "\n".join(lines) + "\n" + "  " * depth + "]"
    text = json.dumps(item, ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{")


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) else json.dumps(key)


def terraform(edit: Edit) -> str:
    """The resource block after the edit; only the arguments the edit is about."""
    target = edit.target
    if target.place is Place.FUNCTION and (found := _permission(edit)):
        return found
    if target.place is Place.ATTACHMENT:
        added = [p for p in json.loads(edit.after) if p not in json.loads(edit.before or "[]")]
        return "\n".join(
            _block("aws_organizations_policy_attachment", p, policy_id=p, target_id=target.holder)
            for p in added
        )
    kind, arguments, name = _resource(target)
    document = {k: v for k, v in arguments.items() if v is not None}
    body = "\n".join(f"  {k} = {json.dumps(v)}" for k, v in document.items())
    argument = _ARGUMENT.get(kind, "policy")
    policy = value(json.loads(edit.after), 1)
    return f'resource "{kind}" "{_label(name)}" {{\n{body}\n  {argument} = jsonencode({policy})\n}}'


def _block(kind: str, name: str, **arguments: str) -> str:
    body = "\n".join(f"  {k} = {json.dumps(v)}" for k, v in arguments.items())
    return f'resource "{kind}" "{_label(name)}" {{\n{body}\n}}'


def _label(name: str) -> str:
    found = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return found if _NAME.fullmatch(found) else f"_{found}"


_ARGUMENT: Final = {"aws_iam_role": "assume_role_policy", "aws_organizations_policy": "content"}

# service -> resource type, the argument that names it, whether by ARN or by the name
_KINDS: Final = {
    "s3": ("aws_s3_bucket_policy", "bucket"),
    "sns": ("aws_sns_topic_policy", "arn"),
    "sqs": ("aws_sqs_queue_policy", "queue_url"),
    "kms": ("aws_kms_key_policy", "key_id"),
    "secretsmanager": ("aws_secretsmanager_secret_policy", "secret_arn"),
    "ecr": ("aws_ecr_repository_policy", "repository"),
    "dynamodb": ("aws_dynamodb_resource_policy", "resource_arn"),
    "events": ("aws_cloudwatch_event_bus_policy", "event_bus_name"),
}


def _resource(target: Target) -> tuple[str, dict[str, str | None], str]:
    short = target.holder.rpartition("/")[2]
    match target.place:
        case Place.INLINE:
            kind = Arn.of(target.holder).kind
            return f"aws_iam_{kind}_policy", {"name": target.name, kind: short}, target.name
        case Place.MANAGED:
            name = target.name.rpartition("/")[2]
            return "aws_iam_policy", {"name": name}, name
        case Place.TRUST:
            return "aws_iam_role", {"name": short}, short
        case Place.ORGANIZATION:
            return "aws_organizations_policy", {}, target.name
        case Place.VPC_ENDPOINT:
            arguments: dict[str, str | None] = {"vpc_endpoint_id": target.holder}
            return "aws_vpc_endpoint_policy", arguments, target.holder
    arn = Arn.of(target.holder)
    kind, argument = _KINDS.get(arn.service, (f"aws_{arn.service}_resource_policy", "resource_arn"))
    name = arn.resource.rpartition(":")[2].rpartition("/")[2]
    named = argument in {"bucket", "repository", "event_bus_name", "key_id"}
    if argument == "queue_url":
        shown = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{name}"
    else:
        shown = name if named else str(arn)
    return kind, {argument: shown}, name


def _permission(edit: Edit) -> str | None:
    """``aws_lambda_permission`` says one statement; the one that is new or changed."""
    old = json.loads(edit.before)["Statement"] if edit.before else []
    new = json.loads(edit.after)["Statement"]
    old, new = (each if isinstance(each, list) else [each] for each in (old, new))
    changed = [statement for statement in new if statement not in old]
    if len(changed) != 1:
        return None
    statement = changed[0]
    who = statement["Principal"]
    principal = who if isinstance(who, str) else next(iter(who.values()))
    _, _, rest = edit.target.holder.partition(":function:")
    name, _, qualifier = rest.partition(":")
    arguments = {
        "statement_id": statement.get("Sid", "Allow"),
        "action": statement["Action"],
        "function_name": name,
        "principal": principal,
    }
    if not all(isinstance(text, str) for text in arguments.values()):
        return None
    if qualifier:
        arguments["qualifier"] = qualifier
    for keys in statement.get("Condition", {}).values():
        for key, text in keys.items():
            if key.lower() in _LAMBDA:
                arguments[_LAMBDA[key.lower()]] = text
    return _block("aws_lambda_permission", arguments["statement_id"], **arguments)


_LAMBDA: Final = {
    "aws:sourcearn": "source_arn",
    "aws:sourceaccount": "source_account",
    "aws:principalorgid": "principal_org_id",
    "lambda:functionurlauthtype": "function_url_auth_type",
}
