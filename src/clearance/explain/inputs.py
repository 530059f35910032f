"""The five shapes in which a denial reaches us, read into one: `Evidence`.

Each function takes what ``json.loads`` gives and never fails: what is no denial gives none.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from clearance.explain.cloudtrail import from_cloudtrail
from clearance.explain.denial import Denial, Effect, Form, PolicyType, Principal
from clearance.explain.evidence import (
    Caller,
    ContextKey,
    Evidence,
    Json,
    Kind,
    at,
    items_of,
    text_of,
)
from clearance.explain.message import parse
from clearance.explain.wrappers import DENIAL_CODES

__all__ = [
    "Caller",
    "ContextKey",
    "Evidence",
    "Kind",
    "from_authorization_details",
    "from_client_error",
    "from_cloudtrail",
    "from_decoded_message",
    "from_text",
    "recognise",
]

# A check of iam-toolbox, and the policy type that a message would have named for it. The
# checks are in the order in which AWS makes them.
_CHECKS = {
    "RESOURCE_CONTROL_POLICY": PolicyType.RESOURCE_CONTROL,
    "SERVICE_CONTROL_POLICY": PolicyType.SERVICE_CONTROL,
    "VPC_ENDPOINT": PolicyType.VPC_ENDPOINT,
    "RESOURCE": PolicyType.RESOURCE_BASED,
    "PRINCIPAL": PolicyType.IDENTITY_BASED,
    "PERMISSIONS_BOUNDARY": PolicyType.PERMISSIONS_BOUNDARY,
    "SESSION": PolicyType.SESSION,
}
_EFFECTS = {"EXPLICIT_DENY": Effect.EXPLICIT, "IMPLICIT_DENY": Effect.IMPLICIT}
_FORBIDDEN = 403
_LARGEST_JSON = 64_000_000  # letters; more is a log, and read as one


def from_text(text: str) -> tuple[Evidence, ...]:
    """The denials of a message, a log, or anything else that is text."""
    return tuple(Evidence(Kind.TEXT, denial) for denial in parse(text))


def from_client_error(
    response: Mapping[str, Json], operation_name: str | None = None
) -> tuple[Evidence, ...]:
    """The denial of a boto3 ``ClientError``: its ``response`` and ``operation_name``."""
    response = dict(response)
    code = text_of(response, "Error", "Code")
    message = text_of(response, "Error", "Message") or ""
    status = text_of(response, "ResponseMetadata", "HTTPStatusCode")
    number = int(status) if status and status.isdigit() else None
    denials = parse(message)
    if not denials and (code in DENIAL_CODES or code == str(_FORBIDDEN)):
        form = Form.S3_BARE if code == str(_FORBIDDEN) else Form.BARE
        reason = message if form is Form.BARE and message else None
        denials = (Denial(form, service_reason=reason),)
    return tuple(
        Evidence(
            Kind.CLIENT_ERROR,
            replace(
                denial,
                error_code=code or denial.error_code,
                api_operation=operation_name or denial.api_operation,
                status_code=number or denial.status_code,
                request_id=text_of(response, "ResponseMetadata", "RequestId") or denial.request_id,
                wrappers=("boto3", *denial.wrappers),
            ),
        )
        for denial in denials
    )


def from_decoded_message(value: Json) -> tuple[Evidence, ...]:
    """The denial of a decoded STS authorization message, as JSON or as the API returns it."""
    inner = text_of(value, "DecodedMessage")
    value = _json(inner) if inner else value
    context = at(value, "context")
    if not isinstance(context, dict) or at(value, "allowed") is True:
        return ()
    effect = Effect.EXPLICIT if at(value, "explicitDeny") is True else Effect.IMPLICIT
    arn = text_of(context, "principal", "arn")
    keys = tuple(
        ContextKey(key, tuple(_text(each) for each in items_of(item, "values")))
        for item in items_of(context, "conditions")
        if (key := text_of(item, "key"))
    )
    denial = Denial(
        Form.STRUCTURED,
        principal=Principal(arn) if arn else None,
        action=text_of(context, "action"),
        resource=text_of(context, "resource"),
        effect=effect,
    )
    caller = Caller(arn=arn, unique_id=text_of(context, "principal", "id"))
    statements = items_of(value, "matchedStatements")
    return (
        Evidence(Kind.DECODED, denial, caller=caller, context=keys, matched_statements=statements),
    )


def _text(item: Json) -> str:
    return text_of(item, "value") or ""


def from_authorization_details(
    value: Json, authorization_id: str | None = None
) -> tuple[Evidence, ...]:
    """The denials of ``GetRequestAuthorizationDetails``: AWS's own evaluations."""
    shared = at(value, "requestContext")
    evaluations = items_of(value, "evaluations")
    policies = items_of(value, "policies")
    return tuple(
        Evidence(
            Kind.AUTHORIZATION_DETAILS,
            denial,
            caller=Caller(arn=denial.principal.text if denial.principal else None),
            context=context,
            evaluations=evaluations,
            policies=policies,
        )
        for each in evaluations
        for context in (_merged_context(shared, at(each, "context")),)
        for denial in _evaluated(each, context, policies, authorization_id)
    )


def _merged_context(*contexts: Json) -> tuple[ContextKey, ...]:
    keys: dict[str, ContextKey] = {}
    for context in contexts:
        if isinstance(context, dict):
            for key, value in context.items():
                values = value if isinstance(value, list) else [value]
                texts = tuple(text_of({"": each}, "") or "" for each in values)
                keys[key.lower()] = ContextKey(key, texts)
    return tuple(keys.values())


def _evaluated(
    evaluation: dict[str, Json],
    context: tuple[ContextKey, ...],
    policies: tuple[dict[str, Json], ...],
    authorization_id: str | None,
) -> tuple[Denial, ...]:
    """The denial that one evaluation is; none if it allowed."""
    effect = _EFFECTS.get(text_of(evaluation, "evaluatedEffect") or "")
    if effect is None:
        return ()
    checks = items_of(evaluation, "checks")
    guilty = next(
        (c for c in checks if _EFFECTS.get(text_of(c, "evaluatedEffect") or "") is effect), {}
    )
    matched = [text_of(each, "uri") or "" for each in items_of(guilty, "matchedPolicies")]
    managed = {text_of(each, "uri"): text_of(each, "policySource", "arn") for each in policies}
    arns = [managed.get(uri) or (uri if uri.startswith("arn:") else None) for uri in matched]
    principal = next((k.values[0] for k in context if k.key.lower() == "aws:principalarn"), None)
    return (
        Denial(
            Form.STRUCTURED,
            principal=Principal(principal) if principal else None,
            action=text_of(evaluation, "action"),
            resource=text_of(evaluation, "resource"),
            effect=effect,
            policy_type=_CHECKS.get(text_of(guilty, "checkType") or ""),
            policy_arn=next((arn for arn in arns if arn), None),
            authorization_id=authorization_id,
        ),
    )


def recognise(given: Json) -> tuple[Evidence, ...]:
    """Evidence from whatever was given: text, JSON as text, or a JSON value.

    >>> recognise('{"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}')[0].kind
    <Kind.CLIENT_ERROR: 'boto3'>
    """
    if not isinstance(given, str):
        return _from_json(given)
    start = given[:200].lstrip("\ufeff \t\r\n")[:1]
    value = _json(given) if start in {"{", "["} and len(given) <= _LARGEST_JSON else None
    if value is None:
        return from_text(given)
    return _from_json(value) or from_text(given)


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return value


def _from_json(value: Json) -> tuple[Evidence, ...]:
    """The shape that gives evidence; each is told by members that no other has."""
    if isinstance(value, dict):
        if "evaluations" in value:
            return from_authorization_details(value, text_of(value, "authorizationId"))
        if "DecodedMessage" in value or ("context" in value and "matchedStatements" in value):
            return from_decoded_message(value)
        if isinstance(value.get("Error"), dict):
            return from_client_error(value, text_of(value, "operation_name"))
    found = from_cloudtrail(value)
    if found:
        return found
    try:
        return from_text(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):
        return ()
