"""CloudTrail records as evidence: who, from where, with what parameters, and the message."""

import json
from collections.abc import Iterator
from dataclasses import replace
from re import compile as pattern

from clearance.explain.denial import Denial, Form
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

__all__ = ["from_cloudtrail"]

# "Client.UnauthorizedOperation", "AccessDenied", "AuthorizationError", "Forbidden": services
# do not agree on one word.
_DENIED = pattern(
    r"(?i)access.?denied|unauthori[sz]ed|not.?authori[sz]ed|forbidden|authorizationerror"
)
# "errorMessage … maximum 1 KB" (CloudTrail User Guide, record contents)
_LONGEST_MESSAGE = 1024
# Where the action's prefix is not the first word of the event source.
_PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
    "cognito-idp": "cognito-idp",
    "elasticfilesystem": "elasticfilesystem",
    "models.lex": "lex",
    "runtime.lex": "lex",
    "runtime.sagemaker": "sagemaker",
    "ingest.timestream": "timestream",
    "query.timestream": "timestream",
}
# Where the event's name is not the action's; only those that everyone meets.
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sns:PublishBatch": "sns:Publish",
}
# Lambda's event names carry the version of their API: `UpdateFunctionCode20150331v2`.
_VERSIONED = pattern(r"(?P<name>[A-Za-z]{1,100}?)(?:20[0-9]{6}(?:v[0-9])?)?")
# Trail files, LookupEvents, EventBridge, CloudTrail Lake, and logs that carry any of them.
_NESTS = ("Records", "Events", "CloudTrailEvent", "detail", "eventData", "message")
_DEEPEST = 6
_ADDRESS = pattern(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]{2,39}")


def from_cloudtrail(value: Json) -> tuple[Evidence, ...]:
    """The denials among CloudTrail's records: one record, a file of them, or the API's answer."""
    return tuple(evidence for record in _records(value) for evidence in _evidence(record))


def _records(value: Json, depth: int = 0) -> Iterator[dict[str, Json]]:
    """The records of a value in any of the shapes that CloudTrail's events travel in."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and value.startswith("{"):  # LookupEvents: JSON in JSON
        value = _loaded(value)
    if isinstance(value, list):
        for each in value:
            yield from _records(each, depth + 1)
    elif isinstance(value, dict):
        if "eventName" in value and "eventSource" in value:
            yield value
            return
        for nest in _NESTS:
            if isinstance(value.get(nest), list | dict | str):
                yield from _records(value[nest], depth + 1)


def _loaded(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _evidence(record: dict[str, Json]) -> Iterator[Evidence]:
    code, message = text_of(record, "errorCode"), text_of(record, "errorMessage") or ""
    denials = parse(message)
    if not denials and not (code and _DENIED.search(code)):
        return
    caller = _caller(record)
    name = text_of(record, "eventName") or ""
    denial = denials[0] if denials else Denial(Form.BARE, service_reason=message or None)
    if denial.form is Form.BARE and not message:
        denial = replace(denial, service_reason=None)
    source = text_of(record, "eventSource") or ""
    yield Evidence(
        kind=Kind.CLOUDTRAIL,
        denial=replace(
            denial,
            error_code=code or denial.error_code,
            api_operation=name,
            request_id=text_of(record, "requestID"),
            truncated=denial.truncated or len(message) >= _LONGEST_MESSAGE,
        ),
        caller=caller,
        implied_action=_action(source, name),
        resources=_resources(record),
        context=_context(record, caller),
        event_source=source,
        region=text_of(record, "awsRegion"),
        owner_account=text_of(record, "recipientAccountId"),
        time=text_of(record, "eventTime"),
        vpc_endpoint_id=text_of(record, "vpcEndpointId"),
        request_parameters=_parameters(record),
    )


def _parameters(record: dict[str, Json]) -> dict[str, Json]:
    found = at(record, "requestParameters")
    return dict(found) if isinstance(found, dict) else {}


def _resources(record: dict[str, Json]) -> tuple[str, ...]:
    """The ARNs that the record names; `resources` speaks `ARN`, older records `arn`."""
    named = [text_of(each, "ARN") or text_of(each, "arn") for each in items_of(record, "resources")]
    return tuple(dict.fromkeys(arn for arn in named if arn))


def _action(source: str, name: str) -> str | None:
    prefix = source.removesuffix(".amazonaws.com").removesuffix(".amazonaws.com.cn")
    versioned = _VERSIONED.fullmatch(name)
    if not prefix or not name:
        return None
    action = f"{_PREFIXES.get(prefix, prefix)}:{versioned['name'] if versioned else name}"
    return _ACTIONS.get(action, action)


def _caller(record: dict[str, Json]) -> Caller:
    """`userIdentity`, whichever of its types it is.

    Root, IAMUser, AssumedRole, Role, FederatedUser, Directory, AWSAccount, AWSService,
    IdentityCenterUser, SAMLUser, WebIdentityUser and Unknown fill different members.
    """
    identity = at(record, "userIdentity")
    session = at(identity, "sessionContext")
    kind = text_of(identity, "type")
    service = text_of(identity, "invokedBy")
    arn = text_of(identity, "arn")
    if arn is None and kind == "AWSService":
        arn = service
    elif arn is None and kind == "AWSAccount" and text_of(identity, "accountId") == "anonymous":
        arn = "anonymous"
    mfa = text_of(session, "attributes", "mfaAuthenticated")
    return Caller(
        type=kind,
        arn=arn,
        account=text_of(identity, "accountId"),
        unique_id=text_of(identity, "principalId"),
        access_key_id=text_of(identity, "accessKeyId"),
        user_name=text_of(identity, "userName"),
        issuer_arn=text_of(session, "sessionIssuer", "arn"),
        issuer_id=text_of(session, "sessionIssuer", "principalId"),
        invoked_by=service,
        identity_provider=text_of(identity, "identityProvider")
        or text_of(session, "webIdFederationData", "federatedProvider"),
        source_identity=text_of(session, "sourceIdentity"),
        mfa=None if mfa is None else mfa == "true",
    )


def _context(record: dict[str, Json], caller: Caller) -> tuple[ContextKey, ...]:
    """The condition keys whose values the record tells."""
    address = text_of(record, "sourceIPAddress") or ""
    session = at(record, "userIdentity", "sessionContext")
    role = caller.issuer_arn if caller.type == "AssumedRole" else None
    service = caller.invoked_by if caller.type != "AWSService" else None
    endpoint = text_of(record, "vpcEndpointId")
    is_address = bool(_ADDRESS.fullmatch(address))
    known = {
        # "If the request … comes from a host that uses a VPC endpoint, then aws:SourceIp is
        # not available": the address is then aws:VpcSourceIp (IAM User Guide, global keys)
        "aws:SourceIp": address if is_address and not endpoint else None,
        "aws:VpcSourceIp": address if is_address and endpoint else None,
        "aws:SourceVpce": endpoint,
        "aws:RequestedRegion": text_of(record, "awsRegion"),
        "aws:UserAgent": text_of(record, "userAgent"),
        "aws:CurrentTime": text_of(record, "eventTime"),
        "aws:SecureTransport": "true" if at(record, "tlsDetails", "tlsVersion") else None,
        "aws:PrincipalArn": role or (caller.arn if caller.type != "AWSService" else None),
        "aws:PrincipalAccount": caller.account if caller.account != "anonymous" else None,
        "aws:PrincipalIsAWSService": "true" if caller.type == "AWSService" else None,
        "aws:PrincipalServiceName": caller.arn if caller.type == "AWSService" else None,
        "aws:userid": caller.unique_id,
        "aws:username": caller.user_name if caller.type == "IAMUser" else None,
        "aws:SourceIdentity": caller.source_identity,
        "aws:TokenIssueTime": text_of(session, "attributes", "creationDate"),
        "aws:MultiFactorAuthPresent": None if caller.mfa is None else str(caller.mfa).lower(),
        "aws:ViaAWSService": "true" if service and service.endswith("amazonaws.com") else None,
        "aws:CalledViaLast": service,
        "ec2:RoleDelivery": text_of(session, "ec2RoleDelivery"),
        "aws:FederatedProvider": caller.identity_provider,
    }
    return tuple(ContextKey(key, (value,)) for key, value in known.items() if value)
