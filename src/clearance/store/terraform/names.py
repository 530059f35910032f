"""Names and ARNs of resources that are not made yet, where their configuration makes them sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.store.draft import stand_in_uuid
from clearance.store.terraform.plan import Thing

__all__ = ["NAMES", "Where", "attribute_of", "name_of"]

# The member that names a resource of each type.
NAMES: Final[Mapping[str, str]] = {
    "aws_cloudwatch_event_bus": "name",
    "aws_cloudwatch_event_rule": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_dynamodb_table": "name",
    "aws_ecr_repository": "name",
    "aws_iam_group": "name",
    "aws_iam_instance_profile": "name",
    "aws_iam_policy": "name",
    "aws_iam_role": "name",
    "aws_iam_saml_provider": "name",
    "aws_iam_user": "name",
    "aws_kinesis_stream": "name",
    "aws_kms_alias": "name",
    "aws_lambda_alias": "name",
    "aws_lambda_function": "function_name",
    "aws_s3_bucket": "bucket",
    "aws_secretsmanager_secret": "name",
    "aws_sfn_state_machine": "name",
    "aws_sns_topic": "name",
    "aws_sqs_queue": "name",
    "aws_ssm_parameter": "name",
}

# Resource parts of ARNs: service, and what stands after the account. `{path}` ends in a slash.
_ARNS: Final[Mapping[str, tuple[str, str]]] = {
    "aws_cloudwatch_event_bus": ("events", "event-bus/{name}"),
    "aws_cloudwatch_event_rule": ("events", "rule/{name}"),
    "aws_dynamodb_table": ("dynamodb", "table/{name}"),
    "aws_ecr_repository": ("ecr", "repository/{name}"),
    "aws_iam_group": ("iam", "group{path}{name}"),
    "aws_iam_instance_profile": ("iam", "instance-profile{path}{name}"),
    "aws_iam_policy": ("iam", "policy{path}{name}"),
    "aws_iam_role": ("iam", "role{path}{name}"),
    "aws_iam_saml_provider": ("iam", "saml-provider/{name}"),
    "aws_iam_user": ("iam", "user{path}{name}"),
    "aws_kinesis_stream": ("kinesis", "stream/{name}"),
    "aws_kms_alias": ("kms", "{name}"),
    "aws_kms_key": ("kms", "key/{name}"),
    "aws_lambda_function": ("lambda", "function:{name}"),
    "aws_s3_bucket": ("s3", "{name}"),
    # Secrets Manager adds six characters that nobody knows before.
    "aws_secretsmanager_secret": ("secretsmanager", "secret:{name}-000000"),
    "aws_sfn_state_machine": ("states", "stateMachine:{name}"),
    "aws_sns_topic": ("sns", "{name}"),
    "aws_sqs_queue": ("sqs", "{name}"),
    "aws_vpc_endpoint": ("ec2", "vpc-endpoint/{name}"),
}

_NAMED_BY_ID: Final = frozenset(
    {
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_log_group",
        "aws_dynamodb_table",
        "aws_ecr_repository",
        "aws_iam_group",
        "aws_iam_instance_profile",
        "aws_iam_role",
        "aws_iam_user",
        "aws_kms_key",
        "aws_lambda_function",
        "aws_s3_bucket",
        "aws_vpc_endpoint",
    }
)
# Types that AWS names by an ID; a stand-in is made from the address.
_UNNAMED: Final[Mapping[str, str]] = {
    "aws_kms_key": "",
    "aws_organizations_account": "",
    "aws_organizations_organization": "o-",
    "aws_organizations_organizational_unit": "ou-",
    "aws_organizations_policy": "p-",
    "aws_vpc_endpoint": "vpce-",
}


class Where:
    """The partition, Region and account a resource lies in."""

    __slots__ = ("account", "partition", "region")

    def __init__(self, partition: str, region: str, account: str) -> None:
        self.partition = partition
        self.region = region
        self.account = account


def name_of(thing: Thing) -> tuple[str, bool]:
    """The name of a resource, and whether it is sure; else a stand-in made from its address."""
    if thing.type in _UNNAMED:
        known = thing.values.get("key_id" if thing.type == "aws_kms_key" else "id")
        if isinstance(known, str) and known:
            return known, True
        return f"{_UNNAMED[thing.type]}{_id(thing)}", False
    member = NAMES.get(thing.type, "name")
    name = thing.values.get(member)
    if isinstance(name, str) and name:
        return name, True
    prefix = thing.values.get(f"{member}_prefix")
    stem = thing.address.replace(".", "-").replace("[", "-").replace("]", "").replace('"', "")
    return (f"{prefix}{thing.name}" if isinstance(prefix, str) else stem), False


def attribute_of(thing: Thing, name: str, where: Where) -> str | None:
    """A member of a resource as it will be, where its name decides it."""
    value = thing.values.get(name)
    if isinstance(value, str) and value and not thing.is_unknown(name):
        return value
    called, _ = name_of(thing)
    if thing.type == "aws_sqs_queue" and name in {"id", "url"}:
        return _queue_url(called, where)
    if name == "arn" or (name == "id" and thing.type not in _NAMED_BY_ID):
        return _arn(thing, called, where)
    if name in {"id", NAMES.get(thing.type, "name"), "key_id", "name"}:
        return called
    return None


def _arn(thing: Thing, name: str, where: Where) -> str | None:
    if thing.type == "aws_iam_openid_connect_provider":
        url = str(thing.values.get("url") or "").removeprefix("https://")
        return f"arn:{where.partition}:iam::{where.account}:oidc-provider/{url}" if url else None
    if thing.type.startswith("aws_organizations_"):
        return name  # what refers to one wants its ID
    known = _ARNS.get(thing.type)
    if known is None:
        return None
    service, resource = known
    path = thing.values.get("path")
    resource = resource.format(name=name, path=path if isinstance(path, str) else "/")
    region = "" if service in {"iam", "s3"} else where.region
    account = "" if service == "s3" else where.account
    return f"arn:{where.partition}:{service}:{region}:{account}:{resource}"


def _queue_url(name: str, where: Where) -> str:
    return f"https://sqs.{where.region}.amazonaws.com/{where.account}/{name}"


def _id(thing: Thing) -> str:
    made = stand_in_uuid(thing.address)
    if thing.type == "aws_kms_key":
        return made
    if thing.type == "aws_organizations_account":
        # Twelve digits that no account has: accounts do not begin with four zeros.
        return f"0000{int(made[:8], 16) % 10**8:08d}"
    return made.replace("-", "")[:12]
