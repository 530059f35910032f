"""Every case of ``vectors/decide`` and ``vectors/estates`` through both engines."""

from __future__ import annotations

import pytest
from tests.cases import Case, DecideCase, EstateCase, decide_cases, estate_cases

from clearance.decide import authorize_all
from clearance.decide.authorize import decide
from clearance.decide.compile import Engine, PolicyEngine
from clearance.facts.catalog import load_catalog

CASES: list[Case] = [*decide_cases(), *estate_cases()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plain_interpreter(case: Case) -> None:
    decisions = [decide(situation) for situation in case.situations()]
    assert authorize_all(decisions).value == case.effect, decisions
    notes = {note.rule for decision in decisions for note in decision.notes}
    assert set(case.raw.get("notes", ())) <= notes
    undecided = {key.key for decision in decisions for key in decision.undecided}
    assert undecided == set(case.raw.get("undecided", undecided))
    if "stated" in case.raw:
        assert [d.stated.type.name for d in decisions if d.stated] == [case.raw["stated"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compiled_engine(case: Case) -> None:
    catalog = load_catalog() if case.raw.get("catalog") else None
    if isinstance(case, DecideCase):
        bare = PolicyEngine(case.policies, options=case.options, catalog=catalog)
        found = [bare.decide(request) for request in case.requests]
    elif isinstance(case, EstateCase):
        engine = Engine(case.estate, options=case.options, catalog=catalog)
        found = [engine.decide(request, now=case.now) for request in case.requests]
    assert found == [decide(situation).effect for situation in case.situations()]


def test_policies_of_the_cases_can_be_read() -> None:
    for case in CASES:
        for situation in case.situations():
            errors = [p.error for layer in situation.layers for p in layer.policies if p.error]
            assert not errors or case.raw.get("broken"), (case.name, errors)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_names_its_source(case: Case) -> None:
    assert case.rules
    assert case.raw["source"]
    for source in case.raw["source"]:
        assert source.startswith(("https://docs.aws.amazon.com/", "https://aws.amazon.com/"))
