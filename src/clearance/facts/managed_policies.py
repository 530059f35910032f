"""AWS's own managed policies, by ARN.

Their documents come with moto, which publishes them as data (the extra ``clearance[services]``);
only that one file is read. Without it the few most attached ones are known. They are facts, not
state: an estate can be looked at through them, but no journal and no snapshot keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

import msgspec

from clearance.model.estate import FULL_ACCESS, Estate

__all__ = ["AwsManaged", "aws_managed_policies", "with_aws_managed", "without_aws_managed"]

_HEAD: Final = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/")
_STANDARD: Final = "arn:aws:iam::aws:policy"


def _allow(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()


_LOGS: Final = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_FEW: Final[Mapping[str, str]] = {
    f"{_STANDARD}/AdministratorAccess": FULL_ACCESS,
    f"{_STANDARD}/AmazonS3FullAccess": _allow("s3:*", "s3-object-lambda:*"),
    f"{_STANDARD}/AmazonS3ReadOnlyAccess": _allow(
        "s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"
    ),
    f"{_STANDARD}/AmazonSQSFullAccess": _allow("sqs:*"),
    f"{_STANDARD}/IAMReadOnlyAccess": _allow(
        "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*",
        "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy",
    ),
    f"{_STANDARD}/service-role/AWSLambdaBasicExecutionRole": _allow(*_LOGS),
    f"{_STANDARD}/service-role/AWSLambdaSQSQueueExecutionRole": _allow(
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", *_LOGS
    ),
}  # fmt: skip


class _Entry(msgspec.Struct):
    """One policy as moto's file tells it."""

    path: str = msgspec.field(name="Path")
    document: msgspec.Raw = msgspec.field(name="Document")


@cache
def aws_managed_policies() -> Mapping[str, str]:
    """The documents of AWS's managed policies by ARN, read when first asked for."""
    text = _data()
    if text is None:
        return _FEW
    found = msgspec.json.decode(text, type=dict[str, _Entry])
    return {
        f"{_STANDARD}{entry.path}{name}": _compact(entry.document) for name, entry in found.items()
    }


def _compact(document: msgspec.Raw) -> str:
    return msgspec.json.format(bytes(document), indent=-1).decode()


def _data() -> str | None:
    """The text of moto's file; moto itself is not imported for it."""
    package = find_spec("moto")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder) / "iam" / "aws_managed_policies.py"
        spec = spec_from_file_location("clearance_aws_managed_policies", path)
        if spec is None or spec.loader is None or not path.is_file():
            continue
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        text = getattr(module, "aws_managed_policies_data", None)
        return text if isinstance(text, str) else None
    return None


@dataclass(frozen=True, slots=True)
class AwsManaged(Mapping[str, str]):
    """AWS managed policies by ARN, of every partition; an estate's ``own`` come first."""

    own: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, arn: str) -> str:
        if arn in self.own:
            return self.own[arn]
        return aws_managed_policies()[_HEAD.sub(f"{_STANDARD}/", arn, count=1)]

    def __contains__(self, arn: object) -> bool:
        if arn in self.own:
            return True
        return (
            isinstance(arn, str)
            and _HEAD.match(arn) is not None
            and _HEAD.sub(f"{_STANDARD}/", arn, count=1) in aws_managed_policies()
        )

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (arn for arn in aws_managed_policies() if arn not in self.own)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def with_aws_managed(estate: Estate) -> Estate:
    """The estate, in which AWS's managed policies exist."""
    if isinstance(estate.managed, AwsManaged):
        return estate
    return replace(estate, managed=AwsManaged(estate.managed))


def without_aws_managed(estate: Estate) -> Estate:
    """The estate as it is kept: AWS's managed policies exist everywhere, so nobody keeps them."""
    if isinstance(estate.managed, AwsManaged):
        return replace(estate, managed=estate.managed.own)
    return estate
