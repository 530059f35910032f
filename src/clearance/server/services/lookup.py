"""What only moto can tell: tags and keys of objects, the key of a ciphertext, partition keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Estate
from clearance.server.services.behind import backend

__all__ = ["MotoLookup", "owner_of"]

_KEY_ID: Final = 36  # moto writes the id of the key in front of a ciphertext
_MULTI_REGION: Final = b"mrk-"


def owner_of(estate: Estate, bucket: str) -> tuple[str, str] | None:
    """The account that holds a bucket, and the Region it is in."""
    for account in estate.accounts.values():
        held = account.resources.get(f"arn:{account.partition}:s3:::{bucket}")
        if held is not None:
            return account.id, held.attributes.get("Region", "us-east-1")
    return None


@dataclass(frozen=True, slots=True)
class MotoLookup:
    """`clearance.operations.permissions.ask.Lookup`, answered from moto's state."""

    estate: Estate
    account: str
    region: str

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """The tags of an S3 object; None when it is not there."""
        found = self._object(bucket, key, version)
        if found is None:
            return None
        held, thing = found
        tags: Mapping[str, str] = held.tagger.get_tag_dict_for_resource(thing.arn)
        return tags

    def key_of_object(self, bucket: str, key: str, version: str | None) -> str | None:
        """The KMS key an S3 object is encrypted with, if it is."""
        found = self._object(bucket, key, version)
        name = getattr(found[1], "kms_key_id", None) if found else None
        return str(name) if name else None

    def _object(self, bucket: str, key: str, version: str | None) -> tuple[Any, Any] | None:
        place = owner_of(self.estate, bucket)
        if place is None:
            return None
        held = backend("s3", *place)
        if bucket not in held.buckets:
            return None
        thing = held.get_object(bucket, key, version_id=version)
        return (held, thing) if thing is not None else None

    def key_of_ciphertext(self, ciphertext: bytes) -> str | None:
        """The ARN of the KMS key a ciphertext was made with.

        moto's ciphertext names the key's id alone; the estate says whose it is.
        """
        size = _KEY_ID + (len(_MULTI_REGION) if ciphertext.startswith(_MULTI_REGION) else 0)
        try:
            name = ciphertext[:size].decode("ascii")
        except UnicodeDecodeError:
            return None
        end = f":key/{name}"
        for account in self.estate.accounts.values():
            for arn in account.resources:
                if arn.endswith(end) and arn.split(":")[2:4] == ["kms", self.region]:
                    return arn
        return None

    def partition_key(self, table: str, index: str | None) -> str | None:
        """The name of the partition key of a DynamoDB table or index."""
        parts = Arn.find(table)
        if parts is None:
            return None
        held = backend("dynamodb", parts.account, parts.region)
        found = held.tables.get(parts.name)
        if found is None:
            return None
        if index is None:
            return str(found.hash_key_attr)
        schemas = {i.name: i.schema for i in (*found.global_indexes, *found.indexes)}
        keys = (k["AttributeName"] for k in schemas.get(index, ()) if k["KeyType"] == "HASH")
        return next(keys, None)
