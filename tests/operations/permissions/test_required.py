"""What each call must be allowed: cases as data, and every operation of the core services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from clearance.facts.catalog import load_catalog
from clearance.facts.services import service as service_model
from clearance.model.estate import (
    AccessKey,
    Account,
    Estate,
    Group,
    InstanceProfile,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Resource,
    Role,
    Secret,
    TrustPolicy,
    User,
)
from clearance.model.function import (
    Function,
    FunctionConfiguration,
    FunctionPolicy,
    FunctionUrl,
)
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Input, Ports
from clearance.operations.permissions.ask import Lookup, NothingKnown
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.required import TABLES, required
from clearance.server.calls import OPERATIONS
from clearance.wire.shapes import Kind, Service

VECTORS = Path(__file__).parents[2] / "vectors" / "permissions"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOME = "123456789012"
AWAY = "210987654321"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/k-1"


def _function() -> Function:
    policy = {
        "Statement": [
            {
                "Sid": "url",
                "Effect": "Allow",
                "Principal": {"AWS": AWAY},
                "Action": "lambda:InvokeFunctionUrl",
                "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
            }
        ]
    }
    latest = FunctionConfiguration(
        role=f"arn:aws:iam::{HOME}:role/svc/app",
        runtime="python3.12",
        handler="app.handler",
        code="0" * 64,
        code_size=1,
        code_sha256="",
        modified=NOW,
        revision_id="1",
    )
    return Function(
        "f",
        "us-east-1",
        latest,
        policies={"": FunctionPolicy(json.dumps(policy), "1")},
        urls={"": FunctionUrl("abc", "AWS_IAM", NOW, NOW)},
    )


def _resources() -> dict[str, Resource]:
    here = f"us-east-1:{HOME}"
    attributes = {
        "arn:aws:s3:::sealed": {"KMSMasterKeyID": "k-1"},
        f"arn:aws:sqs:{here}:sealed": {"KmsMasterKeyId": "alias/app"},
        f"arn:aws:sns:{here}:sealed": {"KmsMasterKeyId": "alias/aws/sns"},
        f"arn:aws:kms:{here}:alias/app": {"TargetKeyId": "k-1"},
        KEY: {"KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS"},
        f"arn:aws:secretsmanager:{here}:secret:db-AbCdEf": {"KmsKeyId": "k-1"},
        f"arn:aws:secretsmanager:{here}:secret:open-AbCdEf": {},
        f"arn:aws:ec2:{here}:subnet/subnet-1": {"VpcId": "vpc-1"},
        f"arn:aws:lambda:{here}:event-source-mapping:u-1": {
            "FunctionArn": f"arn:aws:lambda:{here}:function:f"
        },
    }
    return {arn: Resource(arn, attributes=found) for arn, found in attributes.items()}


def _estate() -> Estate:
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    policy = f"arn:aws:iam::{HOME}:policy/team/P"
    home = Account(
        HOME,
        users={
            "ana": User(
                "ana",
                "AIDAANA",
                NOW,
                path="/team/",
                boundary=boundary,
                keys={"AKIAANA": AccessKey("AKIAANA", Secret("x"), NOW)},
            )
        },
        groups={"devs": Group("devs", "AGPA", NOW, path="/team/")},
        roles={
            "app": Role("app", "AROAAPP", NOW, TrustPolicy("{}"), path="/svc/", boundary=boundary)
        },
        policies={
            policy: ManagedPolicy("P", "ANPA", NOW, NOW, {"v1": PolicyVersion("v1", "{}", NOW)})
        },
        instance_profiles={
            "web": InstanceProfile("web", "AIPA", NOW, path="/svc/", roles=("app",))
        },
        functions={"us-east-1/f": _function()},
        resources=_resources(),
    )
    away = Account(AWAY, resources={"arn:aws:s3:::theirs": Resource("arn:aws:s3:::theirs")})
    organization = Organization(
        "o-abcdefghij",
        "111111111111",
        {
            "r-ab12": OrgUnit("r-ab12", "Root"),
            "ou-ab12-abcdefgh": OrgUnit("ou-ab12-abcdefgh", "Prod", "r-ab12"),
        },
        {HOME: OrgAccount(HOME, "home", "ou-ab12-abcdefgh")},
        {
            "p-guard": OrgPolicy("p-guard", "Guard", "SERVICE_CONTROL_POLICY", "{}"),
            "p-edge": OrgPolicy("p-edge", "Edge", "RESOURCE_CONTROL_POLICY", "{}"),
            "p-FullAWSAccess": OrgPolicy(
                "p-FullAWSAccess", "Full", "SERVICE_CONTROL_POLICY", "{}", aws_managed=True
            ),
        },
    )
    return Estate().with_account(home).with_account(away).with_organization(organization)


@dataclass(frozen=True, slots=True)
class Known(NothingKnown):
    """A lookup that knows one object, one ciphertext and one table."""

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        del version
        return {"class": "secret"} if (bucket, key) == ("b", "tagged") else None

    def key_of_object(self, bucket: str, key: str, version: str | None) -> str | None:
        del version
        return KEY if (bucket, key) == ("sealed", "k") else None

    def key_of_ciphertext(self, ciphertext: bytes) -> str | None:
        return KEY if ciphertext == b"known" else None

    def partition_key(self, table: str, index: str | None) -> str | None:
        del index
        return "pk" if table.endswith("table/known") else None


ESTATE = _estate()
CATALOG = load_catalog()
CALLERS = {
    "ana": Principal(PrincipalKind.USER, f"arn:aws:iam::{HOME}:user/team/ana", HOME),
    "session": Principal(
        PrincipalKind.ROLE_SESSION,
        f"arn:aws:sts::{HOME}:assumed-role/app/s",
        HOME,
        role_arn=f"arn:aws:iam::{HOME}:role/svc/app",
    ),
}
NO_PORTS = cast("Ports", None)  # deriving permissions never touches the world


def _call(caller: str = "ana", region: str = "us-east-1") -> Call:
    return Call(CALLERS[caller], HOME, region, NOW, NO_PORTS)


def _ask(
    service: str,
    operation: str,
    given: Input,
    call: Call | None = None,
    lookup: Lookup | None = None,
) -> tuple[Permission, ...]:
    return required(
        ESTATE,
        call or _call(),
        service,
        operation,
        given,
        CATALOG,
        model=service_model(service),
        lookup=lookup or Known(),
    )


def _revive(value: Any) -> Any:
    # {"$bytes": "text"} stands for bytes, which JSON does not have.
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return value["$bytes"].encode()
        return {name: _revive(item) for name, item in value.items()}
    return [_revive(item) for item in value] if isinstance(value, list) else value


def _plain(found: Permission) -> dict[str, Any]:
    """A permission as the vectors write it: what is usual is left out."""
    context = {k: list(v) if isinstance(v, tuple) else v for k, v in found.context.items()}
    plain: dict[str, Any] = {"action": found.action, "resource": found.resource}
    optional = {
        "context": context or None,
        "account": None if found.resource_account in {HOME, None} else found.resource_account,
        "dependent": found.dependent or None,
        "underived": not found.derived or None,
        "shown_action": found.shown_action,
        "shown_resource": found.shown_resource,
    }
    return plain | {name: value for name, value in optional.items() if value is not None}


def _cases() -> list[Any]:
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for case in document.get("cases", ()):
            service = case.get("service", document.get("service"))
            name = f"{path.stem}: {case['name']}"
            found.append(pytest.param(service, case, id=name))
    return found


@pytest.mark.parametrize(("service", "case"), _cases())
def test_a_call_asks_for(service: str, case: dict[str, Any]) -> None:
    call = _call(case.get("caller", "ana"), case.get("region", "us-east-1"))
    found = _ask(service, case["operation"], _revive(case["input"]), call)
    assert [_plain(permission) for permission in found] == case["expect"]


def test_there_are_many_cases() -> None:
    assert len(_cases()) >= 120


# Every operation of the core services.

CORE = sorted({*TABLES, "accessanalyzer", "apigateway", "apigatewayv2"})
UNKNOWN: dict[str, dict[str, str]] = json.loads(
    (VECTORS / "unknown-actions.json").read_text(encoding="utf-8")
)["operations"]


def _sample(model: Service, shape: str, depth: int = 0, name: str = "") -> Any:
    """Some input of a shape: every member at the top, the required ones below."""
    found = model.shapes[shape]
    match found.kind:
        case Kind.STRUCTURE:
            return {
                n: _sample(model, f.target, depth + 1, n)
                for n, f in found.members.items()
                if depth == 0 or (n in found.required and depth < 4)
            }
        case Kind.LIST if found.member is not None:
            return [_sample(model, found.member.target, depth + 1, name)]
        case Kind.MAP if found.value is not None:
            return {"k": _sample(model, found.value.target, depth + 1, name)}
        case Kind.STRING:
            return found.enum[0] if found.enum else f"x-{name}"
        case Kind.BOOLEAN:
            return False
        case Kind.BLOB:
            return b"x"
        case Kind.TIMESTAMP:
            return NOW
        case _:
            return 1


@pytest.mark.parametrize("service", CORE)
def test_every_operation_maps_to_an_action_that_exists(service: str) -> None:
    model = service_model(service)
    listed, served = UNKNOWN.get(service, {}), OPERATIONS.get(service, {})
    wrong = {}
    for name, operation in model.operations.items():
        given = _sample(model, operation.input) if operation.input else {}
        found = _ask(service, name, given)
        assert found, f"{name} asks for nothing, which would allow it"
        missing = {p.action for p in found if CATALOG.action(p.action) is None}
        # An operation newer than this list and the service authorization reference asks by its
        # own name, so that nobody is allowed it by a wrong table; none of ours may be like that.
        new = name not in served and {a.partition(":")[2] for a in missing} == {name}
        if missing and name not in listed and not new:
            wrong[name] = missing
    assert wrong == {}


@pytest.mark.parametrize("service", CORE)
def test_nothing_sent_still_asks_for_something(service: str) -> None:
    for name in service_model(service).operations:
        assert _ask(service, name, {}), name


ODD: tuple[Any, ...] = (
    None, "", [], {}, "arn:", "arn:aws:::::", "x", [None], [{}], {"k": None}, {"k": []}, 5, b"x",
    "*", "/", {"Objects": [None]}, [[]], {"a": {"b": 1}}, "[::1", "http://[x/",
)  # fmt: skip


@pytest.mark.parametrize("service", CORE)
def test_input_of_any_shape_is_read_without_harm(service: str) -> None:
    dice = Random(service)  # noqa: S311 - a fixed sequence, no secret
    for name, operation in service_model(service).operations.items():
        if operation.input is not None:
            members = service_model(service).shapes[operation.input].members
            for _ in range(5):
                given = {member: dice.choice(ODD) for member in members}
                assert _ask(service, name, given), name


def test_what_is_underived_says_so_and_is_never_open() -> None:
    found = _ask("iam", "GetRole", {})
    assert [(p.resource, p.derived) for p in found] == [("*", False)]
    assert found[0].warning is not None
    assert "iam:GetRole" in found[0].warning


def test_an_unknown_service_is_asked_by_its_own_name() -> None:
    found = required(ESTATE, _call(), "nosuch", "DoIt", {}, CATALOG)
    assert [(p.action, p.resource, p.derived) for p in found] == [("nosuch:DoIt", "*", False)]
