"""Resources with policies: buckets, queues, topics, keys, secrets, repositories, tables, buses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from clearance.store.collect.reading import Files, Part, Reading

__all__ = ["PARTS"]

_FOLDER: Final = "resource-policies"


def _resource(
    arn: str, policy: str | None = None, tags: object = None, **attributes: str | None
) -> dict[str, Any]:
    return {
        "arn": arn,
        "policy": policy,
        "tags": tags,
        "attributes": {name: str(text) for name, text in attributes.items() if text},
    }


def _file(reading: Reading, name: str, found: Iterable[object]) -> tuple[str, object]:
    return f"{_FOLDER}/{name}.{reading.region}.json", list(found)


def _buckets(reading: Reading) -> Files:
    answer = reading.call("s3", "ListBuckets")
    yield "list-buckets.json", {"Owner": answer.get("Owner", {}), "Buckets": []}
    buckets = answer.get("Buckets", ())
    found = reading.each(lambda b: _bucket(reading, b["Name"]), buckets)
    yield f"{_FOLDER}/s3.json", found


def _bucket(reading: Reading, name: str) -> dict[str, Any]:
    arn = f"arn:{reading.partition}:s3:::{name}"

    def ask(operation: str, none: str = "") -> dict[str, Any]:
        return reading.attempt("s3", operation, f"{operation} of {arn}", none, Bucket=name)

    tags = ask("GetBucketTagging", "NoSuchTagSet").get("TagSet", [])
    controls = ask("GetBucketOwnershipControls", "OwnershipControlsNotFoundError")
    rules = controls.get("OwnershipControls", {}).get("Rules", ())
    ownership = next((rule.get("ObjectOwnership") for rule in rules), None)
    access = ask("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration")
    block = access.get("PublicAccessBlockConfiguration", {})
    if controls == {} or (ownership and ownership != "BucketOwnerEnforced"):
        # Buckets from before April 2023 without ownership controls have ACLs in force.
        ownership = ownership or "ObjectWriter"
        reading.notes.append(f"ACLs of {arn}")
    return _resource(
        arn,
        ask("GetBucketPolicy", "NoSuchBucketPolicy").get("Policy"),
        tags,
        ObjectOwnership=ownership,
        IgnorePublicAcls="true" if block.get("IgnorePublicAcls") else None,
        RestrictPublicBuckets="true" if block.get("RestrictPublicBuckets") else None,
    )


def _queues(reading: Reading) -> Files:
    urls = reading.call("sqs", "ListQueues").get("QueueUrls", ())

    def read(url: str) -> dict[str, Any] | None:
        answer = reading.attempt(
            "sqs", "GetQueueAttributes", f"queue {url}", QueueUrl=url, AttributeNames=["All"]
        )
        held: Mapping[str, str] = answer.get("Attributes", {})
        if "QueueArn" not in held:
            return None
        arn = held["QueueArn"]
        tags = reading.attempt("sqs", "ListQueueTags", f"tags of {arn}", QueueUrl=url)
        return _resource(
            arn,
            held.get("Policy"),
            tags.get("Tags", {}),
            KmsMasterKeyId=held.get("KmsMasterKeyId"),
        )

    yield _file(reading, "sqs", filter(None, reading.each(read, urls)))


def _topics(reading: Reading) -> Files:
    topics = reading.call("sns", "ListTopics").get("Topics", ())

    def read(topic: Mapping[str, str]) -> dict[str, Any]:
        arn = topic["TopicArn"]
        answer = reading.attempt("sns", "GetTopicAttributes", f"policy of {arn}", TopicArn=arn)
        held: Mapping[str, str] = answer.get("Attributes", {})
        tags = reading.attempt("sns", "ListTagsForResource", f"tags of {arn}", ResourceArn=arn)
        return _resource(
            arn,
            held.get("Policy"),
            tags.get("Tags", []),
            KmsMasterKeyId=held.get("KmsMasterKeyId"),
        )

    yield _file(reading, "sns", reading.each(read, topics))


def _keys(reading: Reading) -> Files:
    keys = reading.call("kms", "ListKeys").get("Keys", ())

    def read(key: Mapping[str, str]) -> dict[str, Any]:
        arn, name = key["KeyArn"], key["KeyId"]

        def ask(operation: str, **more: str) -> dict[str, Any]:
            what = f"{operation} of {arn}"
            return reading.attempt("kms", operation, what, KeyId=name, **more)

        about = ask("DescribeKey").get("KeyMetadata", {})
        tags = {t["TagKey"]: t["TagValue"] for t in ask("ListResourceTags").get("Tags", ())}
        resource = _resource(
            arn,
            ask("GetKeyPolicy", PolicyName="default").get("Policy"),
            tags,
            KeyManager=about.get("KeyManager"),
            KeySpec=about.get("KeySpec"),
            KeyUsage=about.get("KeyUsage"),
            Origin=about.get("Origin"),
        )
        return {**resource, "grants": [*map(_grant, ask("ListGrants").get("Grants", ()))]}

    found = reading.each(read, keys)
    aliases = [
        _resource(alias["AliasArn"], TargetKeyId=alias["TargetKeyId"])
        for alias in reading.call("kms", "ListAliases").get("Aliases", ())
        if "TargetKeyId" in alias
    ]
    yield _file(reading, "kms", [*found, *aliases])


def _grant(grant: Mapping[str, Any]) -> dict[str, Any]:
    """A grant; a service that was made its grantee stands under another name."""
    given = dict(grant)
    for name in ("Grantee", "Retiring"):
        service = given.pop(f"{name}ServicePrincipal", None)
        if service is not None:
            given.setdefault(f"{name}Principal", service)
    return given


def _secrets(reading: Reading) -> Files:
    secrets = reading.call("secretsmanager", "ListSecrets").get("SecretList", ())

    def read(secret: Mapping[str, Any]) -> dict[str, Any]:
        arn = secret["ARN"]
        answer = reading.attempt(
            "secretsmanager", "GetResourcePolicy", f"policy of {arn}", SecretId=arn
        )
        return _resource(
            arn,
            answer.get("ResourcePolicy"),
            secret.get("Tags", []),
            KmsKeyId=secret.get("KmsKeyId"),
            RotationLambdaARN=secret.get("RotationLambdaARN"),
        )

    yield _file(reading, "secretsmanager", reading.each(read, secrets))


def _repositories(reading: Reading) -> Files:
    repositories = reading.call("ecr", "DescribeRepositories").get("repositories", ())

    def read(repository: Mapping[str, str]) -> dict[str, Any]:
        arn, name = repository["repositoryArn"], repository["repositoryName"]
        answer = reading.attempt(
            "ecr",
            "GetRepositoryPolicy",
            f"policy of {arn}",
            none="RepositoryPolicyNotFoundException",
            repositoryName=name,
        )
        tags = reading.attempt("ecr", "ListTagsForResource", f"tags of {arn}", resourceArn=arn)
        return _resource(arn, answer.get("policyText"), tags.get("tags", []))

    yield _file(reading, "ecr", reading.each(read, repositories))


def _tables(reading: Reading) -> Files:
    names = reading.call("dynamodb", "ListTables").get("TableNames", ())

    def read(name: str) -> dict[str, Any]:
        arn = reading.arn("dynamodb", f"table/{name}")
        answer = reading.attempt(
            "dynamodb",
            "GetResourcePolicy",
            f"policy of {arn}",
            none="PolicyNotFoundException",
            ResourceArn=arn,
        )
        tags = reading.attempt("dynamodb", "ListTagsOfResource", f"tags of {arn}", ResourceArn=arn)
        return _resource(arn, answer.get("Policy"), tags.get("Tags", []))

    yield _file(reading, "dynamodb", reading.each(read, names))


def _buses(reading: Reading) -> Files:
    buses = reading.call("events", "ListEventBuses").get("EventBuses", ())
    found = [_resource(bus["Arn"], bus.get("Policy")) for bus in buses]
    yield _file(reading, "events", [bus for bus in found if bus["policy"]])


def _endpoints(reading: Reading) -> Files:
    answer = reading.call("ec2", "DescribeVpcEndpoints")
    yield f"vpc-endpoints.{reading.region}.json", answer


def _part(name: str, read: Callable[[Reading], Files]) -> Part:
    return Part(name, read, regional=True)


PARTS: Final = (
    Part("buckets", _buckets),
    _part("queues", _queues),
    _part("topics", _topics),
    _part("keys", _keys),
    _part("secrets", _secrets),
    _part("repositories", _repositories),
    _part("tables", _tables),
    _part("event buses", _buses),
    _part("VPC endpoints", _endpoints),
)
