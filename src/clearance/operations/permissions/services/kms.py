"""KMS: keys are named by id, ARN or alias; what is authorized is the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Keys,
    Row,
    Target,
    all_of,
    anything,
    beside,
    member,
    members,
    on,
    on_each,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_CIPHERTEXT: Final = "the resource associated with this ciphertext"


def _arn_of(ask: Ask, key: str | None) -> str | None:
    """A key's ARN, AWS's own keys included; an alias the estate does not know stays itself."""
    if not key:
        return None
    kind = "" if key.startswith("alias/") else "key/"
    arn = key if key.startswith("arn:") else ask.arn(f"{kind}{key}")
    if ":alias/" not in arn:
        return arn
    known = ask.resource(arn)
    target = known.attributes.get("TargetKeyId") if known else None
    if target is None:
        return arn
    return target if target.startswith("arn:") else f"{arn.partition(':alias/')[0]}:key/{target}"


def _named(path: str) -> Target:
    return lambda ask: _arn_of(ask, ask.text(path))


def _alias(ask: Ask) -> str | None:
    name = ask.text("AliasName")
    return name and ask.arn(name)


def _facts(path: str) -> Keys:
    """The caller's account, the alias that was used, and what the estate knows of the key."""

    def keys(ask: Ask) -> Mapping[str, Value]:
        context: dict[str, Value] = {"kms:CallerAccount": ask.call.account}
        name = ask.text(path) or ""
        if "alias/" in name:
            context["kms:RequestAlias"] = "alias/" + name.partition("alias/")[2]
        arn = _arn_of(ask, name)
        known = ask.resource(arn) if arn else None
        if arn is None or known is None:
            return context
        for key, attribute in _PROPERTIES.items():
            if (value := known.attributes.get(attribute)) is not None:
                context[key] = value
        if aliases := _aliases(ask, arn):
            context["kms:ResourceAliases"] = aliases
        return context

    return keys


_PROPERTIES: Final = {
    "kms:KeySpec": "KeySpec",
    "kms:KeyUsage": "KeyUsage",
    "kms:KeyOrigin": "Origin",
    "kms:MultiRegion": "MultiRegion",
    "kms:MultiRegionKeyType": "MultiRegionKeyType",
}


def _aliases(ask: Ask, key: str) -> tuple[str, ...]:
    account = ask.estate.account(ask.owner(key))
    if account is None:
        return ()
    ids = {key, key.rpartition("/")[2]}
    return tuple(
        "alias/" + arn.partition(":alias/")[2]
        for arn, resource in account.resources.items()
        if ":alias/" in arn and resource.attributes.get("TargetKeyId") in ids
    )


def _context_of(path: str) -> Keys:
    """``kms:EncryptionContext:name`` for each pair, and the names."""

    def keys(ask: Ask) -> Mapping[str, Value]:
        given = ask.value(path)
        if not isinstance(given, Mapping) or not given:
            return {}
        found: dict[str, Value] = {
            f"kms:EncryptionContext:{name}": str(text) for name, text in given.items()
        }
        return {**found, "kms:EncryptionContextKeys": tuple(str(name) for name in given)}

    return keys


def _algorithm(path: str) -> Keys:
    def keys(ask: Ask) -> Mapping[str, Value]:
        return {"kms:EncryptionAlgorithm": ask.text(path) or "SYMMETRIC_DEFAULT"}

    return keys


def _ciphertext_row(action: str, field: str, *keys: Keys) -> Row:
    """On the key in the request, else on the key the ciphertext was made with."""

    def row(ask: Ask) -> Iterable[Permission]:
        key = _arn_of(ask, ask.text(field))
        blob = ask.value("CiphertextBlob")
        sealed = key is None
        if key is None and isinstance(blob, bytes):
            key = ask.lookup.key_of_ciphertext(blob)
        context: dict[str, Value] = {}
        for part in (_facts(field), *keys):
            context |= part(ask)
        found = one(ask, action, key, context)
        yield replace(found, shown_resource=_CIPHERTEXT) if sealed else found

    return row


def _reencrypt(ask: Ask) -> Iterable[Permission]:
    source = _ciphertext_row(
        "ReEncryptFrom",
        "SourceKeyId",
        _context_of("SourceEncryptionContext"),
        _algorithm("SourceEncryptionAlgorithm"),
    )
    target = on(
        _named("DestinationKeyId"),
        _facts("DestinationKeyId"),
        _context_of("DestinationEncryptionContext"),
        _algorithm("DestinationEncryptionAlgorithm"),
        action="kms:ReEncryptTo",
    )
    found = (*source(ask), *target(ask))
    together = len({permission.resource for permission in found}) == 1
    for permission in found:
        context = {**permission.context, "kms:ReEncryptOnSameKey": together}
        yield replace(permission, context=context)


def _grant(ask: Ask) -> Mapping[str, Value]:
    constraints = ask.value("Constraints")
    found: dict[str, Value] = {"kms:GrantIsForAWSResource": False}
    if isinstance(constraints, Mapping):
        kinds = [n for n in constraints if str(n).startswith("EncryptionContext")]
        if kinds:
            found["kms:GrantConstraintType"] = str(kinds[0])
        if isinstance(constraints.get("SourceArn"), str):
            found["kms:GrantConstraintSourceArn"] = constraints["SourceArn"]
    return found


def _alias_and_keys(ask: Ask) -> Iterable[str]:
    """An alias, the key it is given, and the key it has now."""
    alias = _alias(ask)
    if alias is None:
        return
    yield alias
    new = _arn_of(ask, ask.text("TargetKeyId"))
    if new is not None:
        yield new
    old = _arn_of(ask, alias)
    if old is not None and old != alias:
        yield old


_KEY: Final = _named("KeyId")
_FACTS: Final = _facts("KeyId")
_SYMMETRIC: Final = (_FACTS, _context_of("EncryptionContext"), _algorithm("EncryptionAlgorithm"))

TABLE: Final[Mapping[str, Row]] = {
    **same(
        "CancelKeyDeletion DeleteImportedKeyMaterial DescribeKey DisableKey DisableKeyRotation "
        "EnableKey GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetPublicKey ListKeyPolicies "
        "ListKeyRotations ListResourceTags RotateKeyOnDemand TagResource UntagResource "
        "UpdateKeyDescription",
        on(_KEY, _FACTS),
    ),
    "Encrypt": on(_KEY, *_SYMMETRIC),
    "Decrypt": _ciphertext_row(
        "Decrypt", "KeyId", _context_of("EncryptionContext"), _algorithm("EncryptionAlgorithm")
    ),
    "ReEncrypt": _reencrypt,
    **same("GenerateDataKey GenerateDataKeyWithoutPlaintext", on(_KEY, *_SYMMETRIC)),
    **same(
        "GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext",
        on(_KEY, *_SYMMETRIC, member("kms:DataKeyPairSpec", "KeyPairSpec")),
    ),
    **same("GenerateMac VerifyMac", on(_KEY, _FACTS, member("kms:MacAlgorithm", "MacAlgorithm"))),
    **same(
        "Sign Verify",
        on(
            _KEY,
            _FACTS,
            member("kms:SigningAlgorithm", "SigningAlgorithm"),
            member("kms:MessageType", "MessageType"),
        ),
    ),
    "DeriveSharedSecret": on(
        _KEY, _FACTS, member("kms:KeyAgreementAlgorithm", "KeyAgreementAlgorithm")
    ),
    **same(
        "Encapsulate Decapsulate",
        on(_KEY, _FACTS, member("kms:EncapsulationAlgorithm", "EncapsulationAlgorithm")),
    ),
    "EnableKeyRotation": on(
        _KEY, _FACTS, member("kms:RotationPeriodInDays", "RotationPeriodInDays")
    ),
    "ScheduleKeyDeletion": on(
        _KEY,
        _FACTS,
        member("kms:ScheduleKeyDeletionPendingWindowInDays", "PendingWindowInDays"),
    ),
    "PutKeyPolicy": on(
        _KEY, _FACTS, member("kms:BypassPolicyLockoutSafetyCheck", "BypassPolicyLockoutSafetyCheck")
    ),
    "GetParametersForImport": on(
        _KEY,
        _FACTS,
        member("kms:WrappingAlgorithm", "WrappingAlgorithm"),
        member("kms:WrappingKeySpec", "WrappingKeySpec"),
    ),
    "ImportKeyMaterial": on(_KEY, _FACTS, member("kms:ExpirationModel", "ExpirationModel")),
    "ReplicateKey": all_of(
        on(_KEY, _FACTS, member("kms:ReplicaRegion", "ReplicaRegion")),
        when(request_tags, beside("kms:TagResource", anything, tagged=True)),
    ),
    "UpdatePrimaryRegion": on(_KEY, _FACTS, member("kms:PrimaryRegion", "PrimaryRegion")),
    "CreateKey": all_of(
        on(
            anything,
            member("kms:BypassPolicyLockoutSafetyCheck", "BypassPolicyLockoutSafetyCheck"),
            lambda ask: {
                "kms:CallerAccount": ask.call.account,
                "kms:KeySpec": ask.text("KeySpec", "CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT",
                "kms:KeyUsage": ask.text("KeyUsage") or "ENCRYPT_DECRYPT",
                "kms:KeyOrigin": ask.text("Origin") or "AWS_KMS",
                "kms:MultiRegion": ask.value("MultiRegion") is True,
            },
        ),
        # "To use this parameter, you must have kms:TagResource permission in an IAM policy" (KMS
        # API Reference, CreateKey, Tags).
        when(request_tags, beside("kms:TagResource", anything, tagged=True)),
    ),
    "CreateGrant": on(
        _KEY,
        _FACTS,
        _grant,
        members("kms:GrantOperations", "Operations"),
        member("kms:GranteePrincipal", "GranteePrincipal"),
        member("kms:RetiringPrincipal", "RetiringPrincipal"),
        member("kms:GranteeServicePrincipal", "GranteeServicePrincipal"),
        member("kms:RetiringServicePrincipal", "RetiringServicePrincipal"),
    ),
    **same(
        "ListGrants RevokeGrant",
        on(_KEY, _FACTS, lambda _: {"kms:GrantIsForAWSResource": False}),
    ),
    "RetireGrant": on(_KEY, _FACTS),
    **same("CreateAlias DeleteAlias UpdateAlias", on_each(_alias_and_keys, _facts("TargetKeyId"))),
    "ListAliases": on(anything),
    "GenerateRandom": on(anything),
}
