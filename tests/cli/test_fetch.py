"""clearance explain --fetch and --authorization-id: asking AWS, which is our own endpoint here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from tests.cli.run import clearance
from tests.endpoints import (
    Credentials,
    Failure,
    Site,
    attempt,
    credentials_of,
    key_of,
    site,
    small_estate,
)

from clearance.server.manner import Manner

ANA = credentials_of(key_of("ana"))


@pytest.fixture(scope="module")
def hinting() -> Iterator[Site]:
    with site(small_estate(), manner=Manner(console_hints=True)) as found:
        yield found


def environment(site: Site, who: Credentials) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": site.url,
        "AWS_ACCESS_KEY_ID": who.key,
        "AWS_SECRET_ACCESS_KEY": who.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def denial(site: Site) -> Failure:
    answer = attempt(site.client("iam", ANA).list_users)
    assert isinstance(answer, Failure)
    return answer


def test_fetching_brings_the_evaluation_and_its_context(hinting: Site) -> None:
    said = f"An error occurred (AccessDenied): {denial(hinting).message}"
    ran = clearance(
        "explain", said, "--fetch", "--format", "json", aws=environment(hinting, hinting.root)
    )
    answer = json.loads(ran.out)
    assert answer["input"]["kind"] == "authorization-details"
    assert answer["stated"]["action"] == "iam:ListUsers"


def test_an_id_alone_is_enough(hinting: Site) -> None:
    found = re.search(r"authorization id: ([0-9a-z]+)", denial(hinting).message)
    assert found
    ran = clearance(
        "explain", "--authorization-id", found[1], aws=environment(hinting, hinting.root)
    )
    assert "iam:ListUsers" in ran.out
    assert ran.code in {3, 4}  # no estate was given: nothing can be decided again


def test_with_refused_credentials_the_text_itself_is_explained(hinting: Site) -> None:
    nobody = Credentials("AKIA0000000000000000", "wrong")
    aws = environment(hinting, nobody)
    ran = clearance("explain", denial(hinting).message, "--fetch", aws=aws)
    assert "AWS did not tell authorization details" in ran.err
    assert "iam:ListUsers" in ran.out


def test_a_denial_without_an_id_says_so(hinting: Site) -> None:
    said = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: iam:ListUsers"
    ran = clearance("explain", said, "--fetch", aws=environment(hinting, hinting.root))
    assert "carries neither" in ran.err
