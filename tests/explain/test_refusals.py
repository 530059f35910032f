"""Refusals that no policy made, and calls that an error names by their operation alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clearance.explain import explain_evidence
from clearance.explain.denial import Form
from clearance.explain.inputs import from_client_error, recognise
from clearance.explain.no_policy import NO_POLICY, advice_for, refused_early
from clearance.explain.prose import lines
from clearance.facts.catalog import load_catalog
from clearance.operations.permissions.names import meant

FILE = Path(__file__).parents[1] / "vectors" / "messages" / "refusals.json"
CASES = json.loads(FILE.read_text("utf-8"))["cases"]
EARLY = [case for case in CASES if case["denials"][0]["form"] == Form.NO_POLICY.value]


@pytest.mark.parametrize("case", EARLY, ids=lambda case: case["name"])
def test_a_refusal_before_any_policy_proposes_none(case: dict[str, Any]) -> None:
    (evidence,) = recognise(case["text"])
    found = explain_evidence(None, evidence)
    assert found.cause is not None
    assert not found.cause.add_allow
    assert found.next_steps[0] == advice_for(evidence.denial)
    assert not found.unknowns
    assert found.exit_code == 3
    assert lines(found)[0].startswith("REFUSED")


def test_every_row_has_a_case() -> None:
    said = ["".join(case["denials"][0]["service_reason"].split()) for case in EARLY]
    lonely = [row for row in NO_POLICY if not any(map(row.words.fullmatch, said))]
    assert not lonely


def test_a_denial_by_a_policy_is_none_of_these() -> None:
    for text in ("Access Denied", "not authorized", "the request"):
        for evidence in recognise(f"AccessDenied: {text}"):
            assert refused_early(evidence.denial) is None
            assert advice_for(evidence.denial) is None


@pytest.mark.parametrize(
    ("operation", "code", "said", "action"),
    [
        ("HeadObject", "403", "Forbidden", "s3:GetObject"),
        ("ListObjectsV2", "AccessDenied", "Access Denied", "s3:ListBucket"),
        ("AssumeRole", "AccessDenied", "Access Denied", "sts:AssumeRole"),
        ("Invoke", "AccessDeniedException", "no", "lambda:InvokeFunction"),
        ("TagResource", "AccessDeniedException", "no", None),  # many services have one
        ("NoSuchThing", "AccessDenied", "Access Denied", None),
    ],
)
def test_an_operation_tells_its_action_if_only_one_fits(
    operation: str, code: str, said: str, action: str | None
) -> None:
    (evidence,) = from_client_error({"Error": {"Code": code, "Message": said}}, operation)
    found = explain_evidence(None, evidence, catalog=load_catalog(), meant=meant)
    assert found.given.get("implied_action") == action
    assert lines(found)[0].startswith(f"DENIED  {action or operation}  by somebody")
