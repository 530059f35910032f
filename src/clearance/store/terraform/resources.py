"""Terraform's resources with policies: buckets, queues, topics, keys, secrets and their like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import VpcEndpoint
from clearance.store.draft import key_policy
from clearance.store.terraform.build import Builder, Kind
from clearance.store.terraform.plan import Thing

__all__ = ["KINDS"]

ArnOf = Callable[[Builder, Thing], str | None]


def _made(**attributes: str) -> Kind:
    """A resource: its policy if it is told here, its tags, and some attributes by AWS's names."""

    def put(build: Builder, thing: Thing) -> None:
        arn, account = build.arn(thing), build.where(thing).account
        if arn is None:
            return
        told = {
            name: str(value)
            for name, member in attributes.items()
            if isinstance(value := thing.values.get(member), str) and value
        }
        build.draft.put_resource(account, arn, tags=build.tags(thing), attributes=told)
        policy = build.document(thing, "policy") if thing.is_written("policy") else None
        if policy is not None:
            build.draft.put_resource_policy(account, arn, policy)

    return Kind(put, _drop)


def _drop(build: Builder, thing: Thing) -> None:
    build.draft.table(build.where(thing).account, "resources").pop(build.arn(thing) or "", None)


def _put_key(build: Builder, thing: Thing) -> None:
    arn, where = build.arn(thing), build.where(thing)
    if arn is None:
        return
    build.draft.put_resource(
        where.account, arn, tags=build.tags(thing), attributes={"KeyManager": "CUSTOMER"}
    )
    policy = build.document(thing, "policy")
    hidden = thing.is_unknown("policy") and "policy" in thing.expressions
    if policy is None and not hidden:
        policy = key_policy(where.account, where.partition)
    if policy is not None:
        build.draft.put_resource_policy(where.account, arn, policy)


def _put_key_alias(build: Builder, thing: Thing) -> None:
    arn, key = build.arn(thing), build.text(thing, "target_key_id")
    if arn is not None and key is not None:
        build.draft.put_resource(
            build.where(thing).account, arn, attributes={"TargetKeyId": key.rpartition("/")[2]}
        )


def _policy(arn_of: ArnOf, member: str = "policy") -> Kind:
    """A policy of a resource that may be made elsewhere."""

    def put(build: Builder, thing: Thing) -> None:
        arn, text = arn_of(build, thing), build.document(thing, member)
        if arn is not None and text is not None:
            build.draft.put_resource_policy(_owner(build, thing, arn), arn, text)

    def drop(build: Builder, thing: Thing) -> None:
        arn = arn_of(build, thing)
        if arn is not None and arn in build.draft.table(_owner(build, thing, arn), "resources"):
            build.draft.put_resource_policy(_owner(build, thing, arn), arn, None)

    return Kind(put, drop, order=1)


def _owner(build: Builder, thing: Thing, arn: str) -> str:
    parts = Arn.find(arn)
    return parts.account if parts and parts.account.isdigit() else build.where(thing).account


def _bucket(build: Builder, thing: Thing) -> str | None:
    name = build.text(thing, "bucket")
    return f"arn:{build.where(thing).partition}:s3:::{name}" if name else None


def _queue(build: Builder, thing: Thing) -> str | None:
    url = build.text(thing, "queue_url")
    where = build.where(thing)
    if url is None or url.count("/") < 4:  # noqa: PLR2004 - https://host/account/name
        return None
    account, name = url.split("/")[-2:]
    return f"arn:{where.partition}:sqs:{where.region}:{account}:{name}"


def _member(name: str) -> ArnOf:
    return lambda build, thing: build.text(thing, name)


def _key(build: Builder, thing: Thing) -> str | None:
    key, where = build.text(thing, "key_id"), build.where(thing)
    if key is None or key.startswith("arn:"):
        return key
    return f"arn:{where.partition}:kms:{where.region}:{where.account}:key/{key}"


def _repository(build: Builder, thing: Thing) -> str | None:
    name, where = build.text(thing, "repository"), build.where(thing)
    head = f"arn:{where.partition}:ecr:{where.region}:{where.account}:repository"
    return f"{head}/{name}" if name else None


def _settings(attributes: Callable[[Mapping[str, Any]], Mapping[str, str]]) -> Kind:
    """Settings of a bucket that decide whether its policy and ACLs count."""

    def put(build: Builder, thing: Thing) -> None:
        arn = _bucket(build, thing)
        if arn is not None:
            account = build.where(thing).account
            build.draft.put_resource(account, arn, attributes=attributes(thing.values))

    def drop(build: Builder, thing: Thing) -> None:
        arn, account = _bucket(build, thing), build.where(thing).account
        if arn in build.draft.table(account, "resources"):
            off = dict.fromkeys(attributes(thing.values), "false")
            build.draft.put_resource(account, arn, attributes=off)

    return Kind(put, drop, order=1)


def _access(values: Mapping[str, Any]) -> Mapping[str, str]:
    names = {
        "RestrictPublicBuckets": "restrict_public_buckets",
        "IgnorePublicAcls": "ignore_public_acls",
    }
    return {name: "true" if values.get(member) else "false" for name, member in names.items()}


def _ownership(values: Mapping[str, Any]) -> Mapping[str, str]:
    rules = [r for r in values.get("rule") or () if isinstance(r, dict)]
    found = next((r.get("object_ownership") for r in rules), None)
    return {"ObjectOwnership": found} if isinstance(found, str) else {}


def _put_endpoint(build: Builder, thing: Thing) -> None:
    name, account = build.name(thing), build.where(thing).account
    service, kind = thing.values.get("service_name"), thing.values.get("vpc_endpoint_type")
    build.draft.table(account, "vpc_endpoints")[name] = VpcEndpoint(
        name,
        vpc=build.text(thing, "vpc_id"),
        policy=build.document(thing, "policy") if thing.is_written("policy") else None,
        service=service if isinstance(service, str) else None,
        gateway=(kind or "Gateway") == "Gateway",
    )


def _drop_endpoint(build: Builder, thing: Thing) -> None:
    build.draft.table(build.where(thing).account, "vpc_endpoints").pop(build.name(thing), None)


def _put_endpoint_policy(build: Builder, thing: Thing) -> None:
    name, text = build.text(thing, "vpc_endpoint_id") or "", build.document(thing, "policy")
    table = build.draft.table(build.where(thing).account, "vpc_endpoints")
    held = table.get(name)
    if held is not None and text is not None:
        table[name] = VpcEndpoint(held.id, held.vpc, text, held.service, held.gateway)


def _nothing(build: Builder, thing: Thing) -> None:
    del build, thing


KINDS: Final[Mapping[str, Kind]] = {
    "aws_s3_bucket": _made(),
    "aws_sqs_queue": _made(KmsMasterKeyId="kms_master_key_id"),
    "aws_sns_topic": _made(KmsMasterKeyId="kms_master_key_id"),
    "aws_kms_key": Kind(_put_key, _drop),
    "aws_kms_alias": Kind(_put_key_alias, _drop, order=1),
    "aws_secretsmanager_secret": _made(KmsKeyId="kms_key_id"),
    "aws_dynamodb_table": _made(),
    "aws_ecr_repository": _made(),
    "aws_cloudwatch_event_bus": _made(),
    "aws_s3_bucket_policy": _policy(_bucket),
    "aws_sqs_queue_policy": _policy(_queue),
    "aws_sns_topic_policy": _policy(_member("arn")),
    "aws_kms_key_policy": _policy(_key),
    "aws_secretsmanager_secret_policy": _policy(_member("secret_arn")),
    "aws_dynamodb_resource_policy": _policy(_member("resource_arn")),
    "aws_ecr_repository_policy": _policy(_repository),
    "aws_s3_bucket_public_access_block": _settings(_access),
    "aws_s3_bucket_ownership_controls": _settings(_ownership),
    "aws_vpc_endpoint": Kind(_put_endpoint, _drop_endpoint),
    "aws_vpc_endpoint_policy": Kind(_put_endpoint_policy, _nothing, order=1),
}
