"""boto3 errors that explain themselves, against a real endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Credentials,
    Site,
    allow,
    client,
    credentials_of,
    key_of,
    site,
    small_estate,
    zipped,
)

from clearance.boto import explain_denials
from clearance.explain import FixKind

ANA = credentials_of(key_of("ana"))


@pytest.fixture(scope="module")
def at() -> Iterator[Site]:
    with site(small_estate()) as found:
        found.function("orders")
        found.role("worker", LAMBDA_TRUST)
        yield found


def session_of(at: Site, who: Credentials, **how: Any) -> Any:
    session = boto3.Session(
        aws_access_key_id=who.key, aws_secret_access_key=who.secret, region_name=REGION
    )
    explain_denials(session, **how)
    make: Any = session.client
    return lambda service: make(service, endpoint_url=at.url)


def test_a_session_s_clients_explain_in_the_error(at: Site) -> None:
    make = session_of(at, ANA, estate=lambda: at.started.world.estate)
    with pytest.raises(ClientError) as caught:
        make("lambda").invoke(FunctionName="orders")
    (found,) = caught.value.clearance  # type: ignore[attr-defined]
    assert found.cause.id == "identity.missing"
    assert found.agrees is True
    assert found.fix.kind is FixKind.ADD
    assert "AccessDeniedException" in str(caught.value)
    assert "decided again with the edit: ALLOWED" in str(caught.value)


def test_one_client_alone(at: Site) -> None:
    made = explain_denials(client("iam", at.url, ANA), estate=at.started.world.estate)
    with pytest.raises(ClientError) as caught:
        made.list_users()
    assert caught.value.clearance[0].cause.id == "identity.missing"  # type: ignore[attr-defined]


def test_without_an_estate_the_words_are_explained(at: Site) -> None:
    make = session_of(at, ANA)
    with pytest.raises(ClientError) as caught:
        make("lambda").invoke(FunctionName="orders")
    (found,) = caught.value.clearance  # type: ignore[attr-defined]
    assert found.exit_code == 4
    assert found.unknowns


def test_every_permission_of_the_call_is_fixed_at_once(at: Site) -> None:
    """CreateFunction needs iam:PassRole too: nobody fixes one denial a deploy."""
    deployer = at.user("deployer", allow("lambda:Get*"))
    make = session_of(at, deployer, estate=lambda: at.started.world.estate)
    role = f"arn:aws:iam::{ACCOUNT}:role/worker"
    given = {
        "FunctionName": "made",
        "Role": role,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped("def handler(event, context):\n    return 1\n")},
    }
    with pytest.raises(ClientError) as caught:
        make("lambda").create_function(**given)
    (found,) = caught.value.clearance  # type: ignore[attr-defined]
    asked = {decision.request.action for decision in found.decisions}
    assert {"lambda:CreateFunction", "iam:PassRole"} <= asked
    iam = at.client("iam")
    for edit in found.fix.edits:
        iam.put_user_policy(
            UserName="deployer", PolicyName=edit.target.name, PolicyDocument=edit.after
        )
    assert make("lambda").create_function(**given)["FunctionName"] == "made"


def test_another_error_is_left_alone(at: Site) -> None:
    make = session_of(at, at.root, estate=lambda: at.started.world.estate)
    with pytest.raises(ClientError) as caught:
        make("lambda").get_function(FunctionName="nothing")
    assert not hasattr(caught.value, "clearance")
    assert "DENIED" not in str(caught.value)


def test_an_estate_that_cannot_be_read_does_not_hide_the_denial(at: Site) -> None:
    make = session_of(at, ANA, estate="nowhere.json")
    with pytest.raises(ClientError, match="AccessDeniedException") as caught:
        make("lambda").invoke(FunctionName="orders")
    assert any("nowhere.json" in note for note in caught.value.__notes__)
