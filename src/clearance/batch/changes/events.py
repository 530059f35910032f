"""The calls of a log that change who may do what, or that blind whoever watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from clearance.batch.read import Record
from clearance.batch.what import Event, operation_of, parameters_of
from clearance.explain.evidence import Json, at, text_of

__all__ = ["Done", "changes_in"]

_READS: Final = ("Get", "List", "Describe", "Lookup", "Simulate", "Generate", "Check", "Validate")
# Of these services every call that writes counts; of the others those that touch access.
_WHOLE: Final = frozenset({"iam", "organizations", "access-analyzer", "sso", "identitystore"})
_SOME: Final[Mapping[str, frozenset[str]]] = {
    service: frozenset(names.split())
    for service, names in {
        "lambda": "AddPermission RemovePermission AddLayerVersionPermission CreateFunction "
        "UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction CreateFunctionUrlConfig "
        "UpdateFunctionUrlConfig DeleteFunctionUrlConfig RemoveLayerVersionPermission",
        "s3": "PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutObjectAcl PutPublicAccessBlock "
        "DeletePublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock "
        "PutBucketLogging PutBucketOwnershipControls PutAccessPointPolicy",
        "kms": "PutKeyPolicy CreateGrant RevokeGrant RetireGrant DisableKey ScheduleKeyDeletion",
        "sqs": "AddPermission RemovePermission SetQueueAttributes",
        "sns": "AddPermission RemovePermission SetTopicAttributes",
        "secretsmanager": "PutResourcePolicy DeleteResourcePolicy",
        "dynamodb": "PutResourcePolicy DeleteResourcePolicy",
        "ecr": "SetRepositoryPolicy DeleteRepositoryPolicy",
        "events": "PutPermission RemovePermission",
        "ec2": "ModifyVpcEndpoint DeleteFlowLogs ModifySnapshotAttribute ModifyImageAttribute "
        "AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation",
        "rds": "ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute",
        "cloudtrail": "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging "
        "PutEventSelectors PutInsightSelectors DeleteEventDataStore StopEventDataStoreIngestion "
        "UpdateEventDataStore",
        "config": "StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel "
        "PutConfigurationRecorder DeleteConfigRule",
        "guardduty": "DeleteDetector UpdateDetector DisassociateFromMasterAccount "
        "DisassociateFromAdministratorAccount StopMonitoringMembers DeleteMembers",
        "securityhub": "DisableSecurityHub DeleteMembers",
        "macie2": "DisableMacie",
        "inspector2": "Disable",
        "logs": "DeleteLogGroup DeleteLogStream PutResourcePolicy PutRetentionPolicy "
        "DeleteSubscriptionFilter",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Done:
    """One call. ``given`` is what it was asked under the API's names, ``answer`` as recorded."""

    id: str
    when: str
    service: str
    operation: str
    who: str
    account: str
    region: str
    given: Mapping[str, Any]
    answer: Json
    identity: Json
    resources: Json
    source_ip: str | None = None
    user_agent: str | None = None
    error: str | None = None

    @property
    def root(self) -> bool:
        """True when the root user called."""
        return text_of(self.identity, "type") == "Root"

    @property
    def by_service(self) -> str | None:
        """The service that called for somebody or for itself."""
        return text_of(self.identity, "invokedBy")

    @property
    def caller(self) -> str:
        """The user or role behind the call."""
        return text_of(self.identity, "sessionContext", "sessionIssuer", "arn") or self.who

    def text(self, *names: str) -> str | None:
        """The first of some parameters that was given."""
        return next((found for n in names if (found := text_of({"": self.value(n)}, ""))), None)

    def value(self, name: str) -> Json:
        """A parameter; some services begin their names with a small letter."""
        found = self.given.get(name)
        return found if found is not None else self.given.get(name[:1].lower() + name[1:])


def changes_in(records: Iterable[Record]) -> tuple[Done, ...]:
    """The changes, oldest first, each once though several trails recorded it."""
    found: dict[str, Done] = {}
    for number, record in enumerate(records):
        done = _done(record, number)
        if done is not None:
            found.setdefault(done.id, done)
    # Times are whole seconds; within one, the order of the files is the best there is.
    return tuple(sorted(found.values(), key=lambda done: done.when))


def _done(record: Record, number: int) -> Done | None:
    source, name = record.event_source, record.event_name
    if not isinstance(source, str) or not isinstance(name, str):
        return None
    if record.event_type not in {None, "AwsApiCall"}:
        return None
    service = source.removesuffix(".cn").removesuffix(".amazonaws.com")
    if name.startswith(_READS) or not (service in _WHOLE or service in _SOME):
        return None
    version = _text(record.api_version)
    operation = operation_of(source, name, version)[0]
    if service not in _WHOLE and operation not in _SOME[service]:
        return None
    identity = _json(record.user_identity)
    account = _text(record.recipient_account_id) or text_of(identity, "accountId") or ""
    region = _text(record.aws_region) or "us-east-1"
    resources = _json(record.resources)
    event = Event(
        source, name, region, account, version, _json(record.request_parameters), resources
    )
    event.parameters = _unwrapped(event.parameters)
    try:
        given = parameters_of(event)
    except (AttributeError, KeyError, TypeError, ValueError):
        given = event.parameters if isinstance(event.parameters, dict) else {}
    return Done(
        _text(record.event_id) or f"#{number}",
        _text(record.event_time) or "",
        service,
        operation,
        _who(identity),
        account,
        region,
        given,
        _json(record.response_elements),
        identity,
        resources,
        _text(record.source_ip),
        _text(record.user_agent),
        _text(record.error_code),
    )


def _unwrapped(parameters: Json) -> Json:
    """EC2's newer operations write their parameters into ``NAMERequest``."""
    if isinstance(parameters, dict) and len(parameters) == 1:
        name, inner = next(iter(parameters.items()))
        if name.endswith("Request") and isinstance(inner, dict):
            return inner
    return parameters


def _who(identity: Json) -> str:
    """The caller as the record names it."""
    return (
        text_of(identity, "arn")
        or text_of(identity, "invokedBy")
        or text_of(identity, "principalId")
        or str(at(identity, "type") or "somebody")
    )


def _json(raw: msgspec.Raw) -> Json:
    content = bytes(raw)
    if not content:
        return None
    value: Json = msgspec.json.decode(content)
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
