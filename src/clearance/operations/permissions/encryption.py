"""What a service asks of KMS, or of another service, in the caller's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import one

__all__ = ["forwarded", "key_arn", "key_of", "via"]

# The names services give the key of a resource, folded.
_ATTRIBUTES: Final = ("kmsmasterkeyid", "kmskeyid", "kmskeyarn", "keyid", "kmsmasterkeyarn")


def forwarded(service: str) -> Mapping[str, Value]:
    """The keys of a call that a service makes for the caller (a forward access session)."""
    return {
        "aws:ViaAWSService": True,
        "aws:CalledVia": (service,),
        "aws:CalledViaFirst": service,
        "aws:CalledViaLast": service,
    }


def key_arn(ask: Ask, key: str | None) -> str | None:
    """The ARN of a key named by id, ARN, alias or alias ARN; None for AWS's own keys.

    An AWS managed key lets every caller of its service use it ("permissions to all ... principals
    in the account that are authorized to use the service", KMS Developer Guide), so there is
    nothing to ask.
    """
    if not key or "alias/aws/" in key:
        return None
    arn = key
    if not key.startswith("arn:"):
        kind = "" if key.startswith("alias/") else "key/"
        arn = ask.arn(f"{kind}{key}", service="kms")
    if ":alias/" not in arn:
        return arn
    known = ask.resource(arn)
    target = known.attributes.get("TargetKeyId") if known else None
    if target is None:
        return arn
    return target if target.startswith("arn:") else f"{arn.partition(':alias/')[0]}:key/{target}"


def key_of(ask: Ask, resource: str) -> str | None:
    """The customer's key a resource is encrypted with, where the estate tells."""
    known = ask.resource(resource)
    if known is None:
        return None
    folded = {name.lower(): value for name, value in known.attributes.items()}
    return key_arn(ask, next((folded[n] for n in _ATTRIBUTES if folded.get(n)), None))


def via(
    ask: Ask, service: str, key: str | None, actions: str, encrypted: Mapping[str, str]
) -> Iterable[Permission]:
    """The KMS actions a service takes for the caller, with the encryption context it sends."""
    if key is None:
        return
    context: dict[str, Value] = {
        **forwarded(f"{service}.amazonaws.com"),
        "kms:ViaService": f"{service}.{ask.call.region}.amazonaws.com",
        "kms:CallerAccount": ask.call.account,
    }
    if encrypted:
        context |= {f"kms:EncryptionContext:{name}": text for name, text in encrypted.items()}
        context["kms:EncryptionContextKeys"] = tuple(encrypted)
    for action in actions.split():
        yield one(ask, f"kms:{action}", key, context, dependent=True)
