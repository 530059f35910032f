"""What is left of the other services after a restart: all of it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Site,
    allow,
    attempt,
    credentials_of,
    document,
    key_of,
    site,
)
from tests.server.services.conftest import B, two_accounts

from clearance.model.errors import StoreError
from clearance.server.lambda_.pace import Pace
from clearance.server.services.deliver import Deliveries

ANA = credentials_of(key_of("ana"))
ANA_ARN = f"arn:aws:iam::{ACCOUNT}:user/ana"
READ = {"Effect": "Allow", "Principal": {"AWS": ANA_ARN}, "Action": "s3:GetObject"}
LARGE = bytes(range(256)) * 200
BLOB = b"\x00\xff"
EVENTS = f"arn:aws:events:{REGION}:{ACCOUNT}"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:kept"


def fill(served: Site) -> dict[str, Any]:
    """Put something into every service; what the reads below need to find it."""
    names: dict[str, Any] = {}
    for part in (_objects, _messages, _keys, _items, _events, _measures):
        part(served, names)
    return names


def _objects(served: Site, names: dict[str, Any]) -> None:
    s3 = served.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"hello", Tagging="a=b", Metadata={"x": "y"})
    s3.put_bucket_policy(
        Bucket="kept", Policy=document({**READ, "Resource": "arn:aws:s3:::kept/*"})
    )
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="kept", Key="k", Body=b"again")
    s3.put_object(Bucket="kept", Key="größe/ü", Body=LARGE)
    s3.put_object(Bucket="kept", Key="gone", Body=LARGE)
    s3.delete_object(Bucket="kept", Key="gone")
    s3.put_bucket_tagging(Bucket="kept", Tagging={"TagSet": [{"Key": "t", "Value": "u"}]})
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": [rule]})
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
    s3.upload_part(Bucket="kept", Key="parts", UploadId=upload, PartNumber=1, Body=LARGE)
    names["upload"] = upload


def _messages(served: Site, names: dict[str, Any]) -> None:
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName="kept", tags={"a": "b"})["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="b", AWSAccountIds=[B], Actions=["SendMessage"])
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"m{number}", DelaySeconds=0)
    failed = sqs.create_queue(QueueName="failed")["QueueUrl"]
    fifo = sqs.create_queue(
        QueueName="kept.fifo",
        Attributes={
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
        },
    )["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=fifo, MessageBody=f"f{number}", MessageGroupId="g")
    redrive = {"deadLetterTargetArn": f"{QUEUE[:-4]}failed", "maxReceiveCount": "5"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    names.update({"queue": url, "failed": failed, "fifo": fifo})
    sns = served.client("sns")
    topic = sns.create_topic(Name="kept")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    names["topic"] = topic


def _keys(served: Site, names: dict[str, Any]) -> None:
    kms = served.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    names["secret"] = kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]
    signer = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    names.update({"key": key, "signer": signer})
    names["signature"] = kms.sign(KeyId=signer, Message=b"text", SigningAlgorithm="ECDSA_SHA_256")[
        "Signature"
    ]
    secrets = served.client("secretsmanager")
    secrets.create_secret(Name="kept", SecretString="one")
    secrets.put_secret_value(SecretId="kept", SecretString="two")
    ssm = served.client("ssm")
    ssm.put_parameter(
        Name="/a/b", Value="v", Type="SecureString", Tags=[{"Key": "a", "Value": "b"}]
    )
    ssm.put_parameter(Name="/a/b", Value="w", Type="SecureString", Overwrite=True)


def _items(served: Site, _: dict[str, Any]) -> None:
    dynamodb = served.client("dynamodb")
    dynamodb.create_table(
        TableName="kept",
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    for number in range(4):
        item = {"id": {"S": "a"}, "at": {"N": str(number)}, "m": {"M": {"b": {"B": BLOB}}}}
        dynamodb.put_item(TableName="kept", Item=item)
    dynamodb.delete_item(TableName="kept", Key={"id": {"S": "a"}, "at": {"N": "0"}})
    dynamodb.execute_statement(Statement="INSERT INTO kept VALUE {'id': 'b', 'at': 1}")


def _events(served: Site, _: dict[str, Any]) -> None:
    events = served.client("events")
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    events.create_archive(ArchiveName="a", EventSourceArn=f"{EVENTS}:event-bus/default")
    events.put_events(Entries=[{"Source": "x", "DetailType": "d", "Detail": "{}"}])


def _measures(served: Site, names: dict[str, Any]) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="kept", tags={"x": "y"})
    logs.create_log_stream(logGroupName="kept", logStreamName="s")
    entry = {"timestamp": int(time.time() * 1000), "message": "printed"}
    for _ in range(2):
        logs.put_log_events(logGroupName="kept", logStreamName="s", logEvents=[entry])
    cloudwatch = served.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
    cloudwatch.put_metric_alarm(
        AlarmName="kept", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    gateway = served.client("apigateway")
    api = gateway.create_rest_api(name="kept")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    made = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    gateway.put_method(**made, authorizationType="NONE")
    gateway.put_integration(**made, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="p")
    names["api"] = api


def reads(names: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Calls that change nothing, whose answers must be the same after a restart."""
    bucket, key = {"Bucket": "kept"}, {"KeyId": names["key"]}
    return [
        ("s3", "list_object_versions", bucket),
        ("s3", "list_objects_v2", bucket),
        ("s3", "get_object", {**bucket, "Key": "k"}),
        ("s3", "get_object", {**bucket, "Key": "k", "VersionId": "null"}),
        ("s3", "get_object_tagging", {**bucket, "Key": "k", "VersionId": "null"}),
        ("s3", "get_object", {**bucket, "Key": "größe/ü"}),
        ("s3", "get_bucket_tagging", bucket),
        ("s3", "get_bucket_policy", bucket),
        ("s3", "get_bucket_lifecycle_configuration", bucket),
        ("s3", "list_parts", {**bucket, "Key": "parts", "UploadId": names["upload"]}),
        ("sqs", "get_queue_attributes", {"QueueUrl": names["queue"], "AttributeNames": ["All"]}),
        ("sqs", "list_queue_tags", {"QueueUrl": names["queue"]}),
        ("sns", "list_subscriptions", {}),
        ("sns", "get_topic_attributes", {"TopicArn": names["topic"]}),
        ("kms", "describe_key", {"KeyId": "alias/kept"}),
        ("kms", "decrypt", {"CiphertextBlob": names["secret"], **key}),
        ("kms", "get_public_key", {"KeyId": names["signer"]}),
        ("secretsmanager", "get_secret_value", {"SecretId": "kept"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "kept", "VersionStage": "AWSPREVIOUS"}),
        ("ssm", "get_parameter_history", {"Name": "/a/b", "WithDecryption": True}),
        ("ssm", "list_tags_for_resource", {"ResourceType": "Parameter", "ResourceId": "/a/b"}),
        ("dynamodb", "describe_table", {"TableName": "kept"}),
        ("dynamodb", "scan", {"TableName": "kept"}),
        ("events", "list_targets_by_rule", {"Rule": "r"}),
        ("events", "describe_rule", {"Name": "r"}),
        ("events", "describe_archive", {"ArchiveName": "a"}),
        ("logs", "describe_log_groups", {}),
        ("logs", "get_log_events", {"logGroupName": "kept", "logStreamName": "s"}),
        ("cloudwatch", "describe_alarms", {}),
        ("cloudwatch", "list_metrics", {}),
        ("apigateway", "get_rest_apis", {}),
        ("apigateway", "get_resources", {"restApiId": names["api"]}),
        ("apigateway", "get_stages", {"restApiId": names["api"]}),
    ]


def answers(served: Site, names: dict[str, Any]) -> list[Any]:
    found = []
    for service, method, given in reads(names):
        answer = getattr(served.client(service), method)(**given)
        answer.pop("ResponseMetadata")
        answer.pop("SizeBytes", None)  # of an archive: the size of a list in memory
        if "Body" in answer:
            answer["Body"] = answer["Body"].read()
        found.append((service, method, answer))
    return found


def test_a_restart_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with site(two_accounts(), data=tmp_path / "d") as before:
        names = fill(before)
        told = answers(before, names)
        was = before.started.world.estate.accounts[ACCOUNT].resources
    for _ in range(2):  # the second time from what the first one made of it
        with site(data=tmp_path / "d") as after:
            assert after.started.world.estate.accounts[ACCOUNT].resources == was
            for here, there in zip(answers(after, names), told, strict=True):
                assert here == there
    assert [r.message for r in caplog.records if r.name == "clearance.server.services"] == []


def test_what_was_begun_before_a_restart_goes_on_after_it(tmp_path: Path) -> None:
    with site(two_accounts(), data=tmp_path / "d") as before:
        names = fill(before)
        (seen,) = before.client("sqs").receive_message(QueueUrl=names["queue"])["Messages"]
    with site(data=tmp_path / "d") as after:
        sqs = after.client("sqs")
        # A message in flight is still in flight, and its receipt is good.
        waiting = {"QueueUrl": names["queue"], "MaxNumberOfMessages": 10}
        bodies = [m["Body"] for m in sqs.receive_message(**waiting)["Messages"]]
        assert sorted([seen["Body"], *bodies]) == ["m0", "m1", "m2"]
        sqs.delete_message(QueueUrl=names["queue"], ReceiptHandle=seen["ReceiptHandle"])
        ordered = []
        while more := sqs.receive_message(QueueUrl=names["fifo"]).get("Messages"):
            ordered.append(more[0]["Body"])
            given = {"QueueUrl": names["fifo"], "ReceiptHandle": more[0]["ReceiptHandle"]}
            sqs.delete_message(**given)
        assert ordered == ["f0", "f1", "f2"]
        # An upload is completed with a part from before.
        s3 = after.client("s3")
        given = {"Bucket": "kept", "Key": "parts", "UploadId": names["upload"]}
        (part,) = s3.list_parts(**given)["Parts"]
        parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
        s3.complete_multipart_upload(**given, MultipartUpload={"Parts": parts})
        assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == LARGE
        # The bucket policy of before decides.
        got = after.client("s3", ANA).get_object(Bucket="kept", Key="k")
        assert got["Body"].read() == b"again"
        # Rules still send, subscriptions still deliver.
        answer = after.client("kms").verify(
            KeyId=names["signer"], Message=b"text", SigningAlgorithm="ECDSA_SHA_256",
            Signature=names["signature"],
        )  # fmt: skip
        assert answer["SignatureValid"]
        # Changing one thing leaves the others as they were.
        was = after.started.world.estate.accounts[ACCOUNT].resources
        sqs.create_queue(QueueName="second")
        now = after.started.world.estate.accounts[ACCOUNT].resources
        assert {k: v for k, v in now.items() if "second" not in k} == was


def test_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    with site(two_accounts(), data=tmp_path / "d") as before:
        names = fill(before)
        before.client("sqs").purge_queue(QueueUrl=names["queue"])
        before.client("sqs").delete_queue(QueueUrl=names["fifo"])
        before.client("sqs").create_queue(QueueName="kept.fifo", Attributes={"FifoQueue": "true"})
        s3 = before.client("s3")
        s3.abort_multipart_upload(Bucket="kept", Key="parts", UploadId=names["upload"])
        s3.delete_object(Bucket="kept", Key="k", VersionId="null")
        s3.delete_objects(Bucket="kept", Delete={"Objects": [{"Key": "größe/ü"}]})
        before.client("dynamodb").delete_table(TableName="kept")
        before.client("logs").delete_log_stream(logGroupName="kept", logStreamName="s")
        before.client("ssm").delete_parameter(Name="/a/b")
        before.client("events").remove_targets(Rule="r", Ids=["1"])
        before.client("events").delete_rule(Name="r")
        before.client("apigateway").delete_rest_api(restApiId=names["api"])
        before.client("sns").delete_topic(TopicArn=names["topic"])
    with site(data=tmp_path / "d") as after:
        sqs, s3 = after.client("sqs"), after.client("s3")
        assert "Messages" not in sqs.receive_message(QueueUrl=names["queue"])
        assert "Messages" not in sqs.receive_message(QueueUrl=names["fifo"])
        versions = s3.list_object_versions(Bucket="kept")
        assert len([v for v in versions["Versions"] if v["Key"] == "k"]) == 1
        assert {m["Key"] for m in versions["DeleteMarkers"]} == {"gone", "größe/ü"}
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="kept")
        assert after.client("dynamodb").list_tables()["TableNames"] == []
        streams = after.client("logs").describe_log_streams(logGroupName="kept")
        assert streams["logStreams"] == []
        ssm = after.client("ssm")
        assert attempt(ssm.get_parameter, Name="/a/b").code == "ParameterNotFound"
        assert [r["Name"] for r in after.client("events").list_rules()["Rules"]] != ["r"]
        assert after.client("apigateway").get_rest_apis()["items"] == []
        assert after.client("sns").list_topics()["Topics"] == []


def test_large_bodies_are_files_that_go_with_their_objects(tmp_path: Path) -> None:
    def files() -> int:
        return sum(1 for _ in (tmp_path / "d" / "bodies").glob("*/*"))

    with site(two_accounts(), data=tmp_path / "d") as before:
        s3 = before.client("s3")
        s3.create_bucket(Bucket="kept")
        for name in ("a", "b"):
            s3.put_object(Bucket="kept", Key=name, Body=LARGE)
        s3.put_object_tagging(
            Bucket="kept", Key="a", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        assert files() == 2
        s3.delete_object(Bucket="kept", Key="b")
        s3.put_object(Bucket="kept", Key="a", Body=LARGE[::-1])
    with site(data=tmp_path / "d") as after:
        assert files() == 1
        assert after.client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == LARGE[::-1]


def test_a_seeds_resources_are_made(tmp_path: Path) -> None:
    with site(two_accounts(), data=tmp_path / "d") as served:
        served.client("s3").put_object(Bucket="seeded-bucket", Key="k", Body=b"x")
        tags = served.client("s3").get_bucket_tagging(Bucket="seeded-bucket")["TagSet"]
        assert tags == [{"Key": "team", "Value": "red"}]


NOTES = """
import json, os
def handler(event, context):
    with open(os.environ["NOTES"], "a") as file:
        for record in event["Records"]:
            file.write(record["dynamodb"]["NewImage"]["id"]["S"] + " ")
"""


def noted(notes: Path, *names: str) -> bool:
    """True once these and no others were handed over, in this order."""
    for _ in range(200):
        if notes.exists() and notes.read_text().split() == list(names):
            time.sleep(0.3)  # long enough for what must not come
            return notes.read_text().split() == list(names)
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("position", ["TRIM_HORIZON", "LATEST"])
def test_a_stream_is_read_on_from_where_it_was_read_to(tmp_path: Path, position: str) -> None:
    data, notes, quick = tmp_path / "d", tmp_path / "notes", Pace(poll=0.05, failed=0.1)

    def put(served: Site, name: str) -> None:
        served.client("dynamodb").put_item(TableName="items", Item={"id": {"S": name}})

    with site(two_accounts(), data=data, pace=quick) as before:
        table = before.client("dynamodb").create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        put(before, "early")
        role = before.role("reader", LAMBDA_TRUST, allow(["dynamodb:*"]))
        before.function("reads", NOTES, Role=role, Environment={"Variables": {"NOTES": f"{notes}"}})
        mapping = before.client("lambda").create_event_source_mapping(
            FunctionName="reads", EventSourceArn=table["LatestStreamArn"],
            StartingPosition=position,
        )["UUID"]  # fmt: skip
        old = ["early"] if position == "TRIM_HORIZON" else []
        if old:
            assert noted(notes, *old)
        else:
            place = ("lambda", ACCOUNT, REGION, "position")
            for _ in range(200):
                if list(before.started.store.contents(place)):
                    break
                time.sleep(0.05)
        before.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
        time.sleep(0.3)
        put(before, "between")  # nobody reads it before the restart
    with site(data=data, pace=quick) as after:
        after.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
        assert noted(notes, *old, "between")
        put(after, "later")
        assert noted(notes, *old, "between", "later")
        after.client("lambda").delete_event_source_mapping(UUID=mapping)


def test_what_was_accepted_is_delivered_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, notes = tmp_path / "d", tmp_path / "notes"
    code = """
import os
def handler(event, context):
    with open(os.environ["NOTES"], "a") as file:
        file.write(event["Records"][0]["s3"]["object"]["key"] + " ")
"""

    async def never(*_: Any) -> None:
        await asyncio.sleep(3600)

    with site(two_accounts(), data=data) as before:
        arn = before.function("notes", code, Environment={"Variables": {"NOTES": f"{notes}"}})
        before.client("lambda").add_permission(
            FunctionName="notes", StatementId="s3", Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
        )  # fmt: skip
        s3 = before.client("s3")
        s3.create_bucket(Bucket="kept")
        wanted = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket="kept", NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]}
        )
        s3.put_object(Bucket="kept", Key="first", Body=b"x")
        assert noted_words(notes, ["first"])
        monkeypatch.setattr(Deliveries, "_one", never)  # the server ends before it comes to it
        s3.put_object(Bucket="kept", Key="second", Body=b"x")
        assert len(list(before.started.store.contents(("deliveries",)))) == 1
    monkeypatch.undo()
    with site(data=data) as after:
        assert noted_words(notes, ["first", "second"])
        for _ in range(100):
            if not list(after.started.store.contents(("deliveries",))):
                break
            time.sleep(0.05)
        assert list(after.started.store.contents(("deliveries",))) == []


def noted_words(notes: Path, words: list[str]) -> bool:
    for _ in range(200):
        if notes.exists() and notes.read_text().split() == words:
            return True
        time.sleep(0.05)
    return False


def test_nothing_is_done_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(two_accounts(), data=tmp_path / "d") as served:
        s3, sqs = served.client("s3"), served.client("sqs")
        s3.create_bucket(Bucket="kept")
        url = sqs.create_queue(QueueName="kept")["QueueUrl"]
        kind = type(served.started.store)
        monkeypatch.setattr(kind, "read_only", property(lambda _: "the disk is full"))
        for call, given in (
            (s3.put_object, {"Bucket": "kept", "Key": "k", "Body": b"x"}),
            (s3.create_bucket, {"Bucket": "other"}),
            (sqs.send_message, {"QueueUrl": url, "MessageBody": "m"}),
        ):
            refused = attempt(call, **given)
            assert (refused.status, "the disk is full" in refused.message) == (503, True)
        monkeypatch.undo()
        assert {b["Name"] for b in s3.list_buckets()["Buckets"]} == {"kept", "seeded-bucket"}
        assert "Contents" not in s3.list_objects_v2(Bucket="kept")
        assert "Messages" not in sqs.receive_message(QueueUrl=url)

        def full(*_: Any, **__: Any) -> Any:
            raise StoreError("the disk is full")

        # What moto did and the store did not take is told as failed, and kept with the next call.
        monkeypatch.setattr(kind, "keep", full)
        assert attempt(s3.put_object, Bucket="kept", Key="k", Body=b"x").status == 500
        monkeypatch.undo()
        s3.put_object_tagging(
            Bucket="kept", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
    with site(data=tmp_path / "d") as after:
        assert after.client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"x"
