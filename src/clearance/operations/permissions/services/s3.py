"""S3: operations and actions have different names, and many operations need several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import key_arn, key_of, via
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.renames import RENAMES
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    member,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["CONTROL", "TABLE"]

_DIRECTORY: Final = "--x-s3"
_S3: Final = "s3.amazonaws.com"

# Request member -> condition key, for what travels in headers.
_HEADERS: Final = {
    "ACL": "s3:x-amz-acl",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "StorageClass": "s3:x-amz-storage-class",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
}
_ACL_MEMBERS: Final = (
    "ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP",
)  # fmt: skip


def _bucket(ask: Ask) -> str | None:
    name = ask.text("Bucket")
    if name is None or name.startswith("arn:"):
        return name
    if name.endswith(_DIRECTORY):
        return ask.arn(f"bucket/{name}", service="s3express")
    return f"arn:{ask.partition}:s3:::{name}"


def _object(ask: Ask, key: str | None = None) -> str | None:
    bucket, name = _bucket(ask), key or ask.text("Key")
    return bucket and name and _inside(bucket, name)


def _inside(bucket: str, key: str) -> str:
    return f"{bucket}/object/{key}" if ":accesspoint/" in bucket else f"{bucket}/{key}"


def _source(ask: Ask) -> tuple[str, str, str | None] | None:
    """Bucket (or access point ARN), key and version of ``CopySource``."""
    given: Any = ask.value("CopySource")
    if isinstance(given, Mapping):
        bucket, key = given.get("Bucket"), given.get("Key")
        return (str(bucket), str(key), given.get("VersionId")) if bucket and key else None
    if not isinstance(given, str):
        return None
    path, _, query = given.partition("?")
    version = dict(parse_qsl(query)).get("versionId")
    path = unquote(path).lstrip("/")
    cut = "/object/" if path.startswith("arn:") else "/"
    bucket, found, key = path.partition(cut)
    return (bucket, key, version) if found and key else None


def _common(ask: Ask, resource: str | None = None) -> Mapping[str, Value]:
    """``s3:ResourceAccount`` and, through an access point, its ARN and account."""
    bucket = resource or _bucket(ask)
    if bucket is None:
        return {}
    context: dict[str, Value] = {"s3:ResourceAccount": ask.owner(bucket)}
    if ":accesspoint/" in bucket:
        head = bucket.partition("/object/")[0]
        context["s3:DataAccessPointArn"] = head
        context["s3:DataAccessPointAccount"] = ask.owner(head)
    return context


def _version(ask: Ask) -> Mapping[str, Value]:
    version = ask.text("VersionId")
    return {"s3:VersionId": version} if version else {}


def _existing_tags(ask: Ask) -> Mapping[str, Value]:
    bucket, key = ask.text("Bucket"), ask.text("Key")
    if bucket is None or key is None:
        return {}
    found = ask.lookup.object_tags(bucket, key, ask.text("VersionId")) or {}
    return {f"s3:ExistingObjectTag/{name}": value for name, value in found.items()}


def _headers(ask: Ask) -> Mapping[str, Value]:
    found = ((key, ask.text(name)) for name, key in _HEADERS.items())
    context: dict[str, Value] = {key: text for key, text in found if text is not None}
    kms = key_arn(ask, ask.text("SSEKMSKeyId"))
    if kms is not None:
        context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = kms
    if isinstance(ask.value("CopySource"), str):
        context["s3:x-amz-copy-source"] = "/" + str(ask.value("CopySource")).lstrip("/")
    return context


def _object_tags(ask: Ask) -> Mapping[str, Value]:
    tags = request_tags(ask)
    if not tags:
        return {}
    keys: dict[str, Value] = {f"s3:RequestObjectTag/{k}": v for k, v in tags.items()}
    return {**keys, "s3:RequestObjectTagKeys": tuple(tags)}


_LISTING: Final = (
    _common,
    member("s3:prefix", "Prefix"),
    member("s3:delimiter", "Delimiter"),
    member("s3:max-keys", "MaxKeys"),
)
_READING: Final = (_common, _version, _existing_tags)


def _is_directory(ask: Ask) -> bool:
    return (ask.text("Bucket") or "").endswith(_DIRECTORY)


def _session(ask: Ask) -> Iterable[Permission]:
    """Objects in directory buckets are reached through a session, whatever the operation."""
    mode = ask.text("SessionMode")
    context: Mapping[str, Value] = {"s3express:SessionMode": mode} if mode else {}
    yield one(ask, "s3express:CreateSession", _bucket(ask), context)


def _data(row: Row) -> Row:
    return when(_is_directory, _session, row)


def _versioned(plain: str, versioned: str, *more: Row) -> Row:
    """Naming a version asks for another action."""
    return _data(
        all_of(
            when(
                lambda ask: ask.text("VersionId"),
                on(_object, *_READING, action=f"s3:{versioned}", tagged=False),
                on(_object, *_READING, action=f"s3:{plain}", tagged=False),
            ),
            *more,
        )
    )


def _bypass(ask: Ask) -> Iterable[Permission]:
    if ask.value("BypassGovernanceRetention") is True and (target := _object(ask)):
        yield one(ask, "BypassGovernanceRetention", target, _common(ask), dependent=True)


def _writing(ask: Ask) -> Iterable[Permission]:
    """PutObject, and an action for each of ACL, tags, lock that comes with the object."""
    target = _object(ask)
    context = {**_common(ask), **_headers(ask), **_object_tags(ask)}
    yield one(ask, "PutObject", target, context)
    beside = (
        ("PutObjectAcl", any(ask.text(name) for name in _ACL_MEMBERS)),
        ("PutObjectTagging", bool(request_tags(ask))),
        ("PutObjectRetention", ask.text("ObjectLockMode") is not None),
        ("PutObjectLegalHold", ask.text("ObjectLockLegalHoldStatus") is not None),
    )
    for action, wanted in beside:
        if wanted:
            yield one(ask, action, target, context, dependent=True)
    yield from _sealing(ask, "GenerateDataKey")


def _sealing(ask: Ask, actions: str) -> Iterable[Permission]:
    """KMS for an object that is written: the key in the request, else the bucket's default."""
    bucket, target = _bucket(ask), _object(ask)
    mode = ask.text("ServerSideEncryption")
    if bucket is None or target is None or mode == "AES256":
        return
    key = key_arn(ask, ask.text("SSEKMSKeyId")) or key_of(ask, bucket)
    yield from via(ask, "s3", key, actions, {"aws:s3:arn": target})


def _opening(ask: Ask) -> Iterable[Permission]:
    """KMS for an object that is read."""
    bucket, key = ask.text("Bucket"), ask.text("Key")
    target = _object(ask)
    if bucket is None or key is None or target is None:
        return
    found = key_arn(ask, ask.lookup.key_of_object(bucket, key, ask.text("VersionId")))
    yield from via(ask, "s3", found, "Decrypt", {"aws:s3:arn": target})


def _copying(ask: Ask) -> Iterable[Permission]:
    """Write the target, read the source, and their tags where the source has any."""
    if ask.operation == "CopyObject":
        yield from _writing(ask)
    else:
        yield from _part(ask)
    source = _source(ask)
    if source is None:
        yield one(ask, "GetObject", None, dependent=True)
        return
    bucket, key, version = source
    head = bucket if bucket.startswith("arn:") else f"arn:{ask.partition}:s3:::{bucket}"
    target = _inside(head, key)
    context = dict(_common(ask, head))
    if version:
        context["s3:VersionId"] = version
    tags = ask.lookup.object_tags(bucket, key, version) or {}
    context |= {f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()}
    kind = "Version" if version else ""
    yield one(ask, f"GetObject{kind}", target, context, dependent=True)
    copied = ask.operation == "CopyObject" and ask.text("TaggingDirective") != "REPLACE"
    if tags and copied:
        yield one(ask, f"GetObject{kind}Tagging", target, context, dependent=True)
        yield one(ask, "PutObjectTagging", _object(ask), _common(ask), dependent=True)
    opened = key_arn(ask, ask.lookup.key_of_object(bucket, key, version))
    yield from via(ask, "s3", opened, "Decrypt", {"aws:s3:arn": target})


def _part(ask: Ask) -> Iterable[Permission]:
    yield one(ask, "PutObject", _object(ask), _common(ask))
    # "permissions to the kms:Decrypt and kms:GenerateDataKey actions" are needed to upload the
    # parts of an encrypted object (S3 User Guide, mpuoverview).
    yield from _sealing(ask, "GenerateDataKey Decrypt")


def _deleting_many(ask: Ask) -> Iterable[Permission]:
    """One permission for each key; S3 itself answers key by key."""
    found = ask.value("Delete.Objects")
    items = [item for item in found or () if isinstance(item, Mapping) and item.get("Key")]
    if not items:
        yield one(ask, "DeleteObject", None, _common(ask))
    for item in items:
        version = item.get("VersionId")
        context = dict(_common(ask))
        if version:
            context["s3:VersionId"] = str(version)
        action = "DeleteObjectVersion" if version else "DeleteObject"
        target = _object(ask, str(item["Key"]))
        yield one(ask, action, target, context)
        if ask.value("BypassGovernanceRetention") is True:
            yield one(ask, "BypassGovernanceRetention", target, context, dependent=True)


def _creating_bucket(ask: Ask) -> Iterable[Permission]:
    """In the caller's account, even where the name is taken by another one."""
    for found in _new_bucket(ask):
        yield replace(found, resource_account=ask.call.account)


def _new_bucket(ask: Ask) -> Iterable[Permission]:
    context = {**_common(ask), **_headers(ask)}
    place = ask.text("CreateBucketConfiguration.LocationConstraint")
    if place is not None:
        context["s3:locationconstraint"] = place
    yield one(ask, "CreateBucket", _bucket(ask), context)
    if any(ask.text(name) for name in _ACL_MEMBERS):
        yield one(ask, "PutBucketAcl", _bucket(ask), context, dependent=True)
    if ask.value("ObjectLockEnabledForBucket") is True:
        yield one(ask, "PutBucketObjectLockConfiguration", _bucket(ask), context, dependent=True)
        yield one(ask, "PutBucketVersioning", _bucket(ask), context, dependent=True)
    if ask.text("ObjectOwnership") is not None:
        yield one(ask, "PutBucketOwnershipControls", _bucket(ask), context, dependent=True)
    if tags := ask.value("CreateBucketConfiguration.Tags"):
        pairs = {str(t.get("Key")): str(t.get("Value")) for t in tags if isinstance(t, Mapping)}
        tagged: dict[str, Value] = {f"aws:RequestTag/{k}": v for k, v in pairs.items()}
        tagged["aws:TagKeys"] = tuple(pairs)
        yield one(ask, "TagResource", _bucket(ask), {**context, **tagged}, dependent=True)


def _plain(operation: str) -> Row:
    """A bucket operation: its action by name or by the table of names, on the bucket."""
    action = RENAMES.get(f"s3:{operation}".lower(), (f"s3:{operation}",))[0]
    action = action.replace("BucketCors", "BucketCORS")
    on_bucket = on(_bucket, _common, _headers, action=action)
    express = on(_bucket, action=f"s3express:{operation}")
    return when(_is_directory, express, on_bucket)


def _own_account(operation: str) -> Row:
    """Settings of the whole account."""
    action = operation.replace("PublicAccessBlock", "AccountPublicAccessBlock")
    return on(anything, action=f"s3:{action.replace('Delete', 'Put')}")


def _forwarded_roles(row: Row) -> Row:
    return all_of(row, passed(lambda ask: roles_in(ask.given), _S3))


_BUCKET_OPERATIONS: Final = (
    "DeleteBucket DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption "
    "DeleteBucketIntelligentTieringConfiguration DeleteBucketInventoryConfiguration "
    "DeleteBucketLifecycle DeleteBucketMetadataConfiguration "
    "DeleteBucketMetadataTableConfiguration DeleteBucketMetricsConfiguration "
    "DeleteBucketOwnershipControls DeleteBucketPolicy DeleteBucketReplication DeleteBucketTagging "
    "DeleteBucketWebsite DeletePublicAccessBlock CreateBucketMetadataConfiguration "
    "CreateBucketMetadataTableConfiguration GetBucketAbac GetBucketAccelerateConfiguration "
    "GetBucketAcl GetBucketAnalyticsConfiguration GetBucketCors GetBucketEncryption "
    "GetBucketIntelligentTieringConfiguration GetBucketInventoryConfiguration GetBucketLifecycle "
    "GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging "
    "GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration "
    "GetBucketMetricsConfiguration GetBucketNotification GetBucketNotificationConfiguration "
    "GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketReplication "
    "GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite "
    "GetObjectLockConfiguration GetPublicAccessBlock HeadBucket "
    "ListBucketAnalyticsConfigurations ListBucketIntelligentTieringConfigurations "
    "ListBucketInventoryConfigurations ListBucketMetricsConfigurations ListMultipartUploads "
    "PutBucketAbac PutBucketAccelerateConfiguration PutBucketAcl "
    "PutBucketAnalyticsConfiguration PutBucketCors PutBucketEncryption "
    "PutBucketIntelligentTieringConfiguration PutBucketInventoryConfiguration "
    "PutBucketLifecycle PutBucketLifecycleConfiguration PutBucketLogging "
    "PutBucketMetricsConfiguration PutBucketNotification PutBucketNotificationConfiguration "
    "PutBucketOwnershipControls PutBucketPolicy PutBucketRequestPayment PutBucketTagging "
    "PutBucketVersioning PutBucketWebsite PutObjectLockConfiguration PutPublicAccessBlock "
    "UpdateBucketMetadataAnnotationTableConfiguration "
    "UpdateBucketMetadataInventoryTableConfiguration "
    "UpdateBucketMetadataJournalTableConfiguration"
)

TABLE: Final[Mapping[str, Row]] = {
    **{name: _plain(name) for name in _BUCKET_OPERATIONS.split()},
    "PutBucketReplication": _forwarded_roles(_plain("PutBucketReplication")),
    "CreateBucket": when(_is_directory, on(_bucket, action="s3express:CreateBucket"),
                         _creating_bucket),
    "ListBuckets": on(anything, action="s3:ListAllMyBuckets"),
    "ListDirectoryBuckets": on(anything, action="s3express:ListAllMyDirectoryBuckets"),
    **same("ListObjects ListObjectsV2",
           _data(on(_bucket, *_LISTING, action="s3:ListBucket"))),
    "ListObjectVersions": on(_bucket, *_LISTING, action="s3:ListBucketVersions"),
    **same("GetObject HeadObject SelectObjectContent",
           _versioned("GetObject", "GetObjectVersion", _opening)),
    "GetObjectAttributes": _data(all_of(
        when(lambda ask: ask.text("VersionId"),
             all_of(on(_object, *_READING, action="s3:GetObjectVersionAttributes"),
                    on(_object, *_READING, action="s3:GetObjectVersion")),
             all_of(on(_object, *_READING, action="s3:GetObjectAttributes"),
                    on(_object, *_READING, action="s3:GetObject"))),
        _opening,
    )),
    "GetObjectAcl": _versioned("GetObjectAcl", "GetObjectVersionAcl"),
    "GetObjectTagging": _versioned("GetObjectTagging", "GetObjectVersionTagging"),
    "GetObjectTorrent": _versioned("GetObjectTorrent", "GetObjectVersionTorrent"),
    "GetObjectAnnotation": _versioned("GetObjectAnnotation", "GetObjectVersionAnnotation"),
    "ListObjectAnnotations": _versioned("ListObjectAnnotations", "ListObjectVersionAnnotations"),
    "DeleteObjectAnnotation": _versioned("DeleteObjectAnnotation", "DeleteObjectVersionAnnotation"),
    "PutObjectAnnotation": _versioned("PutObjectAnnotation", "PutObjectVersionAnnotation"),
    **same("GetObjectLegalHold GetObjectRetention RestoreObject UpdateObjectEncryption",
           on(_object, *_READING, tagged=False)),
    "PutObjectLegalHold": on(
        _object, *_READING, member("s3:object-lock-legal-hold", "LegalHold.Status")
    ),
    "PutObjectRetention": all_of(
        on(_object, *_READING, member("s3:object-lock-mode", "Retention.Mode")), _bypass
    ),
    "DeleteObject": _versioned("DeleteObject", "DeleteObjectVersion", _bypass),
    "DeleteObjectTagging": _versioned("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "DeleteObjects": _data(_deleting_many),
    **same("PutObject CreateMultipartUpload", _data(_writing)),
    "PutObjectAcl": when(
        lambda ask: ask.text("VersionId"),
        on(_object, *_READING, _headers, action="s3:PutObjectVersionAcl"),
        on(_object, *_READING, _headers),
    ),
    "PutObjectTagging": when(
        lambda ask: ask.text("VersionId"),
        on(_object, *_READING, _object_tags, action="s3:PutObjectVersionTagging", tagged=False),
        on(_object, *_READING, _object_tags, tagged=False),
    ),
    **same("UploadPart CompleteMultipartUpload", _data(_part)),
    **same("CopyObject UploadPartCopy", _data(_copying)),
    "AbortMultipartUpload": _data(on(_object, _common)),
    "ListParts": _data(on(_object, _common, action="s3:ListMultipartUploadParts")),
    "CreateSession": _session,
    "RenameObject": _session,
    "WriteGetObjectResponse": on(anything, action="s3-object-lambda:WriteGetObjectResponse"),
}  # fmt: skip

# The control API repeats some names for other things: the block of the whole account.
CONTROL: Final[Mapping[str, Row]] = {
    name: _own_account(name)
    for name in ("GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock")
}
