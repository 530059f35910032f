"""The compact dataset, what `clearance logs ingest` makes of CloudTrail: its one definition.

A dataset is a folder of Parquet files with these columns, in this order. Nothing that decides is
folded together or guessed: what a record tells is here, what it does not tell is null. Texts are
dictionary-encoded, so that equal ones are read once a row group; columns are read only when asked
for. Rows lie in order of time within a row group.

| column | holds |
| --- | --- |
| ``time`` | ``eventTime``; null when it is no time |
| ``source``, ``name`` | ``eventSource`` and ``eventName`` as written |
| ``version`` | ``apiVersion`` |
| ``type`` | ``eventType``; null for ``AwsApiCall``, the only one that is authorized |
| ``region``, ``account`` | ``awsRegion`` and ``recipientAccountId`` |
| ``caller`` | ``userIdentity`` as JSON, less what changes from call to call: see ``Identity`` |
| ``session`` | the name of a role session, cut from the end of the caller's ``arn`` and id |
| ``issued`` | when the session's credentials were made (``creationDate``) |
| ``access_key`` | ``accessKeyId`` |
| ``action``, ``resource`` | the first permission the call asks for, in IAM's spelling |
| ``owner`` | the account that owns the resource, where the record says so |
| ``keys`` | condition keys of that permission as a JSON object; see ``Ask`` |
| ``more`` | further permissions as a JSON list of ``Ask``; null when there is one |
| ``gap`` | what the record does not tell: words of ``GAPS``, parted by spaces |
| ``doubts`` | what only an estate knows and could change the permissions; a JSON list |
| ``parameters``, ``resources`` | as recorded (JSON), only where ``doubts`` is not null |
| ``requested_region`` | ``aws:RequestedRegion``: us-east-1 for services with one endpoint |
| ``source_ip``, ``vpc_endpoint`` | ``sourceIPAddress`` and ``vpcEndpointId`` as written |
| ``user_agent`` | ``userAgent`` without CloudTrail's brackets; null for ``AWS Internal`` |
| ``tls`` | the version of TLS |
| ``error`` | ``errorCode``; null when the call succeeded |
| ``call`` | a number that rows of a row group share where the same was asked by the same caller |

Events that are no authorized calls, or whose permissions cannot be told, have no ``action``. What
``call`` counts lies beside the file: see ``clearance.batch.calls``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from clearance.model.errors import UsageError

__all__ = [
    "CALL",
    "COLUMNS",
    "GAPS",
    "OWNED",
    "ROWS",
    "VERSION",
    "Ask",
    "Asked",
    "Attributes",
    "Federation",
    "Identity",
    "Issuer",
    "SessionContext",
    "encoded",
    "schema",
]

VERSION: Final = "2"
# Large enough that dictionaries pay, small enough that two workers hold one each in 200 MB.
ROWS: Final = 1 << 20
# "operation": no API operation of that name is known; its permission is a guess from the name.
# "parameters": the record has none, so that keys made of them are unknown, not absent.
# "resource": what was asked for cannot be told; the resource is ``*``.
GAPS: Final = ("operation", "parameters", "resource")
# Stands in ``keys`` for the account that owns the resource, which the estate may know better.
OWNED: Final = "@owner"
CALL: Final = "call"  # follows from the columns below, and is in files alone

COLUMNS: Final[Mapping[str, str]] = {
    "time": "time",
    "source": "text",
    "name": "text",
    "version": "text",
    "type": "text",
    "region": "text",
    "account": "text",
    "caller": "text",
    "session": "text",
    "issued": "time",
    "access_key": "text",
    "action": "text",
    "resource": "text",
    "owner": "text",
    "keys": "text",
    "more": "text",
    "gap": "text",
    "doubts": "text",
    "parameters": "text",
    "resources": "text",
    "requested_region": "text",
    "source_ip": "text",
    "vpc_endpoint": "text",
    "user_agent": "text",
    "tls": "text",
    "error": "text",
}


class Asked(NamedTuple):
    """The columns that follow from the call and its caller's account."""

    source: str
    name: str
    version: str | None
    type: str | None
    region: str | None
    account: str | None
    requested_region: str | None
    action: str | None = None
    resource: str | None = None
    owner: str | None = None
    keys: str | None = None
    more: str | None = None
    gap: str | None = None
    doubts: str | None = None
    parameters: str | None = None
    resources: str | None = None


class Issuer(msgspec.Struct, omit_defaults=True, frozen=True):
    """``sessionIssuer``: the role or user behind temporary credentials."""

    type: str | None = None
    arn: str | None = None
    principal_id: str | None = msgspec.field(default=None, name="principalId")


class Attributes(msgspec.Struct, omit_defaults=True, frozen=True):
    """What ``attributes`` say of how the session began."""

    mfa: str | None = msgspec.field(default=None, name="mfaAuthenticated")


class Federation(msgspec.Struct, omit_defaults=True, frozen=True):
    """``webIdFederationData``."""

    provider: str | None = msgspec.field(default=None, name="federatedProvider")


class SessionContext(msgspec.Struct, omit_defaults=True, frozen=True):
    """``sessionContext``, less the time (``issued``)."""

    issuer: Issuer | None = msgspec.field(default=None, name="sessionIssuer")
    attributes: Attributes | None = None
    federation: Federation | None = msgspec.field(default=None, name="webIdFederationData")
    source_identity: str | None = msgspec.field(default=None, name="sourceIdentity")
    assumed_root: str | None = msgspec.field(default=None, name="assumedRoot")


class Identity(msgspec.Struct, omit_defaults=True, frozen=True):
    """A caller: CloudTrail's ``userIdentity``, in its own words.

    ``arn`` and ``principal_id`` of a role's session end where its name (``session``) begins, in
    ``/`` and ``:``; times and access keys have columns of their own. For a SAML sign-in the
    provider is that of the request's ``principalArn``.

    >>> encoded(Identity(type="IAMUser", arn="arn:aws:iam::123456789012:user/ana"))
    '{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/ana"}'
    """

    type: str | None = None
    arn: str | None = None
    account: str | None = msgspec.field(default=None, name="accountId")
    principal_id: str | None = msgspec.field(default=None, name="principalId")
    invoked_by: str | None = msgspec.field(default=None, name="invokedBy")
    provider: str | None = msgspec.field(default=None, name="identityProvider")
    session: SessionContext | None = msgspec.field(default=None, name="sessionContext")


class Ask(msgspec.Struct, omit_defaults=True, frozen=True):
    """One permission of a call.

    ``keys``: condition keys that belong to this permission, all that are known; null marks one
    that is known to be unknown, and ``OWNED`` stands for the account that owns the resource.
    """

    action: str
    resource: str = "*"
    owner: str | None = None
    keys: dict[str, str | bool | list[str] | None] = {}
    gap: str | None = None


def encoded(value: object) -> str:
    """The text of a value in a column of JSON: equal values have equal texts."""
    return msgspec.json.encode(value).decode()


def schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """The columns as Arrow has them; texts are dictionary-encoded."""
    arrow = _arrow()
    kinds = {
        "text": arrow.dictionary(arrow.int32(), arrow.string()),
        "time": arrow.timestamp("ms", tz="UTC"),
    }
    fields = [arrow.field(name, kinds[kind]) for name, kind in COLUMNS.items()]
    return arrow.schema(fields, metadata={"clearance.dataset": VERSION})


def _arrow() -> Any:  # noqa: ANN401 - pyarrow has no types
    try:
        import pyarrow as pa  # noqa: PLC0415
    except ImportError:
        raise UsageError("this needs pyarrow; pip install 'clearance[logs]'") from None
    return pa
