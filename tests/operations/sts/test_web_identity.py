"""AssumeRoleWithWebIdentity, after the token was verified."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.stage import NOW, A, Stage

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.sts import OPERATIONS
from clearance.operations.sts.web_identity import claims_of, issuer_of

DEPLOY = f"arn:aws:iam::{A}:role/team/deploy"
PROVIDER = f"arn:aws:iam::{A}:oidc-provider/idp.example"
IDENTITY = Principal(PrincipalKind.WEB_IDENTITY, PROVIDER, A)
OPERATION = "AssumeRoleWithWebIdentity"


def token(**claims: Any) -> str:
    held = {"iss": "https://idp.example", "aud": "app", "sub": "user-one", **claims}
    body = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
    return f"h.{body}.s"


@pytest.fixture
def sts() -> Stage:
    stage = Stage("sts", OPERATIONS)
    stage.acts(IDENTITY)
    return stage


def given(**more: Any) -> dict[str, Any]:
    text = token(**more.pop("claims", {}))
    return {"RoleArn": DEPLOY, "RoleSessionName": "one", "WebIdentityToken": text, **more}


def test_the_session_is_the_roles_and_knows_its_provider(sts: Stage) -> None:
    answer = sts(OPERATION, **given(DurationSeconds=7200))
    assert answer["SubjectFromWebIdentityToken"] == "user-one"
    assert (answer["Provider"], answer["Audience"]) == (PROVIDER, "app")
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=2)
    who = sts.opened(answer)
    assert who.role_arn == DEPLOY
    assert who.session is not None
    assert who.session.provider == PROVIDER
    assert who.session.mfa is False


def test_tags_and_source_identity_come_from_the_token(sts: Stage) -> None:
    claims = {
        "https://aws.amazon.com/tags": {
            "principal_tags": {"team": ["blue"]},
            "transitive_tag_keys": ["team"],
        },
        "https://aws.amazon.com/source_identity": "ana",
        "azp": "party",
    }
    answer = sts(OPERATION, **given(claims=claims))
    session = sts.opened(answer).session
    assert session is not None
    assert (session.tags, session.transitive_tags) == ({"team": "blue"}, frozenset({"team"}))
    assert answer["SourceIdentity"] == session.source_identity == "ana"
    assert answer["Audience"] == "party"
    assert answer["PackedPolicySize"] >= 1


def test_a_token_nobody_verified_opens_nothing(sts: Stage) -> None:
    sts.acts(sts.user(A))
    assert sts.refused(OPERATION, **given()).code == "InvalidIdentityToken"
    sts.acts(replace(IDENTITY, kind=PrincipalKind.SAML_IDENTITY))
    assert sts.refused(OPERATION, **given()).code == "InvalidIdentityToken"


def test_refusals(sts: Stage) -> None:
    gone = f"arn:aws:iam::{A}:role/gone"
    assert sts.refused(OPERATION, **given(RoleArn=gone)).code == "AccessDenied"
    too_long = sts.refused(OPERATION, **given(DurationSeconds=9000))
    assert "MaxSessionDuration" in too_long.message
    assert sts.refused(OPERATION, **given(RoleSessionName="a b")).code == "ValidationError"


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.%.c", "a.W10.c", "a.bnVsbA.c"])
def test_claims_of_what_is_no_token_are_none(text: str) -> None:
    assert claims_of(text) == {}
    assert issuer_of({}) == ""
