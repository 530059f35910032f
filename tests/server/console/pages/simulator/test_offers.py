"""What the fields offer exists."""

from __future__ import annotations

from tests.consoles import demo_estate
from tests.endpoints import ACCOUNT

from clearance import wiring
from clearance.server.console.pages.simulator.offers import MOST, Offers

ESTATE = demo_estate()[0]
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"


def offers(*principals: str) -> Offers:
    return Offers(ESTATE, wiring.catalog(), principals, "eu-west-1")


def test_principals_by_any_words_names_first() -> None:
    team = f"arn:aws:iam::{ACCOUNT}:role/team-ana"
    made = offers(team, ANA)
    assert made.principal("ana") == [ANA, team]
    assert made.principal("role ana") == [team]
    assert made.principal("nobody") == []


def test_services_then_their_actions() -> None:
    made = offers()
    assert "lambda:" in made.action("lam")
    assert made.action("lambda:InvokeF")[0] == "lambda:InvokeFunction"
    assert made.action("nosuch:Get") == []
    assert len(made.action("ec2:")) == MOST


def test_resources_of_the_estate_before_the_forms_of_the_action() -> None:
    found = offers().resource("", ["sts:AssumeRole", "lambda:InvokeFunction"])
    first = next(iter(ESTATE.accounts))
    auditor = f"arn:aws:iam::{ACCOUNT}:role/image-auditor"
    form = f"arn:aws:lambda:eu-west-1:{first}:function:${{FunctionName}}"
    assert found.index(auditor) < found.index(form)
    assert auditor not in offers().resource("", ["lambda:InvokeFunction"])


def test_keys_of_the_action_before_those_of_every_request() -> None:
    found = offers().key("", ["s3:GetObject"])
    assert found[0].startswith("s3:")
    assert "aws:SourceIp" in offers().key("sourceip", ["s3:GetObject"])
    assert offers().key("", []) == offers().key("aws", [])[: len(offers().key("", []))]
