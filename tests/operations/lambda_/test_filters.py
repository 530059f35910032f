"""Event filters, by vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clearance.operations.lambda_.filters import matches

RULES = Path(__file__).parents[2] / "vectors" / "lambda_filters" / "rules.json"
CASES = json.loads(RULES.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_filters(case: dict[str, Any]) -> None:
    assert matches(case["pattern"], case["record"]) is case["matches"]
