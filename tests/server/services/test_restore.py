"""What is left of the other services after a restart."""

from __future__ import annotations

from pathlib import Path

from tests.endpoints import ACCOUNT, attempt, credentials_of, document, key_of, site
from tests.server.services.conftest import B, two_accounts

ANA = credentials_of(key_of("ana"))
ANA_ARN = f"arn:aws:iam::{ACCOUNT}:user/ana"
READ = {"Effect": "Allow", "Principal": {"AWS": ANA_ARN}, "Action": "s3:GetObject"}


def test_a_restart_brings_resources_back_without_their_content(tmp_path: Path) -> None:
    with site(two_accounts(), data=tmp_path / "d") as before:
        mine = before.client("s3")
        mine.create_bucket(Bucket="kept")
        mine.put_object(Bucket="kept", Key="k", Body=b"hello")
        text = document({**READ, "Resource": "arn:aws:s3:::kept/*"})
        mine.put_bucket_policy(Bucket="kept", Policy=text)
        sqs = before.client("sqs")
        url = sqs.create_queue(QueueName="kept", tags={"a": "b"})["QueueUrl"]
        sqs.add_permission(QueueUrl=url, Label="b", AWSAccountIds=[B], Actions=["SendMessage"])
        topic = before.client("sns").create_topic(Name="kept")["TopicArn"]
        key = before.client("kms").create_key()["KeyMetadata"]["Arn"]
        before.client("kms").create_alias(AliasName="alias/kept", TargetKeyId=key)
        secret = before.client("secretsmanager").create_secret(Name="kept")["ARN"]
        before.client("logs").create_log_group(logGroupName="kept", tags={"x": "y"})
        before.client("dynamodb").create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        was = before.started.world.estate.accounts[ACCOUNT].resources
    with site(data=tmp_path / "d") as after:
        assert after.started.world.estate.accounts[ACCOUNT].resources == was
        s3 = after.client("s3")
        assert attempt(s3.get_object, Bucket="kept", Key="k").code == "NoSuchKey"
        s3.put_object(Bucket="kept", Key="k", Body=b"again")
        got = after.client("s3", ANA).get_object(Bucket="kept", Key="k")
        assert got["Body"].read() == b"again"
        assert after.client("sqs").get_queue_url(QueueName="kept")
        assert after.client("sns").get_topic_attributes(TopicArn=topic)
        assert after.client("kms").describe_key(KeyId="alias/kept")["KeyMetadata"]["Arn"] == key
        found = after.client("secretsmanager").describe_secret(SecretId="kept")
        assert found["ARN"] == secret
        assert after.client("dynamodb").describe_table(TableName="kept")
        groups = after.client("logs").describe_log_groups(logGroupNamePrefix="kept")["logGroups"]
        assert len(groups) == 1
        # Changing one thing leaves the others as they were.
        after.client("sqs").create_queue(QueueName="second")
        now = after.started.world.estate.accounts[ACCOUNT].resources
        assert {k: v for k, v in now.items() if "second" not in k} == was
