"""What a record says by itself: logging switched off, keys for others, doors opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from clearance.batch.changes.events import Done
from clearance.batch.changes.finding import Finding, Level
from clearance.explain.evidence import at, items_of, text_of

__all__ = ["alone"]

Rule = Callable[[Done], Iterator[Finding]]


def alone(done: Done) -> Iterator[Finding]:
    """What is suspicious about a call, whatever the estate."""
    rule = _RULES.get((done.service, done.operation))
    if rule is not None:
        yield from rule(done)
    if done.root:
        yield Finding("root", Level.WARNING, "the root user made this change")


def _permission_set(done: Done) -> Iterator[Finding]:
    """IAM Identity Center: whoever is assigned the permission set."""
    policy = done.text("ManagedPolicyArn") or ""
    if policy.endswith("policy/AdministratorAccess"):
        says = f"permission set {done.text('PermissionSetArn')} can do anything now"
        yield Finding("administrator", Level.ALERT, says)


def _always(identity: str, level: Level, says: str) -> Rule:
    def rule(done: Done) -> Iterator[Finding]:
        yield Finding(identity, level, says.format(on=_on(done)))

    return rule


def _on(done: Done) -> str:
    told = done.text(
        "Name", "TrailName", "EventDataStore", "DetectorId", "UserName", "RoleName", "LogGroupName",
        "KeyId", "PolicyId", "TargetId", "FunctionName", "Bucket", "bucketName",
        "ConfigurationRecorderName", "DeliveryChannelName", "SerialNumber", "PolicyArn",
    )  # fmt: skip
    return told or "all"


def _selectors(done: Done) -> Iterator[Finding]:
    """PutEventSelectors may leave out what it recorded before."""
    left: list[str] = []
    for each in items_of({"": done.value("EventSelectors")}, ""):
        if text_of(each, "includeManagementEvents") == "false" or (
            text_of(each, "IncludeManagementEvents") == "false"
        ):
            left.append("management events")
        kind = text_of(each, "ReadWriteType") or text_of(each, "readWriteType") or "All"
        if kind != "All":
            left.append({"ReadOnly": "writes", "WriteOnly": "reads"}.get(kind, kind))
        excluded = at(each, "ExcludeManagementEventSources") or at(
            each, "excludeManagementEventSources"
        )
        if isinstance(excluded, list) and excluded:
            left.append(", ".join(map(str, excluded)))
    if items_of({"": done.value("AdvancedEventSelectors")}, ""):
        left += _excluded(done)
    if left:
        says = f"trail {_on(done)} no longer records {' and '.join(dict.fromkeys(left))}"
        yield Finding("logging-off", Level.ALERT, says)


def _excluded(done: Done) -> Iterator[str]:
    """Advanced selectors that pass over some management events, or over all."""
    categories: set[str] = set()
    for each in items_of({"": done.value("AdvancedEventSelectors")}, ""):
        for field in (*items_of(each, "FieldSelectors"), *items_of(each, "fieldSelectors")):
            name = text_of(field, "Field") or text_of(field, "field")
            equals = at(field, "Equals") or at(field, "equals")
            if name == "eventCategory" and isinstance(equals, list):
                categories.update(map(str, equals))
            unequal = at(field, "NotEquals") or at(field, "notEquals")
            if name == "eventSource" and isinstance(unequal, list) and unequal:
                yield ", ".join(map(str, unequal))
            if name == "readOnly" and equals:
                yield "reads" if equals == ["false"] else "writes"
    if "Management" not in categories:
        yield "management events"


def _trail(done: Done) -> Iterator[Finding]:
    """UpdateTrail may narrow a trail or send it elsewhere."""
    for name, says in (
        ("IsMultiRegionTrail", "records one Region only"),
        ("IncludeGlobalServiceEvents", "no longer records IAM and STS"),
        ("EnableLogFileValidation", "no longer signs its files"),
        ("IsOrganizationTrail", "no longer records the other accounts"),
    ):
        if done.text(name) == "false":
            yield Finding("logging-off", Level.ALERT, f"trail {_on(done)} {says}")
    bucket = done.text("S3BucketName")
    if bucket is not None:
        yield Finding("logging-moved", Level.WARNING, f"trail {_on(done)} goes to bucket {bucket}")


def _detector(done: Done) -> Iterator[Finding]:
    if done.text("Enable") == "false":
        yield Finding("logging-off", Level.ALERT, f"GuardDuty detector {_on(done)} switched off")


def _bucket_logging(done: Done) -> Iterator[Finding]:
    if "loggingenabled" not in json.dumps(done.given, default=str).lower():
        yield Finding("logging-off", Level.WARNING, f"no access log of bucket {_on(done)} any more")


def _credential(what: str) -> Rule:
    """Credentials of somebody else: whoever made them can be that user from now on."""

    def rule(done: Done) -> Iterator[Finding]:
        whose = done.text("UserName")
        if whose is None:
            if done.root:
                yield Finding("root-key", Level.ALERT, f"{what} of the root user")
        elif done.caller.rpartition("/")[2] != whose or ":user/" not in done.caller:
            says = f"{what} of user {whose}, made by {done.caller}"
            yield Finding("credential-of-another", Level.ALERT, says)

    return rule


def _reactivated(done: Done) -> Iterator[Finding]:
    if done.text("Status") == "Active":
        yield from _credential(f"access key {done.text('AccessKeyId')} switched on again")(done)


def _public_block(done: Done) -> Iterator[Finding]:
    told = json.dumps(done.given, default=str).lower().replace(" ", "").replace('"false"', "false")
    if ":false" in told:
        yield Finding("public", Level.WARNING, f"public access of {_on(done)} is no longer blocked")


_EVERYBODY: Final = ("allusers", "authenticatedusers", "public-read", "public-write")


def _acl(done: Done) -> Iterator[Finding]:
    told = json.dumps(done.given, default=str).lower()
    if any(word in told for word in _EVERYBODY):
        yield Finding("public", Level.ALERT, f"the ACL of {_on(done)} lets everybody in")


def _url(done: Done) -> Iterator[Finding]:
    if done.text("AuthType") == "NONE":
        says = f"the URL of function {_on(done)} asks nobody who they are"
        yield Finding("public", Level.ALERT, says)


def _shared(what: str) -> Rule:
    def rule(done: Done) -> Iterator[Finding]:
        told = json.dumps(done.given, default=str)
        if '"all"' in told and "remove" not in told.lower().partition('"all"')[0][-60:]:
            yield Finding("public", Level.ALERT, f"{what} is given to everybody")

    return rule


_OFF: Final = Level.ALERT
_RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("cloudtrail", "StopLogging"): _always("logging-off", _OFF, "trail {on} stopped"),
    ("cloudtrail", "DeleteTrail"): _always("logging-off", _OFF, "trail {on} deleted"),
    ("cloudtrail", "DeleteEventDataStore"): _always(
        "logging-off", _OFF, "event data store {on} deleted"
    ),
    ("cloudtrail", "StopEventDataStoreIngestion"): _always(
        "logging-off", _OFF, "event data store {on} takes nothing in"
    ),
    ("cloudtrail", "PutEventSelectors"): _selectors,
    ("cloudtrail", "UpdateTrail"): _trail,
    ("config", "StopConfigurationRecorder"): _always("logging-off", _OFF, "AWS Config stopped"),
    ("config", "DeleteConfigurationRecorder"): _always("logging-off", _OFF, "AWS Config deleted"),
    ("config", "DeleteDeliveryChannel"): _always(
        "logging-off", _OFF, "AWS Config delivers nothing any more"
    ),
    ("guardduty", "DeleteDetector"): _always("logging-off", _OFF, "GuardDuty deleted"),
    ("guardduty", "UpdateDetector"): _detector,
    ("guardduty", "StopMonitoringMembers"): _always(
        "logging-off", _OFF, "GuardDuty no longer watches member accounts"
    ),
    ("guardduty", "DisassociateFromAdministratorAccount"): _always(
        "logging-off", _OFF, "the administrator no longer sees GuardDuty's findings"
    ),
    ("guardduty", "DisassociateFromMasterAccount"): _always(
        "logging-off", _OFF, "the administrator no longer sees GuardDuty's findings"
    ),
    ("securityhub", "DisableSecurityHub"): _always("logging-off", _OFF, "Security Hub disabled"),
    ("macie2", "DisableMacie"): _always("logging-off", _OFF, "Macie disabled"),
    ("inspector2", "Disable"): _always("logging-off", _OFF, "Inspector disabled"),
    ("access-analyzer", "DeleteAnalyzer"): _always(
        "logging-off", Level.WARNING, "an analyzer deleted"
    ),
    ("ec2", "DeleteFlowLogs"): _always("logging-off", _OFF, "VPC flow logs deleted"),
    ("logs", "DeleteLogGroup"): _always("logging-off", Level.WARNING, "log group {on} deleted"),
    ("logs", "DeleteLogStream"): _always(
        "logging-off", Level.WARNING, "a log stream of {on} deleted"
    ),
    ("s3", "PutBucketLogging"): _bucket_logging,
    ("iam", "CreateAccessKey"): _credential("an access key"),
    ("iam", "CreateLoginProfile"): _credential("a console password"),
    ("iam", "UpdateLoginProfile"): _credential("a new console password"),
    ("iam", "UploadSSHPublicKey"): _credential("an SSH key"),
    ("iam", "UploadSigningCertificate"): _credential("a signing certificate"),
    ("iam", "CreateServiceSpecificCredential"): _credential("a service password"),
    ("iam", "ResetServiceSpecificCredential"): _credential("a new service password"),
    ("iam", "UpdateAccessKey"): _reactivated,
    ("iam", "DeactivateMFADevice"): _always("mfa-off", Level.WARNING, "MFA of {on} switched off"),
    ("iam", "DeleteVirtualMFADevice"): _always("mfa-off", Level.NOTE, "MFA device {on} deleted"),
    ("iam", "DeleteAccountPasswordPolicy"): _always(
        "guardrail-off", Level.NOTE, "the password policy is gone"
    ),
    ("iam", "DeleteRolePermissionsBoundary"): _always(
        "guardrail-off", Level.WARNING, "role {on} has no permissions boundary any more"
    ),
    ("iam", "DeleteUserPermissionsBoundary"): _always(
        "guardrail-off", Level.WARNING, "user {on} has no permissions boundary any more"
    ),
    ("iam", "CreateSAMLProvider"): _always(
        "provider", Level.WARNING, "a new way to sign in: SAML provider {on}"
    ),
    ("iam", "UpdateSAMLProvider"): _always(
        "provider", Level.WARNING, "a SAML provider signs in with other keys"
    ),
    ("iam", "CreateOpenIDConnectProvider"): _always(
        "provider", Level.WARNING, "a new way to sign in: an OpenID Connect provider"
    ),
    ("iam", "AddClientIDToOpenIDConnectProvider"): _always(
        "provider", Level.WARNING, "an OpenID Connect provider signs in another client"
    ),
    ("iam", "UpdateOpenIDConnectProviderThumbprint"): _always(
        "provider", Level.WARNING, "an OpenID Connect provider is trusted under other certificates"
    ),
    ("organizations", "LeaveOrganization"): _always(
        "guardrail-off", Level.ALERT, "the account left its organization"
    ),
    ("organizations", "RemoveAccountFromOrganization"): _always(
        "guardrail-off", Level.WARNING, "an account left the organization"
    ),
    ("organizations", "DisablePolicyType"): _always(
        "guardrail-off", Level.ALERT, "a type of organization policies is switched off"
    ),
    ("organizations", "DetachPolicy"): _always(
        "guardrail-off", Level.WARNING, "organization policy {on} detached"
    ),
    ("organizations", "DeletePolicy"): _always(
        "guardrail-off", Level.WARNING, "organization policy {on} deleted"
    ),
    ("organizations", "UpdatePolicy"): _always(
        "organization", Level.NOTE, "organization policy {on} changed"
    ),
    ("sso", "AttachManagedPolicyToPermissionSet"): _permission_set,
    ("organizations", "EnableAWSServiceAccess"): _always(
        "organization", Level.NOTE, "a service may act in all accounts"
    ),
    ("organizations", "RegisterDelegatedAdministrator"): _always(
        "organization", Level.WARNING, "an account administers a service for all"
    ),
    ("s3", "PutPublicAccessBlock"): _public_block,
    ("s3", "PutAccountPublicAccessBlock"): _public_block,
    ("s3", "DeletePublicAccessBlock"): _always(
        "public", Level.WARNING, "public access of {on} is no longer blocked"
    ),
    ("s3", "DeleteAccountPublicAccessBlock"): _always(
        "public", Level.ALERT, "public access is no longer blocked in the whole account"
    ),
    ("s3", "PutBucketAcl"): _acl,
    ("s3", "PutObjectAcl"): _acl,
    ("lambda", "CreateFunctionUrlConfig"): _url,
    ("lambda", "UpdateFunctionUrlConfig"): _url,
    ("ec2", "ModifySnapshotAttribute"): _shared("a snapshot"),
    ("ec2", "ModifyImageAttribute"): _shared("an image"),
    ("rds", "ModifyDBSnapshotAttribute"): _shared("a database snapshot"),
    ("rds", "ModifyDBClusterSnapshotAttribute"): _shared("a database snapshot"),
    ("kms", "DisableKey"): _always("key-loss", Level.WARNING, "key {on} disabled"),
    ("kms", "ScheduleKeyDeletion"): _always("key-loss", Level.WARNING, "key {on} will be deleted"),
}


def rules() -> Mapping[tuple[str, str], Any]:
    """The table, for those who hold it to the list of events."""
    return _RULES
