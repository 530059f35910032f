"""AssumeRoleWithSAML, after the assertion was verified."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.stage import NOW, A, Stage

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.fault import OperationError
from clearance.operations.sts import OPERATIONS
from clearance.operations.sts.saml import name_qualifier, read_assertion

DEPLOY = f"arn:aws:iam::{A}:role/team/deploy"
PROVIDER = f"arn:aws:iam::{A}:saml-provider/idp"
OPERATION = "AssumeRoleWithSAML"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


def assertion(**attributes: str) -> str:
    held = {"Role": f"{DEPLOY},{PROVIDER}", "RoleSessionName": "ana", **attributes}
    inner = "".join(
        f'<Attribute Name="{ATTRIBUTES}{name.replace("_", ":")}">'
        f"<AttributeValue>{value}</AttributeValue></Attribute>"
        for name, value in held.items()
    )
    text = (
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https://idp</Issuer>'
        '<Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">u1'
        "</NameID><SubjectConfirmation><SubjectConfirmationData "
        'NotOnOrAfter="2026-03-01T12:05:00Z" Recipient="https://signin.aws.amazon.com/saml"/>'
        '</SubjectConfirmation></Subject><Conditions NotBefore="2026-03-01T11:59:00" '
        'NotOnOrAfter="2026-03-01T12:04:00Z"><AudienceRestriction><Audience>'
        "urn:amazon:webservices</Audience></AudienceRestriction></Conditions>"
        f"<AttributeStatement>{inner}</AttributeStatement></Assertion>"
    )
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def sts() -> Stage:
    stage = Stage("sts", OPERATIONS)
    stage.acts(Principal(PrincipalKind.SAML_IDENTITY, PROVIDER, A))
    return stage


def given(text: str | None = None, **more: Any) -> dict[str, Any]:
    text = text or assertion()
    return {"RoleArn": DEPLOY, "PrincipalArn": PROVIDER, "SAMLAssertion": text, **more}


def test_an_assertion_is_read() -> None:
    found = read_assertion(assertion(PrincipalTag_team="red", SessionDuration="1200"))
    assert (found.issuer, found.subject, found.subject_type) == ("https://idp", "u1", "transient")
    assert found.roles == ((DEPLOY, PROVIDER),)
    assert found.tags == {"team": "red"}
    assert found.session_seconds == 1200
    assert found.expires == NOW + timedelta(minutes=4), "the earliest limit"
    assert found.begins == NOW - timedelta(minutes=1)


def test_the_session_is_the_roles(sts: Stage) -> None:
    text = assertion(PrincipalTag_team="blue", SessionDuration="1200", SourceIdentity="ana")
    answer = sts(OPERATION, **given(text, DurationSeconds=3600))
    assert (answer["Subject"], answer["SubjectType"]) == ("u1", "transient")
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=1200), "the shorter one"
    who = sts.opened(answer)
    assert who.arn == f"arn:aws:sts::{A}:assumed-role/deploy/ana"
    assert who.session is not None
    assert who.session.tags == {"team": "blue"}
    assert who.session.source_identity == answer["SourceIdentity"] == "ana"


def test_an_assertion_nobody_verified_opens_nothing(sts: Stage) -> None:
    sts.acts(sts.user(A))
    assert sts.refused(OPERATION, **given()).code == "InvalidIdentityToken"


def test_refusals(sts: Stage) -> None:
    gone = f"arn:aws:iam::{A}:role/gone"
    assert sts.refused(OPERATION, **given(RoleArn=gone)).code == "AccessDenied"
    bad_name = assertion(RoleSessionName="a b")
    assert sts.refused(OPERATION, **given(bad_name)).code == "ValidationError"


@pytest.mark.parametrize("text", ["", "<", "<a/>", "<!DOCTYPE a><a/>", "<Assertion/>"])
def test_what_is_no_assertion_is_refused(text: str) -> None:
    with pytest.raises(OperationError, match="Invalid SAML response"):
        read_assertion(base64.b64encode(text.encode()).decode())


def test_the_name_qualifier_tells_providers_apart() -> None:
    one = name_qualifier("https://idp", A, PROVIDER)
    assert one == name_qualifier("https://idp", A, PROVIDER)
    assert one != name_qualifier("https://idp", A, PROVIDER + "2")
