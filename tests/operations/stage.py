"""A stage for operations: two accounts, some identities, every answer held to AWS's model."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from tests.fakes import NOW, FakePorts

from clearance.model.estate import FULL_ACCESS, Account, Estate, Role, TrustPolicy, User
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.operations.call import Call, Operation
from clearance.operations.fault import OperationError

__all__ = ["ADMIN", "NOW", "A", "B", "Stage", "archive", "misfits", "model", "trusting"]

A, B = "123456789012", "098765432109"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "double": (float, int),
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
    "list": list,
    "map": dict,
    "structure": dict,
}


def trusting(kind: str, name: str) -> TrustPolicy:
    """A trust policy that names one principal."""
    return TrustPolicy(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        f'{{"{kind}":"{name}"}},"Action":"sts:AssumeRole"}}]}}'
    )


def archive(text: str = "def handler(event, context): return event") -> bytes:
    """A deployment package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(zipfile.ZipInfo("app.py"), text)
    return buffer.getvalue()


def _account(number: str) -> Account:
    lambda_role = Role(
        "exec", f"AROAEXEC{number}", NOW, trusting("Service", "lambda.amazonaws.com")
    )
    deploy = Role(
        "deploy",
        f"AROADEPLOY{number}",
        NOW,
        trusting("AWS", f"arn:aws:iam::{number}:root"),
        path="/team/",
        tags={"team": "red"},
        max_session=7200,
    )
    user = User("ana", f"AIDAANA{number}", NOW, attached=(ADMIN,), tags={"team": "blue"})
    return Account(number, roles={r.name: r for r in (lambda_role, deploy)}, users={"ana": user})


class Stage:
    """An estate and somebody who calls the operations of one service."""

    def __init__(self, service: str, operations: Mapping[str, Operation]) -> None:
        self.service = service
        self.operations = operations
        self.ports = FakePorts()
        self.names: dict[str, str] = {}
        self.estate = Estate({n: _account(n) for n in (A, B)}, managed={ADMIN: FULL_ACCESS})
        self.call = Call(self.user(A), A, "us-east-1", NOW, self.ports, "request-1")

    def __call__(self, operation: str, /, **given: Any) -> Mapping[str, Any]:
        """Do it, keep the estate that comes out, and hold the answer against the model."""
        self.estate, output = self.operations[operation](self.estate, self.call, given)
        shape = model(self.service).operation_model(operation).output_shape
        found = list(misfits(shape, dict(output), operation)) if shape else []
        assert shape or not output, f"{operation} answers {output}"
        assert not found, found
        return output

    def refused(self, operation: str, /, **given: Any) -> OperationError:
        """The refusal; the estate stays as it is."""
        try:
            self.operations[operation](self.estate, self.call, given)
        except OperationError as error:
            return error
        raise AssertionError(f"{operation} was not refused")

    @property
    def account(self) -> Account:
        return self.estate.accounts[self.call.account]

    def user(self, account: str, name: str = "ana") -> Principal:
        user = self.estate.accounts[account].users[name]
        arn = self.estate.accounts[account].user_arn(user)
        return Principal(
            PrincipalKind.USER, arn, account, unique_id=user.id, tags=user.tags, access_key="AKIA1"
        )

    def root(self, account: str = A) -> Principal:
        return Principal(PrincipalKind.ROOT, f"arn:aws:iam::{account}:root", account)

    def session(self, account: str = A, **facts: Any) -> Principal:
        """A session of the role `deploy`."""
        role = self.estate.accounts[account].roles["deploy"]
        return Principal(
            PrincipalKind.ROLE_SESSION,
            f"arn:aws:sts::{account}:assumed-role/deploy/one",
            account,
            unique_id=role.id,
            role_arn=self.estate.accounts[account].role_arn(role),
            session_name="one",
            session=Session(**facts),
        )

    def acts(self, principal: Principal) -> None:
        """From now on this principal calls."""
        self.call = replace(self.call, principal=principal, account=principal.account or A)

    def opened(self, output: Mapping[str, Any]) -> Principal:
        """Who the session token of an answer stands for."""
        return self.ports.open(output["Credentials"]["SessionToken"]).principal


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def misfits(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Where a value departs from the model's shape."""
    kind = shape.type_name
    fits = isinstance(value, _TYPES[kind])
    if not fits:
        yield f"{path} is {type(value).__name__}, not {kind}"
        return
    if kind == "structure":
        yield from (f"{path} lacks {name}" for name in shape.required_members if name not in value)
    for name, inner_shape, inner in _inside(shape, value):
        if inner_shape is None:
            yield f"{path} has no member {name}"
        else:
            yield from misfits(inner_shape, inner, f"{path}.{name}")
    if kind == "string":
        yield from _word(shape, value, path)
    if isinstance(value, datetime) and value.tzinfo is None:
        yield f"{path} has no time zone"


def _inside(shape: Any, value: Any) -> Iterator[tuple[object, Any, Any]]:
    match shape.type_name:
        case "structure":
            yield from ((name, shape.members.get(name), v) for name, v in value.items())
        case "list":
            yield from ((place, shape.member, v) for place, v in enumerate(value))
        case "map":
            yield from ((key, shape.key, key) for key in value)
            yield from ((key, shape.value, v) for key, v in value.items())


def _word(shape: Shape, value: str, path: str) -> Iterator[str]:
    traits = shape.metadata
    if value not in traits.get("enum", [value]):
        yield f"{path} is `{value}`, not one of {traits['enum']}"
    if not traits.get("min", 0) <= len(value) <= traits.get("max", len(value)):
        yield f"{path} has {len(value)} characters"
    pattern = traits.get("pattern")
    if pattern and r"\p" not in pattern and r"\u" not in pattern:
        try:
            fits = re.search(pattern, value)
        except re.error:  # Java's syntax
            return
        if not fits:
            yield f"{path} is `{value}`, which is not {pattern}"
