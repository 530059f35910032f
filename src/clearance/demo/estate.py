"""The estate the story starts in: an organization, two accounts, one user in each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from clearance.model.estate import (
    FULL_ACCESS,
    AccessKey,
    Account,
    Estate,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    Role,
    Secret,
    TrustPolicy,
    User,
)
from clearance.operations.call import Ports

__all__ = ["ACCOUNT", "FUNCTION", "MANAGEMENT", "OU", "PARTNER", "REGION", "Cast", "cast"]

REGION: Final = "us-east-1"
MANAGEMENT: Final = "111111111111"
ACCOUNT: Final = "123456789012"
PARTNER: Final = "098765432109"
OU: Final = "ou-ex4m-workload"
FUNCTION: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ProcessImages"


@dataclass(frozen=True, slots=True)
class Cast:
    """The estate and the keys of those who act in it."""

    estate: Estate
    keys: dict[str, AccessKey]


def cast(ports: Ports, now: datetime) -> Cast:
    """Everyone of the story, with fresh credentials."""
    names = ("management", "admin", "partner-admin", "lambda_executer", "reporter")
    keys = {
        name: AccessKey(ports.access_key_id("AKIA"), Secret(ports.secret_key()), now)
        for name in names
    }
    lambda_executer = User(
        "lambda_executer",
        ports.unique_id("AIDA"),
        now,
        keys={keys["lambda_executer"].id: keys["lambda_executer"]},
        inline={
            "look-around": _document("lambda:ListFunctions", "*"),
            "assume-auditor": _document(
                "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/image-auditor"
            ),
        },
    )
    reporter = User(
        "reporter", ports.unique_id("AIDA"), now, keys={keys["reporter"].id: keys["reporter"]}
    )
    auditor = User("auditor", ports.unique_id("AIDA"), now)
    roles = {
        "ProcessImagesRole": Role(
            "ProcessImagesRole",
            ports.unique_id("AROA"),
            now,
            TrustPolicy(_trust({"Service": "lambda.amazonaws.com"})),
        ),
        "ArchiveImagesRole": Role(
            "ArchiveImagesRole",
            ports.unique_id("AROA"),
            now,
            TrustPolicy(_trust({"Service": "ec2.amazonaws.com"})),
        ),
        "image-auditor": Role(
            "image-auditor",
            ports.unique_id("AROA"),
            now,
            TrustPolicy(_trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/auditor"})),
            inline={"look": _document("lambda:GetFunction", FUNCTION)},
        ),
    }
    accounts = (
        Account(MANAGEMENT, name="management", root_keys=_own(keys["management"])),
        Account(
            ACCOUNT,
            name="images",
            root_keys=_own(keys["admin"]),
            users={"lambda_executer": lambda_executer, "auditor": auditor},
            roles=roles,
        ),
        Account(
            PARTNER,
            name="partner",
            root_keys=_own(keys["partner-admin"]),
            users={"reporter": reporter},
        ),
    )
    organization = _organization()
    return Cast(
        Estate({a.id: a for a in accounts}, {organization.id: organization}),
        keys,
    )


def _own(key: AccessKey) -> dict[str, AccessKey]:
    return {key.id: key}


def _organization() -> Organization:
    full = OrgPolicy(
        "p-FullAWSAccess",
        "FullAWSAccess",
        "SERVICE_CONTROL_POLICY",
        FULL_ACCESS,
        aws_managed=True,
    )
    targets = ("r-ex4m", OU, MANAGEMENT, ACCOUNT, PARTNER)
    return Organization(
        "o-exampleorg1",
        MANAGEMENT,
        units={
            "r-ex4m": OrgUnit("r-ex4m", "Root"),
            OU: OrgUnit(OU, "Workloads", "r-ex4m"),
        },
        accounts={
            MANAGEMENT: OrgAccount(MANAGEMENT, "management", "r-ex4m"),
            ACCOUNT: OrgAccount(ACCOUNT, "images", OU),
            PARTNER: OrgAccount(PARTNER, "partner", OU),
        },
        policies={full.id: full},
        attachments=dict.fromkeys(targets, (full.id,)),
    )


def _document(action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(principal: dict[str, Any]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
