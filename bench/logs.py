"""Replay synthetic CloudTrail: events a second by stage, distinct share, memory, speed of reading.

python bench/logs.py [--events 200000] [--roles 300] [--seed 1]

Calls are skewed as in real logs: few roles make most calls, on few resources, in many sessions,
from many addresses, at ever new times. One seed, one log.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from clearance import wiring
from clearance.batch.distinct import count
from clearance.batch.keys import Spoken
from clearance.batch.propose import attach_to
from clearance.batch.read import Found, files_in, records
from clearance.batch.replay import Kind, replay
from clearance.batch.requests import Mapper
from clearance.model.estate import (
    Account,
    Estate,
    OrgAccount,
    Organization,
    OrgUnit,
    Role,
    TrustPolicy,
)

ACCOUNT: Final = "123456789012"
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
FILE: Final = 5_000
SERVICES: Final = ("s3", "dynamodb", "sqs", "lambda", "kms", "sts", "ec2")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def estate(roles: int, rng: random.Random) -> Estate:
    """Roles with ten statements each, some with conditions, in an organization with an SCP."""
    made = {}
    for number in range(roles):
        statements: list[dict[str, Any]] = []
        for _ in range(9):
            service = rng.choice(SERVICES)
            found: dict[str, Any] = {"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"}
            if rng.random() < 0.3:
                found["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
            statements.append(found)
        statements.append({"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"})
        name = f"role-{number}"
        made[name] = Role(
            name,
            f"AROA{number:017}",
            START,
            TrustPolicy(policy()),
            inline={"p": policy(*statements)},
        )
    organization = Organization(
        "o-bench",
        "999999999999",
        {"r-1": OrgUnit("r-1", "root")},
        {ACCOUNT: OrgAccount(ACCOUNT, "bench", "r-1")},
    )
    full = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    base = Estate({ACCOUNT: Account(ACCOUNT, roles=made)}).with_organization(organization)
    return attach_to(attach_to(base, "r-1", full), ACCOUNT, full)


def events(number: int, roles: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    addresses = [f"{rng.choice((10, 203))}.0.{rng.randrange(40)}.{n % 250}" for n in range(2_000)]
    for place in range(number):
        role = min(int(rng.paretovariate(0.9)) - 1, roles - 1)
        item = min(int(rng.paretovariate(0.8)) - 1, 5_000)
        session = f"s{rng.randrange(200)}"
        issued = START + timedelta(hours=rng.randrange(24 * 30))
        source, name, parameters = _call(rng, item)
        yield {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROA{role:017}:{session}",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/role-{role}/{session}",
                "accountId": ACCOUNT,
                "accessKeyId": f"ASIA{rng.randrange(10**6):016}",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": f"AROA{role:017}",
                        "arn": f"arn:aws:iam::{ACCOUNT}:role/role-{role}",
                        "accountId": ACCOUNT,
                        "userName": f"role-{role}",
                    },
                    "attributes": {
                        "creationDate": f"{issued:%Y-%m-%dT%H:%M:%SZ}",
                        "mfaAuthenticated": "false",
                    },
                },
            },
            "eventTime": f"{START + timedelta(seconds=place):%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": rng.choice(addresses),
            "userAgent": f"Boto3/1.{rng.randrange(40)} md/Botocore#1.40 ua/2.1 os/linux lang/python",  # noqa: E501
            "requestParameters": parameters,
            "responseElements": {"x-amz-request-id": f"{rng.randrange(10**12)}"},
            "requestID": f"{rng.randrange(10**16):016x}",
            "eventID": f"{rng.randrange(10**16):016x}",
            "readOnly": True,
            "eventType": "AwsApiCall",
            "managementEvent": False,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Data",
            "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
            **({"errorCode": "AccessDenied"} if rng.random() < 0.01 else {}),
        }


def _call(rng: random.Random, item: int) -> tuple[str, str, dict[str, Any]]:
    calls = (
        ("s3", "GetObject", {"bucketName": f"b{item % 50}", "key": f"data/{item}.parquet"}),
        ("s3", "PutObject", {"bucketName": f"b{item % 50}", "key": f"data/{item}.parquet"}),
        ("dynamodb", "GetItem", {"tableName": f"t{item % 80}", "key": {"id": "x"}}),
        ("sqs", "SendMessage", {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q{item % 60}"}),  # noqa: E501
        ("lambda", "Invoke", {"functionName": f"f{item % 200}"}),
        ("sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/role-{item % 100}",
                               "roleSessionName": f"s{rng.randrange(1000)}"}),
        ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}),
    )  # fmt: skip
    return rng.choices(calls, (40, 10, 20, 10, 10, 5, 5))[0]


def write(folder: Path, number: int, roles: int, rng: random.Random) -> int:
    size, batch, place = 0, [], 0
    for each in events(number, roles, rng):
        batch.append(each)
        if len(batch) == FILE:
            size += _file(folder, place, batch)
            batch, place = [], place + 1
    return size + (_file(folder, place, batch) if batch else 0)


def _file(folder: Path, place: int, batch: list[dict[str, Any]]) -> int:
    content = msgspec.json.encode({"Records": batch})
    (folder / f"{place:05}.json.gz").write_bytes(gzip.compress(content, 6, mtime=0))
    return len(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--roles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    current = estate(given.roles, rng)
    deny = {
        "Sid": "OfficeOnly",
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    }
    proposed = attach_to(current, f"arn:aws:iam::{ACCOUNT}:role/role-0", policy(deny))
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = Path(name)
        size = write(folder, given.events, given.roles, rng)
        files = files_in([folder])
        began = time.perf_counter()
        read = sum(1 for _ in records(files, Found()))
        reading = time.perf_counter() - began
        mapper = Mapper(current, wiring.catalog(), Spoken(current, proposed))
        began = time.perf_counter()
        counted = count(records(files, Found()), mapper)
        first = time.perf_counter() - began
        began = time.perf_counter()
        found = replay(counted, current, proposed, wiring.catalog())
        deciding = time.perf_counter() - began
    broken = sum(c.tally.count for c in found.of(Kind.DENIED))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{read:,} events, {size / 1e6:,.0f} MB of JSON in {len(files)} files (gzip)")
    print(
        f"read      {reading:6.1f} s  {read / reading:>9,.0f} events/s  {size / reading / 1e6:,.0f} MB/s"  # noqa: E501
    )
    print(f"map       {first:6.1f} s  {read / first:>9,.0f} events/s, reading included")
    print(
        f"decide    {deciding:6.1f} s  {found.requests / deciding:>9,.0f} requests/s, both estates"
    )
    total = first + deciding
    print(f"whole     {total:6.1f} s  {read / total:>9,.0f} events/s, one process")
    share = len(counted.calls) / max(1, counted.decided)
    print(
        f"distinct  {len(counted.calls):,} kinds of calls, {share:.1%} of events; {broken:,} broken"
    )
    print(f"memory    {memory:,.0f} MiB")


if __name__ == "__main__":
    main()
