"""Collect the services our endpoint has not, from moto's AWS in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from clearance import wiring
from clearance.facts import services
from clearance.model.estate import Account
from clearance.store.collect import LiveAws, Wanted, collect, least_privilege
from clearance.store.snapshot import load_estate

ACCOUNT = "123456789012"
REGION = "us-east-1"
WANTED = Wanted((REGION,))
STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}, separators=(",", ":"))


class Remembers(LiveAws):
    """An AWS that remembers what it was asked."""

    asked: set[tuple[str, str]]

    def call(
        self, service: str, operation: str, /, region: str | None = None, **given: object
    ) -> dict[str, Any]:
        self.asked.add((service, operation))
        return super().call(service, operation, region, **given)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Remembers]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
        furnish()
        aws = Remembers(botocore.session.Session(), REGION)
        aws.asked = set()
        out = tmp_path_factory.mktemp("collected") / "out"
        collect(aws, out, WANTED)
        yield out, aws


def client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name=REGION)


def furnish() -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_policy(Bucket="photos", Policy=POLICY)
    s3.put_bucket_tagging(Bucket="photos", Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]})
    s3.put_bucket_ownership_controls(
        Bucket="photos",
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )
    s3.put_public_access_block(
        Bucket="photos",
        PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "IgnorePublicAcls": False},
    )
    s3.create_bucket(Bucket="plain")
    key = client("kms").create_key(Policy=POLICY, Tags=[{"TagKey": "a", "TagValue": "b"}])
    key_id = key["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/photos", TargetKeyId=key_id)
    client("kms").create_grant(
        KeyId=key_id,
        GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/reader",
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": {"app": "photos"}},
    )
    client("sqs").create_queue(
        QueueName="jobs", Attributes={"Policy": POLICY, "KmsMasterKeyId": key_id}, tags={"q": "1"}
    )
    topic = client("sns").create_topic(Name="news", Tags=[{"Key": "t", "Value": "1"}])["TopicArn"]
    client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=POLICY
    )
    secret = client("secretsmanager").create_secret(Name="token", SecretString="x")["ARN"]
    client("secretsmanager").put_resource_policy(SecretId=secret, ResourcePolicy=POLICY)
    client("ecr").create_repository(repositoryName="app")
    client("ecr").set_repository_policy(repositoryName="app", policyText=POLICY)
    client("ecr").create_repository(repositoryName="bare")
    client("dynamodb").create_table(
        TableName="photos",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "d", "Value": "1"}],
    )
    vpc = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    client("ec2").create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", PolicyDocument=POLICY
    )
    iam = client("iam")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument="<x/>" * 400)
    iam.create_open_id_connect_provider(Url="https://example.com", ThumbprintList=["0" * 40])


@pytest.fixture(scope="module")
def account(collected: tuple[Path, Remembers]) -> Account:
    return load_estate(collected[0]).accounts[ACCOUNT]


def test_a_bucket_has_its_policy_tags_and_settings(account: Account) -> None:
    bucket = account.resources["arn:aws:s3:::photos"]
    assert (bucket.policy, bucket.tags) == (POLICY, {"team": "blue"})
    assert bucket.attributes == {
        "ObjectOwnership": "BucketOwnerEnforced",
        "RestrictPublicBuckets": "true",
    }
    assert account.canonical_id
    assert account.resources["arn:aws:s3:::plain"].policy is None


def test_a_bucket_with_acls_in_force_is_named(collected: tuple[Path, Remembers]) -> None:
    missing = load_estate(collected[0]).missing
    assert "ACLs of arn:aws:s3:::plain" in missing
    assert "ACLs of arn:aws:s3:::photos" not in missing


def test_a_key_has_its_policy_tags_grants_and_aliases(account: Account) -> None:
    (key,) = [r for arn, r in account.resources.items() if ":key/" in arn]
    assert (key.policy, key.tags) == (POLICY, {"a": "b"})
    assert key.attributes["KeyManager"] == "CUSTOMER"
    (grant,) = key.grants
    assert (grant.operations, grant.context_subset) == (("Decrypt",), {"app": "photos"})
    alias = account.resources[f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/photos"]
    assert key.arn.endswith(alias.attributes["TargetKeyId"])


@pytest.mark.parametrize(
    ("arn", "tags"),
    [
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", {"q": "1"}),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:news", {"t": "1"}),
        (f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/app", {}),
    ],
)
def test_others_have_policy_and_tags(account: Account, arn: str, tags: dict[str, str]) -> None:
    assert json.loads(account.resources[arn].policy or "") == json.loads(POLICY)
    assert account.resources[arn].tags == tags


def test_secrets_tables_and_endpoints_are_there(account: Account) -> None:
    (secret,) = [r for arn, r in account.resources.items() if ":secret:token" in arn]
    assert secret.policy == POLICY
    table = account.resources[f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/photos"]
    assert (table.policy, table.tags) == (None, {"d": "1"})
    (endpoint,) = account.vpc_endpoints.values()
    assert json.loads(endpoint.policy or "") == json.loads(POLICY)


def test_every_action_of_the_policy_is_asked_for_somewhere(
    collected: tuple[Path, Remembers],
) -> None:
    policy = least_privilege(WANTED, wiring.catalog(), services.service)
    granted = set(policy["Statement"][0]["Action"])
    # S3's actions have other names than its operations.
    names = {
        "s3:ListBuckets": "s3:ListAllMyBuckets",
        "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    }
    asked = {f"{service}:{operation}" for service, operation in collected[1].asked}
    used = {names.get(name, name) for name in asked}
    functions = {name for name in granted if name.startswith("lambda:")}  # held to it elsewhere
    assert granted - functions == used - functions - {"sts:GetCallerIdentity"}
