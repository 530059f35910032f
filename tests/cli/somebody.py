"""An estate in which some people can invoke a function, for the commands that list them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.estates import estate

from clearance.store import snapshot

ACCOUNT, AWAY, STRANGER = "123456789012", "210987654321", "333333333333"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:resize"
ANA, BOB = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ana", "bob"))
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
EVENTS = "events.amazonaws.com"
OUTSIDER = f"arn:aws:iam::{STRANGER}:role/partner"


def allow(actions: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(*names: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [*names]}}
    return {"Version": "2012-10-17", "Statement": [statement]}


OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
RAW = {
    "accounts": {
        ACCOUNT: {
            "users": {
                "ana": {"inline": {"invoke": allow("lambda:Invoke*", FUNCTION, Condition=OFFICE)}},
                "bob": {"inline": {"become": allow("sts:AssumeRole", DEPLOY)}},
                "eve": {},
            },
            "roles": {
                "deploy": {
                    "inline": {"lambda": allow(["lambda:*", "s3:GetObject"])},
                    "trust": trust(BOB, ANA),
                },
            },
            "functions": {
                "resize": {
                    "policies": {
                        "": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Principal": {"Service": EVENTS},
                                    "Action": "lambda:InvokeFunction",
                                    "Resource": FUNCTION,
                                },
                                {
                                    "Effect": "Allow",
                                    "Principal": {"AWS": OUTSIDER},
                                    "Action": "lambda:InvokeFunction",
                                    "Resource": FUNCTION,
                                },
                            ],
                        }
                    }
                }
            },
        },
        AWAY: {"roles": {"reader": {"inline": {"all": allow("*")}}}},
    }
}
ESTATE = estate(RAW)


def saved(folder: Path) -> Path:
    path = folder / "estate.json"
    snapshot.save_file(ESTATE, path)
    return path
