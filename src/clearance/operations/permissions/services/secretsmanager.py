"""Secrets Manager: a secret's ARN ends in six characters that its name does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import forwarded, key_arn, key_of, via
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Keys,
    Row,
    all_of,
    anything,
    beside,
    member,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_SUFFIX: Final = 7  # a hyphen and six characters


def _find(ask: Ask, name: str | None) -> str | None:
    """The ARN of a secret named by name, ARN, or ARN without its suffix.

    An unknown secret stands as ``NAME-??????``: what a policy for its real ARN, whatever the
    suffix will be, matches.
    """
    if not name:
        return None
    whole = name if name.startswith("arn:") else ask.arn(f"secret:{name}")
    account = ask.estate.account(ask.owner(whole))
    for arn in account.resources if account else ():
        if arn == whole or (arn.startswith(f"{whole}-") and len(arn) == len(whole) + _SUFFIX):
            return arn
    return whole if name.startswith("arn:") else f"{whole}-??????"


def _secret(ask: Ask) -> str | None:
    return _find(ask, ask.text("SecretId"))


def _new(ask: Ask) -> str | None:
    return _find(ask, ask.text("Name"))


def _shown(row: Row) -> Row:
    """A secret that is not there is named as the caller named it."""

    def shown(ask: Ask) -> Iterable[Permission]:
        for found in row(ask):
            unknown = found.resource.endswith("-??????") and not found.dependent
            name = ask.text("SecretId", "Name")
            yield replace(found, shown_resource=name) if unknown else found

    return shown


def _id(ask: Ask) -> Mapping[str, Value]:
    arn = _secret(ask)
    if arn is None:
        return {}
    known = ask.resource(arn)
    found: dict[str, Value] = {"secretsmanager:SecretId": arn}
    function = known.attributes.get("RotationLambdaARN") if known else None
    if function is not None:
        found["secretsmanager:resource/AllowRotationLambdaArn"] = function
    return found


def _stage(ask: Ask) -> Mapping[str, Value]:
    # "If you don't specify either a VersionStage or VersionId, Secrets Manager returns the
    # AWSCURRENT version" (GetSecretValue).
    stage = ask.text("VersionStage")
    if stage is None and ask.text("VersionId") is None:
        stage = "AWSCURRENT"
    return {"secretsmanager:VersionStage": stage} if stage else {}


def _kms_key(ask: Ask) -> Mapping[str, Value]:
    given = ask.text("KmsKeyId")
    arn = key_arn(ask, given)
    found: dict[str, Value] = {"secretsmanager:KmsKeyId": given} if given else {}
    return {**found, "secretsmanager:KmsKeyArn": arn} if arn else found


def _kms(actions: str, *, new: bool = False) -> Row:
    def row(ask: Ask) -> Iterable[Permission]:
        arn = _new(ask) if new else _secret(ask)
        if arn is not None:
            key = key_arn(ask, ask.text("KmsKeyId")) or key_of(ask, arn)
            yield from via(ask, "secretsmanager", key, actions, {"SecretARN": arn})

    return row


def _on(*keys: Keys) -> Row:
    return _shown(on(_secret, _id, *keys))


def _batch(ask: Ask) -> Iterable[Permission]:
    """Reading many asks for the reading of each besides."""
    yield one(ask, "BatchGetSecretValue", "*")
    for name in ask.texts("SecretIdList"):
        arn = _find(ask, name)
        context: Mapping[str, Value] = {
            "secretsmanager:SecretId": arn or name,
            "secretsmanager:VersionStage": "AWSCURRENT",
        }
        yield one(ask, "GetSecretValue", arn, context, dependent=True)


def _replicas(ask: Ask) -> bool:
    return bool(ask.items("AddReplicaRegions"))


def _regions(ask: Ask) -> Mapping[str, Value]:
    found = tuple(
        str(item["Region"]) for item in ask.items("AddReplicaRegions") if "Region" in item
    )
    return {"secretsmanager:AddReplicaRegions": found} if found else {}


def _as_caller(ask: Ask) -> Mapping[str, Value]:
    del ask
    return forwarded("secretsmanager.amazonaws.com")


TABLE: Final[Mapping[str, Row]] = {
    **same(
        "CancelRotateSecret DeleteResourcePolicy DescribeSecret GetResourcePolicy "
        "ListSecretVersionIds RemoveRegionsFromReplication RestoreSecret "
        "StopReplicationToReplica TagResource UntagResource ValidateResourcePolicy",
        _on(),
    ),
    "GetSecretValue": all_of(
        _on(_stage, member("secretsmanager:VersionId", "VersionId")), _kms("Decrypt")
    ),
    "BatchGetSecretValue": _batch,
    "PutSecretValue": all_of(_on(), _kms("GenerateDataKey Decrypt")),
    "UpdateSecret": all_of(
        _on(_kms_key, member("secretsmanager:Description", "Description"),
            member("secretsmanager:Type", "Type")),
        _kms("GenerateDataKey Decrypt"),
    ),
    "UpdateSecretVersionStage": _on(member("secretsmanager:VersionStage", "VersionStage")),
    "PutResourcePolicy": _on(member("secretsmanager:BlockPublicPolicy", "BlockPublicPolicy")),
    "DeleteSecret": _on(
        member("secretsmanager:RecoveryWindowInDays", "RecoveryWindowInDays"),
        member("secretsmanager:ForceDeleteWithoutRecovery", "ForceDeleteWithoutRecovery"),
    ),
    "ReplicateSecretToRegions": _on(
        _regions,
        member("secretsmanager:ForceOverwriteReplicaSecret", "ForceOverwriteReplicaSecret"),
    ),
    # "you must have lambda:InvokeFunction permissions on the function" (RotateSecret).
    "RotateSecret": all_of(
        _on(
            member("secretsmanager:RotationLambdaARN", "RotationLambdaARN"),
            member("secretsmanager:RotateImmediately", "RotateImmediately"),
            lambda ask: {"secretsmanager:ModifyRotationRules": bool(ask.value("RotationRules"))},
        ),
        beside("lambda:InvokeFunction", lambda ask: ask.text("RotationLambdaARN"), _as_caller),
        passed(lambda ask: roles_in(ask.given), "secretsmanager.amazonaws.com"),
    ),
    # "If you include tags in the secret, you also need secretsmanager:TagResource"; replicas ask
    # for secretsmanager:ReplicateSecretToRegions (CreateSecret).
    "CreateSecret": all_of(
        _shown(on(_new, _kms_key, _regions, member("secretsmanager:Name", "Name"),
                  member("secretsmanager:Description", "Description"),
                  member("secretsmanager:Type", "Type"))),
        when(request_tags, beside("secretsmanager:TagResource", _new, tagged=True)),
        when(_replicas, beside("secretsmanager:ReplicateSecretToRegions", _new, _regions)),
        _kms("GenerateDataKey Decrypt", new=True),
    ),
    # "Required permissions: secretsmanager:AssociateCrossAccountReplica,
    # secretsmanager:GetSecretValue on the primary secret, and
    # secretsmanager:AcceptCrossAccountReplication on the replica secret".
    "AssociateCrossAccountReplica": all_of(
        _on(),
        beside("secretsmanager:GetSecretValue", _secret, _id),
        beside(
            "secretsmanager:AcceptCrossAccountReplication",
            lambda ask: ask.text("CrossAccountReplicaARN"),
        ),
        passed(lambda ask: (ask.text("ReplicationRoleARN"),), "secretsmanager.amazonaws.com"),
    ),
    **same("DisassociateCrossAccountReplica ListResourcePolicies", _on()),
    **same("ListSecrets GetRandomPassword", on(anything)),
}  # fmt: skip
