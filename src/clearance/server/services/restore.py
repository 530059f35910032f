"""What the estate has and moto was not given back is made in moto, empty.

That is a resource of a seed or of a collected estate, which nobody has put anything into, or one
whose contents cannot be read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Resource
from clearance.server.services.behind import backend
from clearance.server.services.contents.shelves import Root
from clearance.server.services.mirror import mirrored
from clearance.server.services.reading import READERS, read

__all__ = ["adopted", "restore"]

LOG: Final = logging.getLogger("clearance.server.services")


def restore(estate: Estate) -> None:
    """Make the estate's resources that moto lacks; what cannot be made is logged and left out."""
    there: dict[tuple[str, str, str], Collection[str]] = {}
    for account in estate.accounts.values():
        # Aliases come after the keys they name.
        for resource in sorted(account.resources.values(), key=lambda r: ":alias/" in r.arn):
            _one(account, resource, there)


def adopted(estate: Estate, roots: Iterable[Root]) -> Estate:
    """The estate with resources of moto's that it lacks: after a damaged journal was cut short."""
    for root in roots:
        account = estate.account(root.account)
        if account is not None and root.service in READERS:
            found = {resource.arn: resource for resource in READERS[root.service](root.held)}
            lacking = {arn: held for arn, held in found.items() if arn not in account.resources}
            estate = mirrored(estate, root.account, {}, lacking)
    return estate


def _one(
    account: Account, resource: Resource, there: dict[tuple[str, str, str], Collection[str]]
) -> None:
    arn = Arn.find(resource.arn)
    if arn is None:
        return
    kind = "s3" if arn.service == "s3" and not arn.account and "/" not in arn.resource else None
    maker = _MAKERS.get((arn.service, "bucket" if kind else _kind(arn)))
    if maker is None:
        return
    region = resource.attributes.get("Region", "us-east-1") if kind else arn.region
    place = (arn.service, account.id, region)
    if place not in there:
        there[place] = read(*place).keys()
    if resource.arn in there[place]:
        return
    try:
        maker(backend(arn.service, account.id, region), arn, resource, region)
    except Exception as error:  # noqa: BLE001 (moto raises what it likes; one must not stop all)
        LOG.warning("`%s` could not be made again: %s", resource.arn, error)


def _kind(arn: Arn) -> str:
    if arn.service in {"sqs", "sns"}:
        return "" if ":" not in arn.resource else "other"
    head = arn.resource.replace(":", "/").split("/", 1)[0]
    return "" if head == arn.resource else head


def _list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _bucket(held: Any, arn: Arn, resource: Resource, region: str) -> None:  # noqa: ANN401
    bucket = held.create_bucket(arn.resource, region)
    given = resource.attributes
    bucket.policy = resource.policy.encode() if resource.policy else None
    bucket.ownership_rule = given.get("ObjectOwnership")
    bucket.versioning_status = given.get("Versioning")
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    if any(name in given for name in blocked):
        block = import_module("moto.s3.models").PublicAccessBlock
        bucket.public_access_block = block(*(given.get(name, "false") for name in blocked))
    if key := given.get("KMSMasterKeyID"):
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": default}}
    held.tagger.tag_resource(bucket.arn, _list(resource.tags))


def _queue(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    given = {k: v for k, v in resource.attributes.items() if k != "RedrivePolicy"}
    if given.get("FifoQueue") != "true":
        given.pop("FifoQueue", None)
    queue = held.create_queue(arn.resource, dict(resource.tags or {}), **given)
    queue.policy = resource.policy


def _topic(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    given = dict(resource.attributes)
    if given.get("FifoTopic") != "true":
        given.pop("FifoTopic", None)
    topic = held.create_topic(arn.resource, given, dict(resource.tags or {}))
    if resource.policy:
        topic.policy = resource.policy


def _key(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    given = resource.attributes
    key = held.create_key(
        resource.policy,
        given.get("KeyUsage", "ENCRYPT_DECRYPT"),
        given.get("KeySpec", "SYMMETRIC_DEFAULT"),
        given.get("Description", ""),
        _list(resource.tags),
        given.get("MultiRegion") == "true",
        given.get("Origin", "AWS_KMS"),
    )
    held.keys.pop(key.id)
    held.tagger.delete_all_tags_for_resource(key.id)
    key.id, key.arn = arn.resource.partition("/")[2], resource.arn
    held.keys[key.id] = key
    held.tagger.tag_resource(
        key.id, [{"TagKey": k, "TagValue": v} for k, v in (resource.tags or {}).items()]
    )


def _alias(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    held.create_alias(resource.attributes["TargetKeyId"], arn.resource)


def _secret(held: Any, _: Arn, resource: Resource, __: str) -> None:  # noqa: ANN401
    name = resource.attributes["Name"]
    held.create_secret(
        name,
        secret_string=None,
        secret_binary=None,
        description=None,
        tags=_list(resource.tags),
        kms_key_id=resource.attributes.get("KmsKeyId"),
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    secret = held.secrets[name]
    secret.arn, secret.policy = resource.arn, resource.policy


def _table(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    given = resource.attributes
    held.create_table(
        arn.resource.partition("/")[2],
        schema=json.loads(given["KeySchema"]),
        throughput=None,
        attr=json.loads(given["AttributeDefinitions"]),
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=_list(resource.tags),
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    if resource.policy:
        held.put_resource_policy(resource.arn, resource.policy, None)


def _log_group(held: Any, arn: Arn, resource: Resource, _: str) -> None:  # noqa: ANN401
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    held.create_log_group(
        name, dict(resource.tags or {}), kmsKeyId=resource.attributes.get("kmsKeyId")
    )


_Maker = Callable[[Any, Arn, Resource, str], None]
_MAKERS: Final[Mapping[tuple[str, str], _Maker]] = {
    ("s3", "bucket"): _bucket,
    ("sqs", ""): _queue,
    ("sns", ""): _topic,
    ("kms", "key"): _key,
    ("kms", "alias"): _alias,
    ("secretsmanager", "secret"): _secret,
    ("dynamodb", "table"): _table,
    ("logs", "log-group"): _log_group,
}
