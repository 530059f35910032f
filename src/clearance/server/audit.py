"""One CloudTrail-shaped event a call, denied ones too, with the decision that was made.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.decision import Decision
from clearance.model.principal import Principal, PrincipalKind
from clearance.server.authorize import Answer
from clearance.server.calls import changes_nothing
from clearance.store.summary import summarize
from clearance.wire.shapes import Kind, Operation, Service

__all__ = ["Seen", "decision_record", "event"]

VERSION: Final = "1.11"
# CloudTrail writes the bare code for a denial, whatever the service's protocol says.
_CODES: Final = {"AccessDeniedException": "AccessDenied"}
_DATA_EVENTS: Final = frozenset(
    {"Invoke", "InvokeAsync", "InvokeFunctionUrl", "InvokeWithResponseStream"}
)
_MESSAGE_LIMIT: Final = 1024


@dataclass(slots=True)
class Seen:
    """What is known of a call so far; it fills up on the way through the endpoint.

    ``event`` is the last one that was made of it.
    """

    request_id: str
    event_id: str
    when: datetime
    source_ip: str
    user_agent: str
    region: str = "us-east-1"
    source: str = "signin.amazonaws.com"
    name: str = "Unknown"
    principal: Principal | None = None
    account: str | None = None
    given: Mapping[str, Any] | None = None
    output: Mapping[str, Any] | None = None
    answers: Sequence[Answer] = ()
    error_code: str | None = None
    error_message: str | None = None
    service: Service | None = None
    operation: Operation | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    event: dict[str, Any] | None = None


def event(seen: Seen) -> dict[str, Any]:
    """The event of one call, which is also left with what was seen."""
    reads = changes_nothing(seen.name)
    record: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": identity(seen.principal),
        "eventTime": _time(seen.when),
        "eventSource": seen.source,
        "eventName": seen.name,
        "awsRegion": seen.region,
        "sourceIPAddress": seen.source_ip,
        "userAgent": seen.user_agent,
        "requestParameters": _shown(seen, "input", seen.given),
        "responseElements": None if reads else _shown(seen, "output", seen.output),
        "requestID": seen.request_id,
        "eventID": seen.event_id,
        "readOnly": reads,
        "resources": [_resource(arn) for arn in resources(seen.answers)],
        "eventType": "AwsApiCall",
        "managementEvent": seen.name not in _DATA_EVENTS,
        "recipientAccountId": seen.account,
        "eventCategory": "Data" if seen.name in _DATA_EVENTS else "Management",
    }
    if seen.error_code is not None:
        record["errorCode"] = _CODES.get(seen.error_code, seen.error_code)
        record["errorMessage"] = (seen.error_message or "")[:_MESSAGE_LIMIT]
    decisions = [decision_record(answer.decision) for answer in seen.answers]
    record["additionalEventData"] = {
        "requestTime": seen.when.astimezone(UTC).isoformat(),
        "decisions": decisions,
        **seen.extra,
    }
    seen.event = record
    return record


def _shown(seen: Seen, side: str, value: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
    """Input or output as CloudTrail spells it: ``UserName`` is ``userName``."""
    if not value:
        return None
    hidden = summarize(value)
    shape = getattr(seen.operation, side, None)
    return _spelled(seen.service, shape, hidden) if seen.service and shape else hidden


def _spelled(service: Service, name: str, value: Any) -> Any:  # noqa: ANN401
    """Members of structures begin with a small letter; the keys of maps are the caller's own."""
    shape = service.shapes[name]
    if isinstance(value, Mapping):
        if shape.kind is Kind.MAP and shape.value is not None:
            inner = shape.value.target
            return {k: _spelled(service, inner, v) for k, v in value.items()}
        members = shape.members
        return {
            k[:1].lower() + k[1:]: _spelled(service, members[k].target, v) if k in members else v
            for k, v in value.items()
        }
    if isinstance(value, list) and shape.member is not None:
        return [_spelled(service, shape.member.target, item) for item in value]
    return value


def resources(answers: Sequence[Answer]) -> tuple[str, ...]:
    """The ARNs a call was decided on."""
    arns = (a.permission.resource for a in answers if a.permission.resource.startswith("arn:"))
    return tuple(dict.fromkeys(arns))


def _resource(arn: str) -> dict[str, str]:
    parts = Arn.find(arn)
    if parts is None:
        return {"ARN": arn}
    kind = _RESOURCE_TYPES.get(parts.service, {}).get(parts.resource.partition("/")[0])
    kind = kind or _RESOURCE_TYPES.get(parts.service, {}).get("")
    found = {"ARN": arn}
    if parts.account:
        found["accountId"] = parts.account
    return {**found, "type": kind} if kind else found


# By service and the beginning of the resource part; the empty one is for all others.
_RESOURCE_TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    "iam": {
        "user": "AWS::IAM::User",
        "role": "AWS::IAM::Role",
        "group": "AWS::IAM::Group",
        "policy": "AWS::IAM::Policy",
        "instance-profile": "AWS::IAM::InstanceProfile",
    },
    "lambda": {"": "AWS::Lambda::Function"},
    "s3": {"": "AWS::S3::Object"},
    "sqs": {"": "AWS::SQS::Queue"},
    "sns": {"": "AWS::SNS::Topic"},
    "kms": {"key": "AWS::KMS::Key"},
    "dynamodb": {"table": "AWS::DynamoDB::Table"},
    "secretsmanager": {"": "AWS::SecretsManager::Secret"},
}


def decision_record(decision: Decision) -> dict[str, Any]:
    """A decision in the words of AWS's ``iam-toolbox`` API.

    An allow may list only the check whose statement decided, or none where none had to; a denial
    lists all.
    """
    return {
        "action": decision.request.action,
        "resource": decision.request.resource,
        "evaluatedEffect": decision.effect.value,
        "checks": [
            {
                "checkType": check.type.name,
                "evaluatedEffect": check.effect.value,
                "targetArn": check.target,
                "matchedPolicies": [
                    {"uri": m.policy.uri, "sid": m.statement.label}
                    for m in (*check.denies, *check.allows)
                ],
            }
            for check in decision.checks
        ],
    }


def identity(principal: Principal | None) -> dict[str, Any]:
    """``userIdentity`` of each kind of caller."""
    if principal is None or principal.kind is PrincipalKind.ANONYMOUS:
        return {"type": "Unknown", "principalId": "", "accountId": "anonymous"}
    base: dict[str, Any] = {
        "type": _TYPES[principal.kind],
        "principalId": _principal_id(principal),
        "arn": principal.arn,
        "accountId": principal.account,
    }
    if principal.access_key:
        base["accessKeyId"] = principal.access_key
    if principal.kind is PrincipalKind.USER:
        base["userName"] = principal.arn.rsplit("/", 1)[-1]
    if principal.session is not None:
        base["sessionContext"] = _session_context(principal)
    return base


_TYPES: Final = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE: "Role",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.WEB_IDENTITY: "WebIdentityUser",
    PrincipalKind.SAML_IDENTITY: "SAMLUser",
    PrincipalKind.SERVICE: "AWSService",
}


def _principal_id(principal: Principal) -> str:
    if principal.kind is PrincipalKind.ROLE_SESSION:
        return f"{principal.unique_id}:{principal.session_name}"
    if principal.kind is PrincipalKind.FEDERATED_USER:
        return f"{principal.account}:{principal.arn.rsplit('/', 1)[-1]}"
    return principal.unique_id or principal.account or principal.arn


def _session_context(principal: Principal) -> dict[str, Any]:
    session = principal.session
    context: dict[str, Any] = {
        "attributes": {
            "mfaAuthenticated": "true" if session and session.mfa else "false",
            **({"creationDate": _time(session.issued)} if session and session.issued else {}),
        }
    }
    if principal.role_arn is not None:
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": principal.unique_id,
            "arn": principal.role_arn,
            "accountId": principal.account,
            "userName": principal.role_arn.rsplit("/", 1)[-1],
        }
    if session is not None and session.source_identity:
        context["sourceIdentity"] = session.source_identity
    return context


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
