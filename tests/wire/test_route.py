"""Which operation a request calls."""

import json
from pathlib import Path
from typing import Any

import pytest

from clearance.facts.services import service
from clearance.wire.faults import FaultError
from clearance.wire.message import Message
from clearance.wire.route import route

VECTORS = Path("tests/vectors/wire")
ROUTES = json.loads((VECTORS / "routes.json").read_text())["cases"]
UNKNOWN = json.loads((VECTORS / "unknown_operations.json").read_text())["cases"]


def message_of(case: dict[str, Any]) -> Message:
    headers = [("Host", "localhost"), *case.get("headers", {}).items()]
    if "form" in case:
        headers.append(("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
    return Message.of(case["method"], case["target"], headers, case.get("form", "").encode())


@pytest.mark.parametrize("case", ROUTES, ids=lambda c: f"{c['method']} {c['target']}")
def test_a_request_finds_its_operation(case: dict[str, Any]) -> None:
    found = route([service(name) for name in case["services"]], message_of(case))
    assert found.operation.name == case["operation"]
    assert found.labels == case.get("labels", {})


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: case["name"])
def test_an_unknown_operation_is_the_protocols_own_fault(case: dict[str, Any]) -> None:
    with pytest.raises(FaultError) as caught:
        route([service(name) for name in case["services"]], message_of(case))
    assert caught.value.fault.code == case["code"]
    assert caught.value.fault.status == case["status"]
