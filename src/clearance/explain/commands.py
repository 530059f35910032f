"""AWS CLI commands that make an edit, quoted for a POSIX shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from shlex import quote
from typing import Any, Final

from clearance.explain.edits import Edit, Place
from clearance.model.arn import Arn

__all__ = ["commands"]


def commands(edit: Edit) -> tuple[str, ...]:
    """The commands in their order; none where the AWS CLI has no such command."""
    return tuple(_WAYS[edit.target.place](edit))


def _text(document: str) -> str:
    return quote(json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False))


def _inline(edit: Edit) -> Iterator[str]:
    kind = Arn.of(edit.target.holder).kind
    name = edit.target.holder.rpartition("/")[2]
    yield (
        f"aws iam put-{kind}-policy --{kind}-name {quote(name)} "
        f"--policy-name {quote(edit.target.name)} --policy-document {_text(edit.after)}"
    )


def _managed(edit: Edit) -> Iterator[str]:
    yield (
        f"aws iam create-policy-version --policy-arn {quote(edit.target.name)} "
        f"--policy-document {_text(edit.after)} --set-as-default"
    )


def _trust(edit: Edit) -> Iterator[str]:
    name = edit.target.holder.rpartition("/")[2]
    yield (
        f"aws iam update-assume-role-policy --role-name {quote(name)} "
        f"--policy-document {_text(edit.after)}"
    )


def _organization(edit: Edit) -> Iterator[str]:
    yield (
        f"aws organizations update-policy --policy-id {quote(edit.target.name)} "
        f"--content {_text(edit.after)}"
    )


def _attachment(edit: Edit) -> Iterator[str]:
    before = json.loads(edit.before or "[]")
    for policy in json.loads(edit.after):
        if policy not in before:
            names = f"--policy-id {quote(policy)} --target-id {quote(edit.target.holder)}"
            yield f"aws organizations attach-policy {names}"


def _endpoint(edit: Edit) -> Iterator[str]:
    yield (
        f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {quote(edit.target.holder)} "
        f"--policy-document {_text(edit.after)}"
    )


# AddPermission's options; a condition on any other key cannot be written with it.
_OPTIONS: Final = {
    "aws:sourcearn": "--source-arn",
    "aws:sourceaccount": "--source-account",
    "aws:principalorgid": "--principal-org-id",
    "lambda:eventsourcetoken": "--event-source-token",
    "lambda:functionurlauthtype": "--function-url-auth-type",
    "lambda:invokedviafunctionurl": "--invoked-via-function-url",
}


def _function(edit: Edit) -> Iterator[str]:
    """Statements are added and removed one by one."""
    _, _, rest = edit.target.holder.partition(":function:")
    name, _, qualifier = rest.partition(":")
    where = f"--function-name {quote(name)}" + (
        f" --qualifier {quote(qualifier)}" if qualifier else ""
    )
    region = Arn.of(edit.target.holder).region
    old, new = _statements(edit.before), _statements(edit.after)
    for gone in (each for each in old if each not in new):
        sid = quote(str(gone.get("Sid", "")))
        yield f"aws lambda remove-permission {where} --statement-id {sid} --region {region}"
    for added in (each for each in new if each not in old):
        yield f"aws lambda add-permission {where} {_options(added)} --region {region}"


def _statements(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text)["Statement"] if text else []
    return found if isinstance(found, list) else [found]


def _options(statement: Mapping[str, Any]) -> str:
    who = statement["Principal"]
    principal = who if isinstance(who, str) else next(iter(who.values()))
    action = statement["Action"]
    words = [
        f"--statement-id {quote(statement.get('Sid', 'Allow'))}",
        f"--action {quote(action if isinstance(action, str) else action[0])}",
        f"--principal {quote(principal if isinstance(principal, str) else principal[0])}",
    ]
    for keys in statement.get("Condition", {}).values():
        for key, text in keys.items():
            option = _OPTIONS.get(key.lower())
            if option == "--invoked-via-function-url":
                words.append(option)
            elif option is not None:
                words.append(f"{option} {quote(text if isinstance(text, str) else text[0])}")
    return " ".join(words)


def _resource(edit: Edit) -> Iterator[str]:
    arn = Arn.of(edit.target.holder)
    write = _RESOURCES.get(arn.service)
    if write is not None:
        yield write(arn, _text(edit.after))


def _queue(arn: Arn, policy: str) -> str:
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    attributes = quote(json.dumps({"Policy": json.dumps(json.loads(_plain(policy)))}))
    return f"aws sqs set-queue-attributes --queue-url {url} --attributes {attributes}"


def _plain(quoted: str) -> str:
    return quoted[1:-1].replace("'\"'\"'", "'") if quoted.startswith("'") else quoted


def _layer(arn: Arn, policy: str) -> str:
    """Layer versions take one statement at a time; the last one is new."""
    statement = _statements(json.dumps(json.loads(_plain(policy))))[-1]
    _, name, version = arn.resource.split(":")[:3]
    who = next(iter(statement["Principal"].values()))
    account = who.split(":")[4] if who.startswith("arn:") else who
    return (
        f"aws lambda add-layer-version-permission --layer-name {quote(name)} --version-number "
        f"{version} --statement-id {quote(statement['Sid'])} --action lambda:GetLayerVersion "
        f"--principal {account} --region {arn.region}"
    )


_RESOURCES: Final[Mapping[str, Callable[[Arn, str], str]]] = {
    "lambda": _layer,
    "s3": lambda arn, policy: (
        f"aws s3api put-bucket-policy --bucket {quote(arn.resource)} --policy {policy}"
    ),
    "sqs": _queue,
    "sns": lambda arn, policy: (
        f"aws sns set-topic-attributes --topic-arn {arn} --attribute-name Policy "
        f"--attribute-value {policy}"
    ),
    "kms": lambda arn, policy: (
        f"aws kms put-key-policy --key-id {arn.name} --policy-name default --policy {policy} "
        f"--region {arn.region}"
    ),
    "secretsmanager": lambda arn, policy: (
        f"aws secretsmanager put-resource-policy --secret-id {arn} --resource-policy {policy}"
    ),
    "ecr": lambda arn, policy: (
        f"aws ecr set-repository-policy --repository-name {quote(arn.resource.partition('/')[2])} "
        f"--policy-text {policy}"
    ),
    "dynamodb": lambda arn, policy: (
        f"aws dynamodb put-resource-policy --resource-arn {arn} --policy {policy}"
    ),
    "events": lambda arn, policy: (
        f"aws events put-permission --event-bus-name {quote(arn.name)} --policy {policy}"
    ),
}

_WAYS: Final[Mapping[Place, Callable[[Edit], Iterator[str]]]] = {
    Place.INLINE: _inline,
    Place.MANAGED: _managed,
    Place.TRUST: _trust,
    Place.FUNCTION: _function,
    Place.LAYER: _resource,
    Place.RESOURCE: _resource,
    Place.ORGANIZATION: _organization,
    Place.ATTACHMENT: _attachment,
    Place.VPC_ENDPOINT: _endpoint,
}
