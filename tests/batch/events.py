"""CloudTrail records, as short as a test can write them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clearance import wiring
from clearance.batch.read import Found, Record, files_in, records
from clearance.batch.requests import Row
from clearance.batch.translate import Translator
from clearance.batch.units import InMemory, row_at

HOME = "111111111111"


def user(name: str = "ana", account: str = HOME) -> dict[str, Any]:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return {"type": "IAMUser", "arn": arn, "accountId": account, "userName": name}


def session(
    role: str, name: str = "s1", account: str = HOME, path: str = "/", **attributes: str
) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "principalId": f"AROA{role.upper()}:{name}",
        "sessionContext": {
            "attributes": {"mfaAuthenticated": "false", **attributes},
            "sessionIssuer": {
                "type": "Role",
                "arn": f"arn:aws:iam::{account}:role{path}{role}",
                "principalId": f"AROA{role.upper()}",
            },
        },
    }


def event(who: Any, source: str, name: str, parameters: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventType": "AwsApiCall",
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2",
        "userIdentity": who,
        "requestParameters": parameters,
        "responseElements": {"not": "read"},
        "recipientAccountId": HOME,
        **more,
    }


def write(path: Path, *events: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"Records": events}))
    return path


def read(path: Path) -> tuple[list[Record], Found]:
    found = Found()
    return list(records(files_in([path]), found)), found


def record(given: dict[str, Any], folder: Path) -> Record:
    (made,), _ = read(write(folder / "one.json", given))
    return made


def table_of(records: Iterable[Record]) -> Any:
    """Records as a table of the dataset."""
    translator = Translator(wiring.catalog())
    for each in records:
        translator.add(each)
    return translator.table()


def rows_of(records: Iterable[Record]) -> list[Row]:
    columns = InMemory(table_of(records))
    return [row_at(columns, place) for place in range(columns.rows)]
