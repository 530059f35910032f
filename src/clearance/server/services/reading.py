"""What moto holds, as the estate's resources: policies, tags and what decisions ask for.

A call that may change resources is read before and after; the difference goes into the journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from clearance.model.estate import Grant, Resource
from clearance.server.services.behind import backend

__all__ = ["READERS", "read"]


def read(service: str, account: str, region: str) -> dict[str, Resource]:
    """Every resource of a service in an account and Region, by ARN."""
    reader = READERS.get(service)
    if reader is None:
        return {}
    return {found.arn: found for found in reader(backend(service, account, region))}


def _pairs(tags: Any) -> dict[str, str]:  # noqa: ANN401
    """Tags in any of the shapes moto keeps them."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    found = {}
    for tag in tags or ():
        key = tag.get("Key", tag.get("TagKey", tag.get("key")))
        found[str(key)] = str(tag.get("Value", tag.get("TagValue", tag.get("value", ""))))
    return found


def _tagged(held: Any, arn: str) -> dict[str, str]:  # noqa: ANN401
    return _pairs(held.tagger.get_tag_dict_for_resource(arn))


def _texts(**values: Any) -> dict[str, str]:  # noqa: ANN401
    """Attributes as texts; what is not set is left out."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value not in {None, ""}
    }


def _buckets(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for bucket in held.buckets.values():
        block = bucket.public_access_block
        policy = bucket.policy
        rule = (bucket.encryption or {}).get("Rule", {})
        sealed = rule.get("ApplyServerSideEncryptionByDefault", {})
        blocked = {
            "BlockPublicAcls": block.block_public_acls,
            "IgnorePublicAcls": block.ignore_public_acls,
            "BlockPublicPolicy": block.block_public_policy,
            "RestrictPublicBuckets": block.restrict_public_buckets,
        } if block is not None else {}  # fmt: skip
        # "BucketOwnerEnforced" is what a new bucket has (about-object-ownership, S3).
        ownership = bucket.ownership_rule or "BucketOwnerEnforced"
        yield Resource(
            bucket.arn,
            policy.decode() if isinstance(policy, bytes) else policy,
            _tagged(held, bucket.arn),
            _texts(
                Region=bucket.region_name,
                ObjectOwnership=ownership,
                KMSMasterKeyID=sealed.get("KMSMasterKeyID"),
                Versioning=bucket.versioning_status,
                **blocked,
            ),
        )


_QUEUE: Final = {
    "DelaySeconds": "delay_seconds",
    "FifoQueue": "fifo_queue",
    "KmsMasterKeyId": "kms_master_key_id",
    "MaximumMessageSize": "maximum_message_size",
    "MessageRetentionPeriod": "message_retention_period",
    "VisibilityTimeout": "visibility_timeout",
}


def _queues(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for queue in list(held.queues.values()):
        found = {name: getattr(queue, attribute, None) for name, attribute in _QUEUE.items()}
        if queue.redrive_policy:
            found["RedrivePolicy"] = json.dumps(queue.redrive_policy)
        yield Resource(queue.queue_arn, queue.policy, _pairs(queue.tags), _texts(**found))


def _topics(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for topic in list(held.topics.values()):
        yield Resource(
            topic.arn,
            topic.policy,
            _pairs(topic._tags),  # noqa: SLF001
            _texts(
                KmsMasterKeyId=topic.kms_master_key_id,
                DisplayName=topic.display_name,
                FifoTopic=str(topic.fifo_topic).lower(),
            ),
        )


def _keys(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for key in list(held.keys.values()):
        yield Resource(
            key.arn,
            key.policy,
            _tagged(held, key.id),
            _texts(
                KeySpec=key.key_spec,
                KeyUsage=key.key_usage or "ENCRYPT_DECRYPT",
                Origin=key.origin,
                MultiRegion=bool(key.multi_region),
                KeyManager=key.key_manager,
                KeyState=key.key_state,
                Description=key.description,
            ),
            tuple(_grant(grant) for grant in key.grants.values()),
        )
        for alias in key.aliases.values():
            yield Resource(alias.alias_arn, attributes={"TargetKeyId": alias.target_key_id})


def _grant(grant: Any) -> Grant:  # noqa: ANN401
    limits = grant.constraints or {}
    return Grant(
        grant.id,
        grant.grantee_principal,
        tuple(grant.operations),
        grant.retiring_principal or None,
        _pairs(limits.get("EncryptionContextSubset") or {}),
        _pairs(limits["EncryptionContextEquals"]) if "EncryptionContextEquals" in limits else None,
        limits.get("SourceArn"),
    )


def _secrets(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for secret in list(dict.values(held.secrets)):
        yield Resource(
            secret.arn,
            getattr(secret, "policy", None),
            _pairs(getattr(secret, "tags", None)),
            _texts(
                Name=secret.name,
                KmsKeyId=getattr(secret, "kms_key_id", None),
                RotationLambdaARN=getattr(secret, "rotation_lambda_arn", None),
            ),
        )


def _tables(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for table in list(held.tables.values()):
        policy = held.resource_policies.get(table.table_arn)
        indexes = {i.name: i.schema for i in (*table.global_indexes, *table.indexes)}
        sse = table.sse_specification or {}
        yield Resource(
            table.table_arn,
            policy.policy_doc if policy else None,
            _pairs(table.tags),
            _texts(
                KeySchema=json.dumps(table.schema),
                AttributeDefinitions=json.dumps(table.attr),
                Indexes=json.dumps(indexes) if indexes else None,
                KMSMasterKeyId=sse.get("KMSMasterKeyId"),
            ),
        )


def _log_groups(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for group in list(held.groups.values()):
        yield Resource(group.arn, None, _tagged(held, group.arn), _texts(kmsKeyId=group.kms_key_id))


def _buses(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for bus in list(held.event_buses.values()):
        if bus.name != "default" or bus.policy:
            yield Resource(bus.arn, bus.policy, _pairs(bus.tags))
        for rule in list(bus.rules.values()):
            yield Resource(rule.arn, None, _tagged(held, rule.arn))


def _parameters(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    make = import_module("moto.ssm.utils").parameter_arn
    for name, versions in list(dict.items(held._parameters)):  # noqa: SLF001
        if not versions or name.startswith("/aws/service/"):
            continue
        last = versions[-1]
        arn = make(last.account_id, held.region_name, name)
        tags = held._resource_tags["Parameter"].get(name, {})  # noqa: SLF001
        yield Resource(arn, None, _pairs(tags), _texts(Type=last.parameter_type, KeyId=last.keyid))


def _apis(held: Any) -> Iterator[Resource]:  # noqa: ANN401
    for api in list(held.apis.values()):
        arn = f"arn:{held.partition}:apigateway:{held.region_name}::/restapis/{api.id}"
        policy = json.dumps(api.policy) if isinstance(api.policy, dict) else api.policy
        yield Resource(arn, policy or None, _pairs(api.tags), _texts(Name=api.name))


READERS: Final[Mapping[str, Callable[[Any], Iterator[Resource]]]] = {
    "apigateway": _apis,
    "dynamodb": _tables,
    "events": _buses,
    "kms": _keys,
    "logs": _log_groups,
    "s3": _buckets,
    "secretsmanager": _secrets,
    "sns": _topics,
    "sqs": _queues,
    "ssm": _parameters,
}
