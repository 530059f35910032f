"""Every cause of the catalogue: named first, its look-alikes ruled out, its fix decided again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.explain.estates import NOW, estate_of

from clearance.decide import authorize, identify
from clearance.explain import (
    Confidence,
    Explanation,
    Place,
    apply_all,
    explain,
    explain_evidence,
)
from clearance.explain.findings import adds_an_allow
from clearance.explain.inputs import recognise
from clearance.explain.prose import lines
from clearance.facts.catalog import load_catalog
from clearance.model.glob import Glob
from clearance.model.principal import Session
from clearance.model.request import Context, Request
from clearance.operations.permissions.names import meant

VECTORS = Path(__file__).parent.parent / "vectors" / "explain"


def cases() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            name = f"{path.stem}: {case['first']}: {case['name']}"
            yield pytest.param(case, id=name)


CASES = list(cases())


def context_of(given: Mapping[str, Any]) -> Context:
    return Context.of(given.get("context", {}), absent=given.get("absent", ()))


def explained(case: Mapping[str, Any]) -> Explanation:
    return _explained(json.dumps(case))


@cache
def _explained(text: str) -> Explanation:
    case = json.loads(text)
    estate = estate_of(case["estate"])
    asked = case.get("request")
    given = case.get("record") or case.get("message")
    evidence = recognise(given)[0] if given else None
    expected = identify(case["expected"], estate) if "expected" in case else None
    more: dict[str, Any] = {
        "catalog": load_catalog(),
        "meant": meant,
        "now": NOW,
        "expected": expected,
    }
    if asked is None:
        assert evidence is not None
        return explain_evidence(estate, evidence, context=context_of(case), **more)
    who = identify(asked["principal"], estate)
    if "session" in asked:
        policies = tuple(asked["session"].get("policies", ()))
        who = replace(who, session=Session(policies))
    request = Request(who, asked["action"], asked["resource"], context_of(asked))
    also = tuple(
        Request(who, each["action"], each["resource"], context_of(each))
        for each in case.get("also", ())
    )
    return explain(estate, request, stated=evidence, also=also, **more)


@pytest.mark.parametrize("case", CASES)
def test_cause(case: Mapping[str, Any]) -> None:
    found = explained(case)
    ids = [cause.id for cause in found.causes]
    assert ids[0] == case["first"], ids
    assert found.causes[0].confidence is not Confidence.POSSIBLE or case.get("bare")
    assert found.causes[0].add_allow is case.get("allow", found.causes[0].add_allow)
    excluded = {each.id: each.because for each in found.ruled_out}
    for name in case.get("out", ()):
        assert excluded.get(name), (name, excluded, ids)
    assert case["first"] not in excluded
    if "agrees" in case:
        assert found.agrees is case["agrees"]
        assert found.disagreement
    if "blockers" in case:
        assert len(found.blockers) == case["blockers"]


@pytest.mark.parametrize("case", CASES)
def test_fix(case: Mapping[str, Any]) -> None:
    found = explained(case)
    fix = found.fix
    kinds = [(each.kind.value, each.works, each.title) for each in found.fixes]
    if case["fix"] is None:
        assert fix is None or fix.kind.value in {"no_policy_change", "retry"}, kinds
        return
    if case["fix"] == "retry":
        assert kinds[0][0] == "retry"
        return
    assert fix is not None, kinds
    assert fix is found.fixes[0]
    assert fix.kind.value == case["fix"], kinds
    assert fix.verified is not None
    if "owner" in case:
        assert case["owner"] in [str(owner) for owner in fix.owners]
    if "edits" in case:
        assert len(fix.edits) == case["edits"]
    if "any_fix" in case:
        assert any(case["any_fix"] in each.title and each.works for each in found.fixes), kinds
    assert fix.cli or not fix.edits


def statements_of(text: str | None) -> list[dict[str, Any]]:
    document = json.loads(text) if text else {}
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("case", CASES)
def test_no_fix_allows_every_action_or_resource(case: Mapping[str, Any]) -> None:
    found = explained(case)
    asked = {decision.request.resource for decision in found.decisions}
    for edit in (edit for fix in found.fixes for edit in fix.edits):
        if edit.target.place is Place.ATTACHMENT or "make the content of" in str(found.fixes):
            continue
        for statement in statements_of(edit.after):
            if statement["Effect"] == "Allow" and statement not in statements_of(edit.before):
                assert statement["Action"] != "*"
                was = {json.dumps(s.get("Resource")) for s in statements_of(edit.before)}
                wide = statement.get("Resource") == "*"
                assert not wide or "*" in asked or '"*"' in was
                assert statement.get("Principal") != "*" or '"*"' in json.dumps(case["estate"])


@pytest.mark.parametrize("case", CASES)
def test_a_proven_fix_allows_every_permission(case: Mapping[str, Any]) -> None:
    found = explained(case)
    estate = estate_of(case["estate"])
    for fix in found.fixes:
        if fix.works and fix.edits and fix.instead is None:
            after = apply_all(estate, fix.edits)
            for decision in found.decisions:
                request = decision.request
                assert authorize(after, request, now=NOW).allowed, fix.title


@pytest.mark.parametrize("case", CASES)
def test_the_sample_lies_within_what_is_proven(case: Mapping[str, Any]) -> None:
    """Nothing that the sample shows newly allowed is beyond what the documents can allow."""
    fixes = explained(case).fixes
    verified = fixes[0].verified if fixes else None
    if verified is None or verified.gains is None:
        return
    for access in verified.newly_allowed:
        assert any(
            any(Glob.of(a, ignore_case=True).matches(access.action) for a in gain.actions)
            and any(Glob.of(r).matches(access.resource) for r in gain.resources)
            for gain in verified.gains
        ), (access, verified.gains)


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_short(case: Mapping[str, Any]) -> None:
    shown = lines(explained(case))
    assert len(shown) <= 20
    assert all(len(line) <= 100 for line in shown)


def test_every_cause_of_the_catalogue_has_a_case() -> None:
    told = {param.values[0]["first"] for param in CASES}
    assert len(told) >= 50


def test_no_allow_is_called_useless_that_is_proposed_and_works() -> None:
    proposed = 0
    for case in (param.values[0] for param in CASES):
        found = explained(case)
        if adds_an_allow(found.fixes):
            told = "\n".join((*lines(found), *found.next_steps))
            assert "it cannot help" not in told, case["name"]
            assert found.cause is not None
            proposed += not found.cause.add_allow
    assert proposed > 3
