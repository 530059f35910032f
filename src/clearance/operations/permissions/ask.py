"""Ask: one API call, as the rules of a service read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Account, Estate, Resource
from clearance.operations.call import Call
from clearance.wire.shapes import Service

__all__ = ["Ask", "Lookup", "NothingKnown"]

_ACCOUNT_DIGITS = 12
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso"}


@lru_cache(maxsize=256)
def _partition_of(region: str) -> str | None:
    """The partition of a Region outside the main one."""
    return next((p for start, p in _PARTITIONS.items() if region.startswith(start)), None)


class Lookup(Protocol):
    """What only the service that holds the resource can tell."""

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """The tags of an S3 object, for ``s3:ExistingObjectTag``; None when it is not there."""

    def key_of_object(self, bucket: str, key: str, version: str | None) -> str | None:
        """The KMS key an S3 object is encrypted with, if it is."""

    def key_of_ciphertext(self, ciphertext: bytes) -> str | None:
        """The ARN of the KMS key a ciphertext was made with."""

    def partition_key(self, table: str, index: str | None) -> str | None:
        """The name of the partition key of a DynamoDB table or index, by ARN of the table."""


@dataclass(frozen=True, slots=True)
class NothingKnown:
    """A lookup that knows nothing."""

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """None."""
        del bucket, key, version
        return None

    def key_of_object(self, bucket: str, key: str, version: str | None) -> str | None:
        """None."""
        del bucket, key, version
        return None

    def partition_key(self, table: str, index: str | None) -> str | None:
        """None."""
        del table, index
        return None

    def key_of_ciphertext(self, ciphertext: bytes) -> str | None:
        """None."""
        del ciphertext
        return None


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: who, where, which operation, with which input.

    ``service`` is botocore's name of the model, ``prefix`` the service's prefix in IAM actions.
    """

    estate: Estate
    call: Call
    service: str
    prefix: str
    operation: str
    given: Mapping[str, Any]
    catalog: Catalog
    model: Service | None = None
    lookup: Lookup = NothingKnown()

    @property
    def action(self) -> str:
        """The action with the operation's own name."""
        return f"{self.prefix}:{self.operation}"

    @property
    def account(self) -> Account | None:
        """The caller's account, if the estate has it."""
        return self.estate.account(self.call.account)

    @property
    def partition(self) -> str:
        """The partition the call is made in."""
        known = self.estate.partition_of(self.call.account)
        if known is not None:
            return known
        return _partition_of(self.call.region) or self.call.principal.partition

    def value(self, path: str) -> Any:  # noqa: ANN401
        """An input member; dots lead into structures, e.g. ``VpcConfig.SubnetIds``."""
        if "." not in path:
            return self.given.get(path)
        found: Any = self.given
        for name in path.split("."):
            if not isinstance(found, Mapping):
                return None
            found = found.get(name)
        return found

    def text(self, *paths: str) -> str | None:
        """The first of some members that holds a text."""
        for path in paths:
            found = self.value(path)
            if isinstance(found, str) and found:
                return found
        return None

    def texts(self, *paths: str) -> tuple[str, ...]:
        """The texts in the first of some list members that is there."""
        for path in paths:
            found = self.value(path)
            if isinstance(found, list | tuple):
                return tuple(item for item in found if isinstance(item, str))
        return ()

    def items(self, path: str) -> tuple[Mapping[str, Any], ...]:
        """The structures in a list member."""
        found = self.value(path)
        if not isinstance(found, list | tuple):
            return ()
        return tuple(item for item in found if isinstance(item, Mapping))

    def arn(
        self,
        resource: str,
        *,
        service: str | None = None,
        region: str | None = None,
        account: str | None = None,
    ) -> str:
        """An ARN in the caller's partition, Region and account unless told otherwise."""
        region = self.call.region if region is None else region
        account = self.call.account if account is None else account
        return f"arn:{self.partition}:{service or self.prefix}:{region}:{account}:{resource}"

    def named(self, text: str | None, before: str, **fields: str) -> str | None:
        """A text that is an ARN already, or the ARN made of ``before`` and the text."""
        if not text:
            return None
        return text if text.startswith("arn:") else self.arn(f"{before}{text}", **fields)

    def resource(self, arn: str) -> Resource | None:
        """What the estate keeps under an ARN."""
        return self.estate.resource(self.owner(arn), arn)

    def owner(self, arn: str) -> str:
        """The account that owns a resource: in its ARN, in the estate, else the caller's."""
        parts = Arn.find(arn)
        if parts is None:
            return self.call.account
        if len(parts.account) == _ACCOUNT_DIGITS and parts.account.isdigit():
            return parts.account
        # Bucket and object ARNs name no account; an object lies in its bucket's.
        bucket = arn.split("/", 1)[0] if parts.service == "s3" else arn
        return self.estate.holder_of(bucket) or self.call.account
