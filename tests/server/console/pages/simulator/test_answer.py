"""The answer agrees with the engine, and changes change what they should."""

from __future__ import annotations

import pytest
from tests.consoles import demo_estate
from tests.endpoints import ACCOUNT, allow
from tests.fakes import NOW

from clearance import wiring
from clearance.decide import authorize, identify
from clearance.model.decision import CheckType, DecisionEffect
from clearance.model.request import KeyState, Request
from clearance.server.console.pages.simulator.answer import Answer, answer
from clearance.server.console.pages.simulator.question import MOST, Changes, Key, Question

EXECUTER = f"arn:aws:iam::{ACCOUNT}:user/lambda_executer"
AUDITOR = f"arn:aws:iam::{ACCOUNT}:role/image-auditor"
ESTATE = demo_estate()[0]


def ask(question: Question) -> Answer:
    return answer(question, ESTATE, now=NOW, catalog=wiring.catalog())


def effect(question: Question) -> DecisionEffect:
    [cell] = ask(question).cells
    return cell.decision.effect


def test_each_cell_is_the_engines_decision() -> None:
    question = Question(
        EXECUTER, ("lambda:listfunctions", "sts:AssumeRole", "iam:GetUser"), ("*", AUDITOR)
    )
    found = ask(question)
    assert found.actions == ("lambda:ListFunctions", "sts:AssumeRole", "iam:GetUser")
    assert len(found.cells) == 6
    for cell in found.cells:
        request = Request(
            identify(EXECUTER, ESTATE), cell.action, cell.resource, question.context()
        )
        assert cell.decision == authorize(ESTATE, request, now=NOW, catalog=wiring.catalog())


def test_patterns_stand_for_actions() -> None:
    found = ask(Question(EXECUTER, ("sts:*Token",)))
    assert "sts:GetFederationToken" in found.actions
    assert ask(Question(EXECUTER, ("sts:Nothing*",))).problems == (
        "No action fits `sts:Nothing*`.",
    )
    many = ask(Question(EXECUTER, ("iam:*",)))
    assert len(many.actions) == MOST
    assert many.problems == (f"Only the first {MOST} actions are shown.",)


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        (Question("ana", ("s3:GetObject",)), "`ana` is not an ARN"),
        (Question("arn:aws:s3:::b", ("s3:GetObject",)), "is not a principal"),
        (Question(EXECUTER, ("s3:Nonsense",)), "AWS has no action `s3:Nonsense`"),
        (Question(EXECUTER, ("nonsense",)), "is not an action"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(question: Question, problem: str) -> None:
    [said] = ask(question).problems
    assert problem in said


def test_an_incomplete_question_has_no_cells() -> None:
    assert ask(Question()) == Answer(Question())
    assert ask(Question(EXECUTER)).cells == ()


LIST = Question(EXECUTER, ("lambda:ListFunctions",))


def places(question: Question, kind: CheckType) -> list[str]:
    return [each.place for each in ask(question).policies if each.layer.type is kind]


def with_changes(changes: Changes) -> Question:
    return Question(LIST.principal, LIST.actions, changes=changes)


def test_a_policy_left_out_says_nothing() -> None:
    assert effect(LIST) is DecisionEffect.ALLOW
    [look] = [p for p in places(LIST, CheckType.PRINCIPAL) if p.endswith("#look-around")]
    changed = with_changes(Changes(without=frozenset({look})))
    assert effect(changed) is DecisionEffect.IMPLICIT_DENY
    # it stays in the list, so that it can be used again
    assert look in places(changed, CheckType.PRINCIPAL)


def test_one_level_of_an_organization_can_be_left_out_alone() -> None:
    levels = places(LIST, CheckType.SERVICE_CONTROL_POLICY)
    assert len(set(levels)) == 3
    found = ask(with_changes(Changes(without=frozenset(levels[:1]))))
    denied = [c for c in found.cells[0].decision.checks if c.blocks]
    assert [c.type for c in denied] == [CheckType.SERVICE_CONTROL_POLICY]


def test_an_edited_policy_decides() -> None:
    [look] = [p for p in places(LIST, CheckType.PRINCIPAL) if p.endswith("#look-around")]
    other = with_changes(Changes(edited={look: allow("s3:GetObject")}))
    assert effect(other) is DecisionEffect.IMPLICIT_DENY
    broken = with_changes(Changes(edited={look: '{"Version": '}))
    assert effect(broken) is DecisionEffect.IMPLICIT_DENY


def test_an_added_policy_decides() -> None:
    question = Question(EXECUTER, ("iam:GetUser",), changes=Changes(added=(allow("iam:GetUser"),)))
    assert effect(question) is DecisionEffect.ALLOW
    assert demo_estate()[0] == ESTATE


def test_an_edited_trust_policy_names_who_is_in_the_estate() -> None:
    question = Question(EXECUTER, ("sts:AssumeRole",), (AUDITOR,))
    assert effect(question) is DecisionEffect.IMPLICIT_DENY
    [trust] = places(question, CheckType.RESOURCE)
    text = allow("sts:AssumeRole").replace(
        '"Resource": "*"', f'"Principal": {{"AWS": "{EXECUTER}"}}'
    )
    changed = Question(
        EXECUTER, ("sts:AssumeRole",), (AUDITOR,), changes=Changes(edited={trust: text})
    )
    assert effect(changed) is DecisionEffect.ALLOW


def test_keys_that_policies_read_are_named_until_they_are_told() -> None:
    text = allow("iam:GetUser", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    role = f"arn:aws:iam::{ACCOUNT}:role/image-auditor"
    question = Question(role, ("iam:GetUser",), changes=Changes(added=(text,)))
    found = ask(question)
    assert found.keys == ("aws:MultiFactorAuthPresent",)
    assert found.cells[0].decision.undecided
    for state, values, expected in (
        (KeyState.PRESENT, ("true",), DecisionEffect.ALLOW),
        (KeyState.ABSENT, (), DecisionEffect.IMPLICIT_DENY),
    ):
        key = Key("aws:MultiFactorAuthPresent", values, state)
        told = Question(role, ("iam:GetUser",), keys=(key,), changes=question.changes)
        assert ask(told).keys == ()
        assert effect(told) is expected
