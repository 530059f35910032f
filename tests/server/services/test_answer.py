"""Other services behind the gate, over boto3 and a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from tests.endpoints import (
    ACCOUNT,
    REGION,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    document,
    host_of,
    key_of,
    message,
    send,
    site,
)
from tests.server.services.conftest import B, two_accounts

from clearance.wire.sigv4 import sign

ANA, BEN = credentials_of(key_of("ana")), credentials_of(key_of("ben"))
OTHER_ROOT = credentials_of(key_of("otherroot"))
ANA_ARN, BEN_ARN = f"arn:aws:iam::{ACCOUNT}:user/ana", f"arn:aws:iam::{B}:user/ben"
NOBODY = Credentials()


def bucket_of(served: Site, name: str, **policy: Any) -> Any:
    s3 = served.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"hello")
    if policy:
        principal = {"Effect": "Allow", "Action": "s3:GetObject", **policy}
        text = document({"Resource": f"arn:aws:s3:::{name}/*", **principal})
        s3.put_bucket_policy(Bucket=name, Policy=text)
    return s3


def read(who: Any, bucket: str, key: str = "k") -> Any:
    answer = attempt(who.get_object, Bucket=bucket, Key=key)
    return answer if isinstance(answer, Failure) else answer["Body"].read()


def resources(served: Site, account: str = ACCOUNT) -> Any:
    return served.started.world.estate.accounts[account].resources


# --- S3 -------------------------------------------------------------------------------------------


def test_34_the_bucket_policy_names_the_user(served: Site) -> None:
    bucket_of(served, "case-34", Principal={"AWS": ANA_ARN})
    assert read(served.client("s3", ANA), "case-34") == b"hello"


def test_35_the_bucket_policy_denies_the_user(served: Site) -> None:
    bucket_of(served, "case-35", Effect="Deny", Principal={"AWS": ANA_ARN})
    who = served.user("everything35", allow("*"))
    assert read(served.client("s3", who), "case-35") == b"hello"
    served.client("iam").put_user_policy(
        UserName="ana", PolicyName="all35", PolicyDocument=allow("s3:*")
    )
    answer = read(served.client("s3", ANA), "case-35")
    served.client("iam").delete_user_policy(UserName="ana", PolicyName="all35")
    assert answer == Failure(
        "AccessDenied",
        f"User: {ANA_ARN} is not authorized to perform: s3:GetObject on resource:"
        ' "arn:aws:s3:::case-35/k" with an explicit deny in a resource-based policy',
        403,
    )


def test_36_another_account_needs_the_bucket_policy(served: Site) -> None:
    bucket_of(served, "case-36")
    iam = served.client("iam", OTHER_ROOT)
    iam.put_user_policy(UserName="ben", PolicyName="p", PolicyDocument=allow("s3:*"))
    answer = read(served.client("s3", BEN), "case-36")
    iam.delete_user_policy(UserName="ben", PolicyName="p")
    # Strangers are told no more than that (R: cross-organization denials give no reason).
    assert isinstance(answer, Failure)
    assert (answer.code, answer.status) == ("AccessDenied", 403)


def test_37_another_account_needs_both_sides(served: Site) -> None:
    bucket_of(served, "case-37", Principal={"AWS": BEN_ARN})
    ben, iam = served.client("s3", BEN), served.client("iam", OTHER_ROOT)
    assert read(ben, "case-37").code == "AccessDenied"
    iam.put_user_policy(UserName="ben", PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    assert read(ben, "case-37") == b"hello"
    iam.delete_user_policy(UserName="ben", PolicyName="p")
    # The event is in the bucket owner's name too: the resource says whose it is.
    event = served.events(eventName="GetObject")[-1]
    assert event["resources"][0]["ARN"] == "arn:aws:s3:::case-37/k"


def presigned(served: Site, bucket: str, who: Credentials, version: str = "s3v4") -> str:
    s3 = boto3.client(
        "s3",
        endpoint_url=served.url,
        region_name=REGION,
        aws_access_key_id=who.key,
        aws_secret_access_key=who.secret,
        config=Config(signature_version=version),
    )
    return str(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))


def get(url: str) -> tuple[int, str]:
    answer = send(url, message("GET", "/" + url.split("/", 3)[3], host=host_of(url)))
    return answer.status, answer.text


def test_a_presigned_url_is_good_for_what_its_signer_may(served: Site) -> None:
    bucket_of(served, "presigned")
    url = presigned(served, "presigned", served.root)
    assert get(url) == (200, "hello")
    status, body = get(url.replace("/k?", "/other?"))
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    status, body = get(presigned(served, "presigned", ANA))
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)
    assert f"User: {ANA_ARN} is not authorized to perform: s3:GetObject on resource" in body
    status, body = get(presigned(served, "presigned", served.root, "s3"))
    assert (status, "Please use AWS4-HMAC-SHA256." in body) == (400, True)


def test_without_a_signature_only_the_bucket_policy_counts(served: Site) -> None:
    bucket_of(served, "closed")
    bucket_of(served, "open-to-all", Principal="*")
    nobody = served.client("s3", NOBODY)
    assert read(nobody, "closed") == Failure("AccessDenied", "Access Denied", 403)
    assert read(nobody, "open-to-all") == b"hello"
    assert attempt(nobody.put_object, Bucket="open-to-all", Key="x", Body=b"").status == 403
    served.client("s3").put_public_access_block(
        Bucket="open-to-all", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
    )
    assert read(nobody, "open-to-all").status == 403


def test_the_bucket_may_stand_before_the_host(served: Site) -> None:
    bucket_of(served, "in-front")
    host = f"in-front.localhost:{served.url.rsplit(':', 1)[1]}"

    def ask(method: str, target: str, body: bytes = b"") -> Any:
        made = message(method, target, body, host=host, content_type="text/plain")
        signed = sign(
            made, served.root.key, served.root.secret, datetime.now(UTC),
            region=REGION, service="s3",
        )  # fmt: skip
        return send(served.url, signed)

    assert ask("PUT", "/a/b%20c.txt", b"there").status == 200
    got = ask("GET", "/a/b%20c.txt")
    assert (got.body, got.headers["content-type"]) == (b"there", "text/plain")
    assert "<Key>a/b c.txt</Key>" in ask("GET", "/?list-type=2").text


def test_head_tells_the_size_of_what_it_does_not_send(served: Site) -> None:
    s3 = served.client("s3")
    s3.create_bucket(Bucket="sized")
    s3.put_object(Bucket="sized", Key="k", Body=b"x" * 1000)
    assert s3.head_object(Bucket="sized", Key="k")["ContentLength"] == 1000


def test_tags_of_objects_and_buckets_count(served: Site) -> None:
    s3 = bucket_of(served, "tagged")
    s3.put_object(Bucket="tagged", Key="red", Body=b"1", Tagging="team=red")
    s3.put_object(Bucket="tagged", Key="blue", Body=b"2", Tagging="team=blue")
    condition = {"StringEquals": {"s3:ExistingObjectTag/team": "red"}}
    who = served.user("redreader", allow("s3:GetObject", Condition=condition))
    mine = served.client("s3", who)
    assert read(mine, "tagged", "red") == b"1"
    assert read(mine, "tagged", "blue").code == "AccessDenied"
    s3.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": [{"Key": "team", "Value": "green"}]})
    assert resources(served)["arn:aws:s3:::tagged"].tags == {"team": "green"}


def test_a_bucket_policy_that_cannot_be_read_is_refused(served: Site) -> None:
    s3 = bucket_of(served, "malformed")

    def put(text: str) -> Any:
        answer = attempt(s3.put_bucket_policy, Bucket="malformed", Policy=text)
        return answer.code, answer.message, answer.status

    assert put("{") == (
        "MalformedPolicy",
        "Policies must be valid JSON and the first byte must be '{'",
        400,
    )
    somewhere = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::elsewhere/*"}
    assert put(document({**somewhere, "Principal": "*"}))[1] == "Policy has invalid resource"
    unknown = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody-at-all"}
    assert put(document({**somewhere, "Principal": unknown}))[1] == "Invalid principal in policy"
    s3.put_public_access_block(
        Bucket="malformed", PublicAccessBlockConfiguration={"BlockPublicPolicy": True}
    )
    public = {**somewhere, "Resource": "arn:aws:s3:::malformed/*", "Principal": "*"}
    assert put(document(public))[0] == "AccessDenied"
    assert resources(served)["arn:aws:s3:::malformed"].policy is None


def test_what_steers_moto_is_not_the_clients(served: Site) -> None:
    bucket_of(served, "steered")
    who = served.client("s3", BEN)
    seen: list[str] = []

    def spoof(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = ACCOUNT
        seen.append(request.url)

    who.meta.events.register("before-sign.s3.*", spoof)
    answer = attempt(who.list_objects_v2, Bucket="steered")
    assert seen
    assert answer.code == "AccessDenied"
    for path in ("/moto-api/reset", "/moto-api/reset-auth", "/moto-api/data.json"):
        assert send(served.url, message("POST", path, b"inf")).status in {403, 404}
    assert read(served.client("s3"), "steered") == b"hello"


def test_lists_are_of_the_callers_account(served: Site) -> None:
    bucket_of(served, "of-a")
    served.client("s3", OTHER_ROOT).create_bucket(Bucket="of-b")
    mine = {b["Name"] for b in served.client("s3").list_buckets()["Buckets"]}
    theirs = {b["Name"] for b in served.client("s3", OTHER_ROOT).list_buckets()["Buckets"]}
    assert "of-a" in mine
    assert theirs == {"of-b"}
    answer = attempt(served.client("s3", OTHER_ROOT).create_bucket, Bucket="of-a")
    assert (answer.code, answer.status) == ("BucketAlreadyExists", 409)
    assert "arn:aws:s3:::of-b" in resources(served, B)
    assert "arn:aws:s3:::of-b" not in resources(served)


def test_what_a_seed_tells_of_is_there(served: Site) -> None:
    assert served.client("s3").head_bucket(Bucket="seeded-bucket")
    tags = served.client("s3").get_bucket_tagging(Bucket="seeded-bucket")["TagSet"]
    assert tags == [{"Key": "team", "Value": "red"}]


# --- queues and topics ----------------------------------------------------------------------------


def test_a_queue_policy_lets_another_account_in(served: Site) -> None:
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName="shared", tags={"team": "red"})["QueueUrl"]
    assert url == f"{served.url}/{ACCOUNT}/shared"
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:shared"
    ben, iam = served.client("sqs", BEN), served.client("iam", OTHER_ROOT)
    iam.put_user_policy(UserName="ben", PolicyName="q", PolicyDocument=allow("sqs:*"))
    answer = attempt(ben.send_message, QueueUrl=url, MessageBody="x")
    assert (answer.code, answer.status) == ("AccessDenied", 403)
    sqs.add_permission(QueueUrl=url, Label="ben", AWSAccountIds=[B], Actions=["SendMessage"])
    assert resources(served)[arn].policy is not None
    assert ben.send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    assert ben.send_message(QueueUrl=url, MessageBody="y")["MessageId"]  # the policy stayed
    assert attempt(ben.receive_message, QueueUrl=url).code == "AccessDenied"
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {m["Body"] for m in received} == {"x", "y"}
    sqs.remove_permission(QueueUrl=url, Label="ben")
    assert attempt(ben.send_message, QueueUrl=url, MessageBody="z").code == "AccessDenied"
    answer = attempt(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": "{}"})
    assert (answer.code, answer.message) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter Policy.",
    )
    sqs.delete_queue(QueueUrl=url)
    assert arn not in resources(served)


def test_denials_speak_each_services_protocol(served: Site) -> None:
    for service, operation, code, status in (
        ("sqs", "list_queues", "AccessDenied", 403),
        ("sns", "list_topics", "AuthorizationError", 403),
        ("dynamodb", "list_tables", "AccessDeniedException", 400),
        ("kms", "list_keys", "AccessDeniedException", 400),
        ("secretsmanager", "list_secrets", "AccessDeniedException", 400),
        ("ssm", "describe_parameters", "AccessDeniedException", 400),
        ("logs", "describe_log_groups", "AccessDeniedException", 400),
        ("events", "list_rules", "AccessDeniedException", 400),
        ("s3", "list_buckets", "AccessDenied", 403),
    ):
        answer = attempt(getattr(served.client(service, ANA), operation))
        assert isinstance(answer, Failure), service
        assert (answer.code, answer.status) == (code, status), service
        assert ANA_ARN in answer.message


def test_every_service_answers_who_may(served: Site) -> None:
    root = served.client
    assert root("sqs").list_queues()
    assert "Topics" in root("sns").list_topics()
    assert "TableNames" in root("dynamodb").list_tables()
    assert "Keys" in root("kms").list_keys()
    assert "SecretList" in root("secretsmanager").list_secrets()
    assert "Parameters" in root("ssm").describe_parameters()
    assert "logGroups" in root("logs").describe_log_groups()
    assert "Rules" in root("events").list_rules()
    assert "Metrics" in root("cloudwatch").list_metrics()
    assert "items" in root("apigateway").get_rest_apis()
    answer = attempt(root("ec2").describe_vpcs)
    assert (answer.code, answer.status) == ("NotImplemented", 501)


# --- keys, secrets, tables ------------------------------------------------------------------------


def test_a_key_policy_comes_before_identity_policies(served: Site) -> None:
    kms = served.client("kms")
    arn = kms.create_key(Description="d")["KeyMetadata"]["Arn"]
    kept = resources(served)[arn]
    assert json.loads(kept.policy)["Statement"][0]["Sid"] == "Enable IAM User Permissions"
    assert kept.attributes["KeyUsage"] == "ENCRYPT_DECRYPT"
    who = served.user("keyuser", allow(["kms:Encrypt", "kms:Decrypt"]))
    mine = served.client("kms", who)
    sealed = mine.encrypt(KeyId=arn, Plaintext=b"secret")["CiphertextBlob"]
    assert mine.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
    # Without the account in the key policy, identity policies do not count (R100).
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    narrow = document(
        {"Effect": "Allow", "Principal": root, "Action": "kms:PutKeyPolicy", "Resource": "*"}
    )
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=narrow)
    answer = attempt(mine.decrypt, CiphertextBlob=sealed)
    assert (answer.code, answer.status) == ("AccessDeniedException", 400)
    assert "because no resource-based policy allows the kms:Decrypt action" in answer.message


def test_a_key_policy_must_leave_a_door(served: Site) -> None:
    kms = served.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    lost = document(
        {"Effect": "Allow", "Principal": {"AWS": ANA_ARN}, "Action": "kms:*", "Resource": "*"}
    )
    answer = attempt(kms.put_key_policy, KeyId=arn, PolicyName="default", Policy=lost)
    assert (answer.code, answer.message) == (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    kms.put_key_policy(
        KeyId=arn, PolicyName="default", Policy=lost, BypassPolicyLockoutSafetyCheck=True
    )
    assert json.loads(resources(served)[arn].policy) == json.loads(lost)


def test_an_alias_is_its_key(served: Site) -> None:
    kms = served.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=arn)
    who = served.user("aliased", allow("kms:Encrypt", arn))
    assert served.client("kms", who).encrypt(KeyId="alias/app", Plaintext=b"x")["CiphertextBlob"]


def test_a_secrets_policy_counts_and_must_be_readable(served: Site) -> None:
    secrets = served.client("secretsmanager")
    arn = secrets.create_secret(Name="db", SecretString="pw", Tags=[{"Key": "a", "Value": "b"}])[
        "ARN"
    ]
    assert resources(served)[arn].tags == {"a": "b"}
    mine = served.client("secretsmanager", ANA)
    assert attempt(mine.get_secret_value, SecretId="db").code == "AccessDeniedException"
    policy = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    text = document({**policy, "Principal": {"AWS": ANA_ARN}})
    secrets.put_resource_policy(SecretId="db", ResourcePolicy=text)
    assert mine.get_secret_value(SecretId="db")["SecretString"] == "pw"
    answer = attempt(secrets.put_resource_policy, SecretId="db", ResourcePolicy="{}")
    assert answer.code == "MalformedPolicyDocumentException"
    secrets.delete_resource_policy(SecretId="db")
    assert attempt(mine.get_secret_value, SecretId="db").code == "AccessDeniedException"


def test_the_leading_key_of_an_item_counts(served: Site) -> None:
    dynamodb = served.client("dynamodb")
    dynamodb.create_table(
        TableName="games",
        KeySchema=[{"AttributeName": "player", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "player", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    who = served.user("ida", allow(["dynamodb:PutItem", "dynamodb:GetItem"], Condition=condition))
    mine = served.client("dynamodb", who)
    mine.put_item(TableName="games", Item={"player": {"S": "ida"}, "score": {"N": "7"}})
    got = mine.get_item(TableName="games", Key={"player": {"S": "ida"}})["Item"]
    assert got["score"] == {"N": "7"}
    answer = attempt(mine.get_item, TableName="games", Key={"player": {"S": "eve"}})
    assert (answer.code, answer.status) == ("AccessDeniedException", 400)


def test_moto_reaches_nothing_past_the_gate(served: Site) -> None:
    secrets, ssm = served.client("secretsmanager"), served.client("ssm")
    secrets.create_secret(Name="hidden", SecretString="pw")
    who = served.user("parameters", allow("ssm:*"))
    name = "/aws/reference/secretsmanager/hidden"
    for given in ({"Name": name}, {"Name": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"}):
        answer = attempt(served.client("ssm", who).get_parameter, WithDecryption=True, **given)
        assert isinstance(answer, Failure)
        assert "pw" not in answer.message
    assert attempt(ssm.get_parameters, Names=[name]).code == "NotImplemented"
    export = served.client("dynamodb").export_table_to_point_in_time
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
    assert attempt(export, TableArn=arn, S3Bucket="seeded-bucket").code == "NotImplemented"


# --- what is kept ---------------------------------------------------------------------------------


def test_changes_are_in_the_journal_and_reads_are_not(served: Site) -> None:
    bucket_of(served, "journaled")
    served.client("s3").delete_object(Bucket="journaled", Key="k")
    served.client("s3").delete_bucket(Bucket="journaled")
    records = [
        r.entry.operation
        for r in served.started.store.history()
        if "arn:aws:s3:::journaled" in str(r.changes)
    ]
    assert records == ["DeleteBucket", "CreateBucket"]
    assert "arn:aws:s3:::journaled" not in resources(served)
    failed = attempt(served.client("s3").get_bucket_policy, Bucket="seeded-bucket")
    assert failed.code == "NoSuchBucketPolicy"
    assert served.events(eventName="GetBucketPolicy")[-1]["errorCode"] == "NoSuchBucketPolicy"


def test_only_one_endpoint_of_a_process_has_the_services(served: Site) -> None:
    served.client("s3").list_buckets()
    with site(two_accounts()) as second:
        answer = attempt(second.client("s3").list_buckets)
        assert (answer.code, answer.status) == ("NotImplemented", 501)
        assert "another endpoint" in answer.message
        assert attempt(second.client("s3", ANA).list_buckets).code == "AccessDenied"
    assert served.client("s3").list_buckets()["Buckets"]


def test_a_set_of_no_tags_takes_them_away(served: Site) -> None:
    s3 = bucket_of(served, "untagged")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    for method, given in (("object", {"Bucket": "untagged", "Key": "k"}),
                          ("bucket", {"Bucket": "untagged"})):  # fmt: skip
        put, get = getattr(s3, f"put_{method}_tagging"), getattr(s3, f"get_{method}_tagging")
        put(**given, Tagging=tags)
        assert get(**given)["TagSet"] == tags["TagSet"]
        put(**given, Tagging={"TagSet": []})
        gone = attempt(get, **given)
        assert gone.code == "NoSuchTagSet" if isinstance(gone, Failure) else gone["TagSet"] == []
