"""ECR: a repository may be in another account's registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    member,
    on,
    on_each,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]


def _arn(ask: Ask, name: str) -> str:
    return ask.arn(f"repository/{name}", account=ask.text("registryId"))


def _repository(ask: Ask) -> str | None:
    name = ask.text("repositoryName")
    return name and _arn(ask, name)


def _repositories(ask: Ask) -> Iterable[str]:
    """The named repositories; without names, all of the registry."""
    return (_arn(ask, name) for name in ask.texts("repositoryNames") or ("*",))


TABLE: Final[Mapping[str, Row]] = {
    **same(
        "BatchCheckLayerAvailability BatchDeleteImage BatchGetImage CompleteLayerUpload "
        "DeleteLifecyclePolicy DeleteRepository DeleteRepositoryPolicy "
        "DescribeImageReplicationStatus DescribeImageScanFindings DescribeImageSigningStatus "
        "DescribeImages GetDownloadUrlForLayer GetLifecyclePolicy GetLifecyclePolicyPreview "
        "GetRepositoryPolicy InitiateLayerUpload ListImages PutImage PutImageScanningConfiguration "
        "PutImageTagMutability PutLifecyclePolicy SetRepositoryPolicy StartImageScan "
        "StartLifecyclePolicyPreview UpdateImageStorageClass UploadLayerPart",
        on(_repository),
    ),
    # Referrers are read with the permission to read images; no action has the operation's name.
    "ListImageReferrers": on(_repository, action="ecr:BatchGetImage"),
    "CreateRepository": all_of(
        on(_repository), when(request_tags, beside("ecr:TagResource", _repository, tagged=True))
    ),
    **same("DescribeRepositories BatchGetRepositoryScanningConfiguration", on_each(_repositories)),
    **same(
        "ListTagsForResource TagResource UntagResource", on(lambda ask: ask.text("resourceArn"))
    ),
    **same(
        "GetAccountSetting PutAccountSetting", on(anything, member("ecr:AccountSetting", "name"))
    ),
}
