"""Many clients, mixed calls: no server error, no call without its event."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.endpoints import Failure, allow, attempt, credentials_of, key_of, site, small_estate

CALLS, CLIENTS = 2400, 6


def test_mixed_calls_of_many_clients() -> None:
    with site(small_estate()) as found:
        ana = credentials_of(key_of("ana"))
        admin, mine = found.client("iam"), found.client("iam", ana)
        sts, functions = found.client("sts", ana), found.client("lambda", ana)
        s3, dynamodb = found.client("s3"), found.client("dynamodb")
        s3.create_bucket(Bucket="mixed")
        queue = found.client("sqs").create_queue(QueueName="mixed")["QueueUrl"]
        sqs, theirs = found.client("sqs"), found.client("s3", ana)
        dynamodb.create_table(
            TableName="mixed",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        found.function("echo")
        invoke = found.client("lambda").invoke
        before = len(found.events())
        dice = random.Random(3)  # noqa: S311 - a mixture
        calls: list[Any] = [
            lambda n: attempt(admin.create_user, UserName=f"u{n % 50}"),
            lambda n: attempt(admin.delete_user, UserName=f"u{n % 50}"),
            lambda n: attempt(admin.get_user, UserName=f"u{n % 50}"),
            lambda n: attempt(admin.tag_user, UserName="ana", Tags=[{"Key": "n", "Value": str(n)}]),
            lambda n: attempt(
                admin.put_user_policy, UserName="ana", PolicyName="p", PolicyDocument=allow(
                    "lambda:List*" if n % 2 else "sts:*"),
            ),
            lambda _: attempt(mine.list_users),
            lambda _: attempt(sts.get_caller_identity),
            lambda _: attempt(functions.list_functions),
            lambda _: attempt(functions.get_function, FunctionName="nothing"),
            lambda n: attempt(invoke, FunctionName="echo", Payload=str(n).encode()),
            lambda n: attempt(s3.put_object, Bucket="mixed", Key=f"k{n % 9}", Body=b"x" * n * 10),
            lambda n: attempt(s3.delete_object, Bucket="mixed", Key=f"k{n % 9}"),
            lambda _: attempt(s3.list_objects_v2, Bucket="mixed"),
            lambda n: attempt(theirs.get_object, Bucket="mixed", Key=f"k{n % 9}"),
            lambda n: attempt(sqs.send_message, QueueUrl=queue, MessageBody=str(n)),
            lambda _: attempt(sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=10),
            lambda n: attempt(dynamodb.put_item, TableName="mixed", Item={"id": {"S": str(n % 9)}}),
            lambda n: attempt(
                dynamodb.update_item, TableName="mixed", Key={"id": {"S": str(n % 9)}},
                UpdateExpression="ADD n :n", ExpressionAttributeValues={":n": {"N": "1"}},
            ),
            lambda _: attempt(dynamodb.scan, TableName="mixed"),
        ]  # fmt: skip
        todo = [(dice.choice(calls), n) for n in range(CALLS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda job: job[0](job[1]), todo))
        failures = [a for a in answers if isinstance(a, Failure)]
        assert not [f for f in failures if f.status >= 500]
        assert {f.code for f in failures} <= {
            "AccessDenied", "AccessDeniedException", "EntityAlreadyExists", "NoSuchEntity",
        }  # fmt: skip
        assert len(answers) - len(failures) > CALLS / 4
        assert len(found.events()) - before == CALLS
        assert found.started.store.verify() >= 1
        world = found.started.world
        kept = world.store.at(world.now())
        assert kept == world.estate
