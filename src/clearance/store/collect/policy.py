"""The least policy for a collection, found by rehearsing it: no list of actions to forget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape

from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Ports
from clearance.operations.permissions.required import required
from clearance.store.collect.aws import Aws
from clearance.store.collect.organization import members, organization
from clearance.store.collect.reading import Reading
from clearance.store.collect.run import PARTS, Wanted
from clearance.wire.shapes import Service

__all__ = ["least_privilege"]

_ACCOUNT: Final = "123456789012"
_DEPTH: Final = 6


def least_privilege(
    wanted: Wanted, catalog: Catalog, model: Callable[[str], Service]
) -> dict[str, Any]:
    """The policy that a collection needs; ``model`` gives botocore's model of a service."""
    calls = _rehearsed(wanted)
    actions = {action for call in calls for action in _actions(call, catalog, model(call[0]))}
    # Everything is read, so every resource; roles are the only thing that is used.
    statements: list[dict[str, Any]] = [
        {"Sid": "ReadEstate", "Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    ]
    if wanted.organization and wanted.role:
        statements.append(
            {
                "Sid": "EnterAccounts",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": f"arn:{_partition(wanted)}:iam::*:role/{wanted.role}",
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


_Rehearsed = tuple[str, str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """An AWS that has one of everything, and remembers what it was asked."""

    calls: list[_Rehearsed] = field(default_factory=list)

    def call(
        self, service: str, operation: str, /, region: str | None = None, **given: object
    ) -> dict[str, Any]:
        del region
        self.calls.append((service, operation, given))
        output = _models().get_service_model(service).operation_model(operation).output_shape
        return {} if output is None else cast("dict[str, Any]", _example(output, 0))

    def entered(self, role: str) -> Aws:
        del role
        return self


def _rehearsed(wanted: Wanted) -> list[_Rehearsed]:
    aws = _Rehearsal()
    reading = Reading(aws, _ACCOUNT, "aws", "us-east-1", workers=1)
    for part in PARTS:
        for _ in part.read(reading):
            pass
    if wanted.organization:
        for _ in organization(reading):
            pass
        if wanted.role:
            members(reading)
    return aws.calls


def _actions(call: _Rehearsed, catalog: Catalog, model: Service) -> set[str]:
    service, operation, given = call
    caller = Principal(PrincipalKind.USER, f"arn:aws:iam::{_ACCOUNT}:user/collector", _ACCOUNT)
    # Reading asks nothing of the world: no ids, no blobs.
    made = Call(
        caller, _ACCOUNT, "us-east-1", datetime(2026, 1, 1, tzinfo=UTC), cast("Ports", None)
    )
    found = required(Estate(), made, service, operation, given, catalog, model=model)
    return {permission.action for permission in found}


def _partition(wanted: Wanted) -> str:
    return str(_models().get_partition_for_region(wanted.regions[0]))


@cache
def _models() -> botocore.session.Session:
    return botocore.session.Session()


def _example(shape: Shape, depth: int) -> object:
    """An answer with one of everything."""
    if depth > _DEPTH:
        return None
    if isinstance(shape, StructureShape):
        return {name: _example(member, depth + 1) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [_example(shape.member, depth + 1)]
    if isinstance(shape, MapShape):
        return {"QueueArn": _example(shape.value, depth + 1)}
    if shape.type_name == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else "example"  # type: ignore[attr-defined]
    return {"boolean": False, "integer": 1, "long": 1}.get(shape.type_name)
