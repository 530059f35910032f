"""Drawn calls as CloudTrail's records, in files laid out as CloudTrail delivers them to S3."""

from __future__ import annotations

import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from clearance.batch.synthetic.model import Actor, Habit, World
from clearance.batch.synthetic.rows import START, Log, draw_rows

__all__ = ["access_key", "identity", "moment", "record_of", "records", "write"]

MOST: Final = 5_000  # records a file
_HOUR: Final = 3600
_START: Final = int(START.timestamp())


def identity(actor: Actor, session: int, began: str) -> dict[str, Any]:
    """``userIdentity`` of an actor's call; ``began`` is when its session did."""
    if actor.runs == "service":
        return {"type": "AWSService", "invokedBy": actor.arn}
    name = actor.arn.rsplit("/", 1)[-1]
    if actor.runs == "user":
        return {
            "type": "IAMUser",
            "principalId": actor.unique_id,
            "arn": actor.arn,
            "accountId": actor.account,
            "accessKeyId": actor.sessions[session],
            "userName": name,
        }
    called = actor.sessions[session]
    return {
        "type": "AssumedRole",
        "principalId": f"{actor.unique_id}:{called}",
        "arn": f"arn:aws:sts::{actor.account}:assumed-role/{name}/{called}",
        "accountId": actor.account,
        "accessKeyId": access_key(called, began),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": actor.unique_id,
                "arn": actor.arn,
                "accountId": actor.account,
                "userName": name,
            },
            "attributes": {
                "creationDate": began,
                "mfaAuthenticated": "true" if actor.mfa else "false",
            },
        },
    }  # fmt: skip


def access_key(session: str, began: str) -> str:
    """The temporary key of a session."""
    digest = hashlib.md5(f"{session} {began}".encode(), usedforsecurity=False)
    return "ASIA" + digest.hexdigest()[:16].upper()


def records(world: World, log: Log) -> Iterator[dict[str, Any]]:
    """CloudTrail's records of a world, oldest first."""
    for rows in draw_rows(world, log):
        columns = (
            rows.habit, rows.item, rows.time, rows.address, rows.agent, rows.session,
            rows.missing, rows.unique,
        )  # fmt: skip
        for habit, item, time, address, agent, session, missing, unique in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            told = world.habits[habit]
            actor = world.actors[told.actor]
            place = actor.place
            began = moment(time // _HOUR * _HOUR)
            code = "NoSuchKey" if missing else told.error
            record = record_of(world, told, item, unique)
            record["userIdentity"] = {
                **identity(actor, session, began),
                **({"invokedBy": told.via} if told.via else {}),
            }
            record["eventTime"] = moment(time)
            record["sourceIPAddress"] = told.via or place.addresses[address]
            record["userAgent"] = told.via or place.agents[agent]
            if place.endpoint is not None and told.via is None:
                record["vpcEndpointId"] = place.endpoint
            if code is not None:
                record["errorCode"] = code
            yield record


@lru_cache(maxsize=4096)
def moment(seconds: int) -> str:
    """A time as CloudTrail writes it, counted from the beginning of the log."""
    return f"{datetime.fromtimestamp(_START + seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def record_of(world: World, habit: Habit, item: int, unique: int) -> dict[str, Any]:
    """A record without what changes from call to call."""
    actor, call = world.actors[habit.actor], habit.call
    arn = habit.family.item(item)
    owner = habit.family.account
    named = {"type": call.resource_type, "ARN": arn, "accountId": owner}
    digest = hashlib.md5(b"%d" % unique, usedforsecurity=False).hexdigest()
    return {
        "eventVersion": "1.11",
        "eventSource": f"{call.source}.amazonaws.com",
        "eventName": call.name,
        "awsRegion": actor.region,
        "requestParameters": call.parameters(arn),
        "responseElements": None,
        "requestID": digest,
        "eventID": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}",
        "readOnly": call.read_only,
        "resources": [named] if call.resource_type else None,
        "eventType": "AwsApiCall",
        "managementEvent": not call.data,
        "recipientAccountId": owner if actor.runs == "service" else actor.account,
        "eventCategory": "Data" if call.data else "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }


def write(world: World, log: Log, folder: Path) -> tuple[int, int]:
    """Write the log files; answers how many, and how many bytes of JSON they hold."""
    waiting: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    files = size = 0
    day = ""
    for record in records(world, log):
        today = record["eventTime"][:10]
        if today != day:
            for place, batch in waiting.items():
                files, size = files + 1, size + _file(folder, place, batch)
            waiting.clear()
            day = today
        key = (record["recipientAccountId"], record["awsRegion"], today.replace("-", "/"))
        waiting[key].append(record)
        if len(waiting[key]) == MOST:
            files, size = files + 1, size + _file(folder, key, waiting.pop(key))
    for place, batch in waiting.items():
        files, size = files + 1, size + _file(folder, place, batch)
    return files, size


def _file(folder: Path, place: tuple[str, str, str], batch: list[dict[str, Any]]) -> int:
    account, region, day = place
    content = msgspec.json.encode({"Records": batch})
    stamp = batch[-1]["eventTime"].replace("-", "").replace(":", "")[:13] + "Z"
    unique = batch[0]["requestID"][:16]
    target = folder / "AWSLogs" / account / "CloudTrail" / region / day
    target.mkdir(parents=True, exist_ok=True)
    name = f"{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz"
    (target / name).write_bytes(gzip.compress(content, 6, mtime=0))
    return len(content)
