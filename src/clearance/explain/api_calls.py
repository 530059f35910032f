"""The AWS calls that make an edit, as botocore takes them: what `commands` writes for a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clearance.explain.edits import Edit, Place
from clearance.model.arn import Arn

__all__ = ["ApiCall", "calls"]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call: botocore's name of the service and of the method, and its input."""

    service: str
    operation: str
    given: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None

    @property
    def label(self) -> str:
        """The call as people read it; documents are too long to be read here.

        >>> ApiCall("iam", "put_user_policy", {"UserName": "ana", "PolicyDocument": "{…}"}).label
        "iam.put_user_policy(UserName='ana', PolicyDocument=…)"
        """
        shown = (f"{k}={'…' if k in _DOCUMENTS else repr(v)}" for k, v in self.given.items())
        return f"{self.service}.{self.operation}({', '.join(shown)})"


_DOCUMENTS: Final = frozenset(
    {"Attributes", "AttributeValue", "Content", "Policy", "PolicyDocument", "PolicyText"}
)


def calls(edit: Edit) -> tuple[ApiCall, ...]:
    """The calls in their order; none where AWS has no such call."""
    way = _WAYS.get(edit.target.place)
    return tuple(way(edit)) if way is not None else ()


def _inline(edit: Edit) -> Iterator[ApiCall]:
    arn = Arn.of(edit.target.holder)
    given = {f"{arn.kind.capitalize()}Name": arn.name, "PolicyName": edit.target.name}
    yield ApiCall("iam", f"put_{arn.kind}_policy", {**given, "PolicyDocument": edit.after})


def _managed(edit: Edit) -> Iterator[ApiCall]:
    given = {"PolicyArn": edit.target.name, "PolicyDocument": edit.after, "SetAsDefault": True}
    yield ApiCall("iam", "create_policy_version", given)


def _trust(edit: Edit) -> Iterator[ApiCall]:
    given = {"RoleName": Arn.of(edit.target.holder).name, "PolicyDocument": edit.after}
    yield ApiCall("iam", "update_assume_role_policy", given)


def _organization(edit: Edit) -> Iterator[ApiCall]:
    given = {"PolicyId": edit.target.name, "Content": edit.after}
    yield ApiCall("organizations", "update_policy", given)


def _attachment(edit: Edit) -> Iterator[ApiCall]:
    before = json.loads(edit.before or "[]")
    for policy in json.loads(edit.after):
        if policy not in before:
            given = {"PolicyId": policy, "TargetId": edit.target.holder}
            yield ApiCall("organizations", "attach_policy", given)


# AddPermission's members for the keys it can write a condition on.
_MEMBERS: Final = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
    "lambda:eventsourcetoken": "EventSourceToken",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
}


def _function(edit: Edit) -> Iterator[ApiCall]:
    """Statements are added and removed one by one."""
    arn = Arn.of(edit.target.holder)
    _, _, rest = edit.target.holder.partition(":function:")
    name, _, qualifier = rest.partition(":")
    where = {"FunctionName": f"{arn.account}:{name}"} | (
        {"Qualifier": qualifier} if qualifier else {}
    )
    old, new = _statements(edit.before), _statements(edit.after)
    for gone in (each for each in old if each not in new):
        given = {**where, "StatementId": str(gone.get("Sid", ""))}
        yield ApiCall("lambda", "remove_permission", given, arn.region)
    for added in (each for each in new if each not in old):
        given = {**where, **_permission(added)}
        yield ApiCall("lambda", "add_permission", given, arn.region)


def _permission(statement: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "StatementId": statement.get("Sid", "Allow"),
        "Action": _first(statement["Action"]),
        "Principal": _principal(statement["Principal"]),
    }
    for keys in statement.get("Condition", {}).values():
        for key, value in keys.items():
            member = _MEMBERS.get(key.lower())
            if member is not None:
                given[member] = _first(value)
            elif key.lower() == "lambda:invokedviafunctionurl":
                given["InvokedViaFunctionUrl"] = True
    return given


def _principal(who: Any) -> str:  # noqa: ANN401 - a policy's Principal
    return who if isinstance(who, str) else str(_first(next(iter(who.values()))))


def _first(value: Any) -> Any:  # noqa: ANN401 - a text or a list of them
    return value[0] if isinstance(value, list) else value


def _layer(edit: Edit) -> Iterator[ApiCall]:
    """Layer versions take one statement at a time."""
    arn = Arn.of(edit.target.holder)
    _, name, version = arn.resource.split(":")[:3]
    known = _statements(edit.before)
    for statement in (each for each in _statements(edit.after) if each not in known):
        who = _principal(statement["Principal"])
        given: dict[str, Any] = {
            "LayerName": name,
            "VersionNumber": int(version),
            "StatementId": statement["Sid"],
            "Action": "lambda:GetLayerVersion",
            "Principal": who.split(":")[4] if who.startswith("arn:") else who,
        }
        yield ApiCall("lambda", "add_layer_version_permission", given, arn.region)


def _statements(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text)["Statement"] if text else []
    return found if isinstance(found, list) else [found]


def _resource(edit: Edit) -> Iterator[ApiCall]:
    arn = Arn.of(edit.target.holder)
    write = _RESOURCES.get(arn.service)
    if write is not None:
        operation, given = write(arn, edit.after)
        yield ApiCall(arn.service, operation, given, arn.region or None)


def _queue(arn: Arn, policy: str) -> tuple[str, dict[str, Any]]:
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    return "set_queue_attributes", {"QueueUrl": url, "Attributes": {"Policy": policy}}


def _topic(arn: Arn, policy: str) -> tuple[str, dict[str, Any]]:
    given = {"TopicArn": str(arn), "AttributeName": "Policy", "AttributeValue": policy}
    return "set_topic_attributes", given


def _repository(arn: Arn, policy: str) -> tuple[str, dict[str, Any]]:
    name = arn.resource.partition("/")[2]
    return "set_repository_policy", {"repositoryName": name, "policyText": policy}


_RESOURCES: Final[Mapping[str, Callable[[Arn, str], tuple[str, dict[str, Any]]]]] = {
    "s3": lambda arn, policy: ("put_bucket_policy", {"Bucket": arn.resource, "Policy": policy}),
    "sqs": _queue,
    "sns": _topic,
    "kms": lambda arn, policy: (
        "put_key_policy",
        {"KeyId": arn.name, "PolicyName": "default", "Policy": policy},
    ),
    "secretsmanager": lambda arn, policy: (
        "put_resource_policy",
        {"SecretId": str(arn), "ResourcePolicy": policy},
    ),
    "ecr": _repository,
    "dynamodb": lambda arn, policy: (
        "put_resource_policy",
        {"ResourceArn": str(arn), "Policy": policy},
    ),
    "events": lambda arn, policy: (
        "put_permission",
        {"EventBusName": arn.name, "Policy": policy},
    ),
}

_WAYS: Final[Mapping[Place, Callable[[Edit], Iterator[ApiCall]]]] = {
    Place.INLINE: _inline,
    Place.MANAGED: _managed,
    Place.TRUST: _trust,
    Place.FUNCTION: _function,
    Place.LAYER: _layer,
    Place.RESOURCE: _resource,
    Place.ORGANIZATION: _organization,
    Place.ATTACHMENT: _attachment,
}
