"""Cases of ``vectors/validate``: each issue code is found where it stands, and fixed as said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clearance.facts.catalog import load_catalog
from clearance.model.policy import PolicyType
from clearance.validate import CODES, Finding, FindingType, fixed, validate
from clearance.validate.codes import REMOVED

FOLDER = Path(__file__).parent.parent / "vectors" / "validate"
CATALOG = load_catalog()


def cases(name: str) -> list[dict[str, Any]]:
    content = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = content["cases"]
    return found


CASES = cases("codes")


def text_of(policy: str | Mapping[str, Any]) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy, indent=2)


def findings(case: Mapping[str, Any], text: str) -> tuple[Finding, ...]:
    kind = PolicyType[case["kind"]]
    return validate(text, kind, catalog=CATALOG, resource=case.get("resource"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["code"])
def test_a_code_is_found_in_its_place(case: Mapping[str, Any]) -> None:
    text = text_of(case["policy"])
    hits = [f for f in findings(case, text) if f.code == case["code"]]
    assert hits, [f.code for f in findings(case, text)]
    if "at" in case:
        assert [f.place.text for f in hits] == [case["at"]]
    for hit in hits:
        assert 0 <= hit.place.start <= hit.place.end <= len(text)
        assert hit.details[0] in '`"' or hit.details[0].islower() or hit.details[:2].isupper()
        assert not hit.details.endswith(".")


@pytest.mark.parametrize("case", [c for c in CASES if "fixed" in c], ids=lambda case: case["code"])
def test_a_fix_writes_what_was_meant(case: Mapping[str, Any]) -> None:
    text = text_of(case["policy"])
    found = [f for f in findings(case, text) if f.code == case["code"]]
    made, used = fixed(text, found)
    assert json.loads(made) == json.loads(text_of(case["fixed"]))
    assert len(used) == len(found)
    assert case["code"] not in [f.code for f in findings(case, made)]


@pytest.mark.parametrize("case", cases("clean"), ids=lambda case: case["name"])
def test_nothing_is_said_of_a_good_policy(case: Mapping[str, Any]) -> None:
    found = findings(case, text_of(case["policy"]))
    assert not found, [(f.code, f.details) for f in found]


def test_every_code_has_a_case() -> None:
    covered = {case["code"] for case in CASES}
    assert covered == set(CODES)
    assert not covered & set(REMOVED)


def test_there_are_as_many_codes_as_access_analyzer_has() -> None:
    counts = {kind: sum(c.type is kind for c in CODES.values()) for kind in FindingType}
    assert counts == {
        FindingType.ERROR: 79,
        FindingType.SECURITY_WARNING: 17,
        FindingType.WARNING: 26,
        FindingType.SUGGESTION: 29,
    }
