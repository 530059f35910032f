"""The list and the documents of the page Policies; where findings are marked."""

from __future__ import annotations

import json

import pytest
from tests.estates import estate

from clearance import wiring
from clearance.model.estate import Estate
from clearance.model.policy import PolicyType
from clearance.parse.reading import spans
from clearance.server.console.pages.policies.documents import names_of
from clearance.server.console.pages.policies.thing import document_of, thing_of
from clearance.server.console.pages.policies.things import KINDS, lines, listed
from clearance.server.console.parts import code, findings

ACCOUNT = "123456789012"
ODD = f"arn:aws:iam::{ACCOUNT}:policy/p@v1"


def doc(action: str, **more: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture(scope="module")
def world() -> Estate:
    own = {
        "users": {
            "ana": {
                "inline": {"mine": doc("s3:GetObject")},
                "attached": [ODD, "arn:aws:iam::aws:policy/Gone"],
                "groups": ["team", "lost"],
                "boundary": "arn:aws:iam::aws:policy/Wide",
            }
        },
        "groups": {"team": {"inline": {"ours": doc("sqs:SendMessage")}}},
        "roles": {"app": {"path": "/team/", "inline": {"mine": doc("sns:Publish")}}},
        "functions": {
            "f": {"policies": {"": doc("lambda:InvokeFunction"), "live": doc("lambda:*")}}
        },
        "policies": {ODD: doc("dynamodb:Query")},
        "resources": {"arn:aws:s3:::photos": {"policy": doc("s3:*", Principal="*")}},
        "vpc_endpoints": {"vpce-1": {"policy": doc("*", Principal="*")}},
    }
    organization = {
        "management_account": "111111111111",
        "units": {"r-1": None},
        "accounts": {ACCOUNT: "r-1"},
        "policies": {"p-1": {"type": "scp", "text": doc("*")}},
        "attachments": {"r-1": ["p-1"]},
    }
    return estate(
        {
            "accounts": {ACCOUNT: own},
            "organizations": {"o-1": organization},
            "managed": {"arn:aws:iam::aws:policy/Wide": doc("*")},
        }
    )


def test_every_line_opens_and_each_document_is_found_by_its_name(world: Estate) -> None:
    for kind in KINDS:
        for line in lines(world, kind):
            thing = thing_of(world, line.id)
            assert thing is not None, line.id
            assert thing.id == line.id
            for document in thing.documents:
                if document.text is not None:
                    found = document_of(world, document.uri)
                    assert found is not None, document.uri
                    assert found.text == document.text


def test_a_user_has_what_its_groups_and_its_boundary_say(world: Estate) -> None:
    thing = thing_of(world, f"arn:aws:iam::{ACCOUNT}:user/ana")
    assert thing is not None
    told = {document.title: (document.type, document.note) for document in thing.documents}
    assert told["ours"] == (PolicyType.IDENTITY, "through group team")
    assert told["Wide"] == (PolicyType.BOUNDARY, "permissions boundary")
    assert told["Gone"][1].endswith("the estate does not hold it")


def test_a_path_is_part_of_an_arn(world: Estate) -> None:
    assert thing_of(world, f"arn:aws:iam::{ACCOUNT}:role/app") is None
    assert thing_of(world, f"arn:aws:iam::{ACCOUNT}:role/team/app") is not None


def test_search_looks_into_documents_and_counts_what_is_not_shown(world: Estate) -> None:
    assert [each.name for each in listed(world, "roles", "SNS:publish team", 10).lines] == ["app"]
    assert listed(world, "roles", "sns:publish nowhere", 10).total == 0
    found = listed(world, "functions", "", 0)
    assert (found.lines, found.total) == ((), 1)


@pytest.mark.parametrize("kind", PolicyType)
def test_what_is_offered_for_comparison_can_be_compared(world: Estate, kind: PolicyType) -> None:
    for name in names_of(world, kind):
        assert document_of(world, name) is not None, name


def test_findings_are_marked_where_they_are() -> None:
    text = json.dumps(doc("s3:Getobjekt", Sid="not allowed!", Extra=1), indent=1)
    found = findings.found_in(text, PolicyType.IDENTITY, wiring.catalog())
    marks = findings.marks_of(found)
    places = spans(text)
    assert len(marks) > 1
    for finding, mark in zip(found, marks, strict=True):
        span = places[mark.path]
        assert text.count("\n", 0, finding.place.start) + 1 == span.line
    assert "not allowed!" in code.policy_html(text, marks)
