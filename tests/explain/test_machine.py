"""The machine form: its schema, and AWS's own model of evaluations."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from tests.explain.test_causes import CASES, explained

from clearance.explain.inputs import from_authorization_details
from clearance.explain.toolbox import details

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "explanation.schema.json"
jsonschema: Any = importlib.import_module("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
ANSWER = (
    botocore.session.get_session()
    .get_service_model("iam-toolbox")
    .operation_model("GetRequestAuthorizationDetails")
    .output_shape
)


@pytest.mark.parametrize("case", CASES)
def test_every_explanation_obeys_the_schema(case: Mapping[str, Any]) -> None:
    answer = json.loads(json.dumps(explained(case).to_json()))
    problems = [f"{list(e.path)}: {e.message[:200]}" for e in VALIDATOR.iter_errors(answer)]
    assert not problems


def problems_of(value: Any, shape: Shape | None, path: str) -> list[str]:
    """What of a value the model does not allow: members, types, enums, what is required."""
    assert shape is not None
    found: list[str] = []
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return []
        members: Mapping[str, Shape] = shape.members  # type: ignore[attr-defined]
        found += [f"{path}.{name} unknown" for name in value if name not in members]
        required = shape.metadata.get("required", [])
        found += [f"{path}.{name} missing" for name in required if name not in value]
        for name, each in value.items():
            if name in members:
                found += problems_of(each, members[name], f"{path}.{name}")
    elif kind == "list":
        for each in value:
            found += problems_of(each, shape.member, f"{path}[]")  # type: ignore[attr-defined]
    elif kind == "map":
        for each in value.values():
            found += problems_of(each, shape.value, f"{path}{{}}")  # type: ignore[attr-defined]
    elif not _fits(value, shape):
        found.append(f"{path}: {value!r}")
    return found


def _fits(value: Any, shape: Shape) -> bool:
    if shape.type_name == "boolean":
        return isinstance(value, bool)
    allowed = getattr(shape, "enum", None)
    return isinstance(value, str) and (not allowed or value in allowed)


@pytest.mark.parametrize("case", CASES)
def test_evaluations_are_those_of_iam_toolbox(case: Mapping[str, Any]) -> None:
    found = explained(case)
    answer = details(found.decisions)
    assert problems_of(answer, ANSWER, "") == []


def test_our_own_evaluations_are_evidence() -> None:
    found = next(explained(c.values[0]) for c in CASES if "DenyOutsideEU" in json.dumps(c.values))
    evidence = from_authorization_details(details(found.decisions))
    assert [each.action for each in evidence] == ["lambda:InvokeFunction"]
    assert evidence[0].denial.policy_arn is not None
    assert evidence[0].denial.policy_arn.endswith("/p-regions")
