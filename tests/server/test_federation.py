"""Tokens and assertions of registered providers, over the wire; nothing else opens a role."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree  # type: ignore[import-untyped]
from signxml.signer import XMLSigner
from tests.endpoints import ACCOUNT, Credentials, Failure, Site, attempt, document

from clearance.model.estate import OidcProvider
from clearance.server.federation import Federation, jwks_tags

ISSUER: Final = "token.example.com"
PROVIDER: Final = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
SAML_PROVIDER: Final = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
NOBODY: Final = Credentials()
SAML = "https://aws.amazon.com/SAML/Attributes/"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def stranger() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks() -> str:
    one = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)
    two = jwt.algorithms.ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True)
    keys = [
        {**one, "kid": "r", "use": "sig", "alg": "RS256"},
        {**two, "kid": "e", "use": "sig", "alg": "ES256"},
    ]
    return json.dumps({"keys": keys})


def token(key: Any = None, kid: str | None = "r", algorithm: str = "RS256", **claims: Any) -> str:
    now = datetime.now(UTC)
    held: dict[str, Any] = {
        "iss": f"https://{ISSUER}",
        "aud": "app",
        "sub": "repo:me/it",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        **claims,
    }
    held = {name: value for name, value in held.items() if value is not None}
    return jwt.encode(held, key or rsa_key(), algorithm, headers={"kid": kid} if kid else None)


def trusting(condition: Mapping[str, Any], **more: Any) -> str:
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": condition,
            **more,
        }
    )


@pytest.fixture(scope="module")
def federated(endpoint: Site) -> Site:
    iam = endpoint.client("iam")
    iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}",
        ClientIDList=["app"],
        ThumbprintList=["a" * 40],
        Tags=[{"Key": k, "Value": v} for k, v in jwks_tags(jwks()).items()],
    )
    mine = {"StringEquals": {f"{ISSUER}:aud": "app"}, "StringLike": {f"{ISSUER}:sub": "repo:me/*"}}
    endpoint.role("ci", trusting(mine))
    return endpoint


def assume(found: Site, text: str, role: str = "ci", **more: Any) -> Any:
    return attempt(
        found.client("sts", NOBODY).assume_role_with_web_identity,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        RoleSessionName="run",
        WebIdentityToken=text,
        **more,
    )


@pytest.mark.parametrize(("kid", "algorithm"), [("r", "RS256"), ("e", "ES256")])
def test_a_token_of_the_provider_opens_the_role(federated: Site, kid: str, algorithm: str) -> None:
    key = rsa_key() if kid == "r" else ec_key()
    answer = assume(federated, token(key, kid, algorithm))
    assert answer["SubjectFromWebIdentityToken"] == "repo:me/it"
    assert (answer["Provider"], answer["Audience"]) == (PROVIDER, "app")
    held = answer["Credentials"]
    who = Credentials(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"])
    told = federated.client("sts", who).get_caller_identity()
    assert told["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/run"
    event = federated.events(eventName="AssumeRoleWithWebIdentity")[-1]
    assert event["userIdentity"]["type"] == "WebIdentityUser"


def test_the_trust_policy_decides_about_the_claims(federated: Site) -> None:
    answer = assume(federated, token(sub="repo:somebody/else"))
    assert answer == Failure(
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403
    )
    assert assume(federated, token(), "app").code == "AccessDenied"  # trusts another principal
    assert assume(federated, token(), "no-such-role").code == "AccessDenied"


def test_tags_in_a_token_are_the_sessions(federated: Site) -> None:
    red = {"StringEquals": {"aws:RequestTag/team": "red"}}
    federated.role("tagged", trusting(red))
    claim = "https://aws.amazon.com/tags"
    given: dict[str, Any] = {
        claim: {"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]}
    }
    assert "Credentials" in assume(federated, token(**given), "tagged")
    given[claim]["principal_tags"] = {"team": ["blue"]}
    assert assume(federated, token(**given), "tagged").code == "AccessDenied"


def _unsigned() -> str:
    return jwt.encode(
        {"iss": f"https://{ISSUER}", "aud": "app", "sub": "x", "iat": 0, "exp": 1e12}, "", "none"
    )


def _confused() -> str:
    """Signed with HMAC, the public key as its secret."""
    head, body, _ = token().split(".")
    given = json.loads(base64.urlsafe_b64decode(body + "=="))
    secret = base64.urlsafe_b64encode(jwks().encode())
    del head
    return jwt.encode(given, secret, "HS256", headers={"kid": "r"})


def test_what_proves_nothing_is_refused(federated: Site) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    cases: tuple[tuple[str, str, str], ...] = (
        ("not.a.token", "InvalidIdentityToken", "not a valid JWT"),
        (token(stranger()), "InvalidIdentityToken", "signature"),
        (token(kid="unknown"), "InvalidIdentityToken", "verification key"),
        (token(kid=None), "InvalidIdentityToken", "verification key"),
        (token(ec_key(), "r", "ES256"), "InvalidIdentityToken", "signature"),
        (_unsigned(), "InvalidIdentityToken", "verification key"),
        (_confused(), "InvalidIdentityToken", "verification key"),
        (token(iss="https://other.example.com"), "InvalidIdentityToken", "No OpenIDConnect"),
        (token(aud="somebody"), "InvalidIdentityToken", "Incorrect token audience"),
        (token(azp="somebody"), "InvalidIdentityToken", "Incorrect token audience"),
        (token(exp=now - timedelta(seconds=1)), "ExpiredTokenException", "Token expired"),
        (token(iat=now + hour, exp=now + 2 * hour), "InvalidIdentityToken", "not valid yet"),
        (token(iat=now - 25 * hour), "InvalidIdentityToken", "24 hours"),
        (token(exp=None), "InvalidIdentityToken", "exp"),
        (token(sub=""), "IDPRejectedClaim", "sub claim"),
    )
    for text, code, words in cases:
        answer = assume(federated, text)
        assert isinstance(answer, Failure), words
        assert answer.code == code, (words, answer)
        assert words in answer.message


def test_changing_a_token_breaks_it(federated: Site) -> None:
    head, body, signature = token().split(".")
    given = json.loads(base64.urlsafe_b64decode(body + "=="))
    given["sub"] = "repo:me/other"
    forged = base64.urlsafe_b64encode(json.dumps(given).encode()).rstrip(b"=").decode()
    assert assume(federated, f"{head}.{forged}.{signature}").code == "InvalidIdentityToken"


def test_keys_may_come_from_a_file(federated: Site, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(jwks())
    estate, now = federated.started.world.estate, datetime.now(UTC)
    account = estate.accounts[ACCOUNT]
    bare = OidcProvider(ISSUER, now, ("app",))
    alone = estate.with_account(replace(account, oidc_providers={PROVIDER: bare}))
    given = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ci", "WebIdentityToken": token()}
    operation = "AssumeRoleWithWebIdentity"
    who, _ = Federation({ISSUER: path}).identify(alone, operation, given, now)
    assert who.arn == PROVIDER
    with pytest.raises(Exception, match="verification key"):
        Federation().identify(alone, operation, given, now)


# --- SAML -----------------------------------------------------------------------------------------


@cache
def certificate(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def pem(key: Any) -> str:
    return str(certificate(key).public_bytes(Encoding.PEM).decode())


def metadata() -> str:
    body = "".join(pem(rsa_key()).splitlines()[1:-1])
    return (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp">'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">'
        f"<X509Data><X509Certificate>{body}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        "</IDPSSODescriptor></EntityDescriptor>" + " " * 400
    )


def assertion(*, subject: str = "ana@corp", role: str = "corp", issuer: str = "https://idp",
              audience: str = "urn:amazon:webservices", late: bool = False) -> str:  # fmt: skip
    end = datetime.now(UTC) + timedelta(minutes=-1 if late else 5)
    until = end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def attribute(name: str, value: str) -> str:
        held = f"<AttributeValue>{value}</AttributeValue>"
        return f'<Attribute Name="{SAML}{name}">{held}</Attribute>'

    pair = f"arn:aws:iam::{ACCOUNT}:role/{role},{SAML_PROVIDER}"
    return (
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0">'
        f"<Issuer>{issuer}</Issuer><Subject>"
        '<NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
        f"{subject}</NameID><SubjectConfirmation><SubjectConfirmationData "
        f'NotOnOrAfter="{until}" Recipient="https://signin.aws.amazon.com/saml"/>'
        f'</SubjectConfirmation></Subject><Conditions NotOnOrAfter="{until}">'
        f"<AudienceRestriction><Audience>{audience}</Audience></AudienceRestriction></Conditions>"
        f"<AttributeStatement>{attribute('Role', pair)}{attribute('RoleSessionName', 'ana')}"
        f"{attribute('PrincipalTag:team', 'red')}</AttributeStatement></Assertion>"
    )


def signed(xml: str, key: Any = None) -> Any:
    key = key or rsa_key()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return XMLSigner().sign(etree.fromstring(xml), key=secret, cert=pem(key), reference_uri="_a")


def response(*inside: Any) -> str:
    root = etree.fromstring('<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>')
    for part in inside:
        root.append(part)
    return base64.b64encode(etree.tostring(root)).decode()


@pytest.fixture(scope="module")
def corporate(endpoint: Site) -> Site:
    iam = endpoint.client("iam")
    iam.create_saml_provider(SAMLMetadataDocument="  " * 500 + metadata(), Name="idp")
    who = {
        "Effect": "Allow",
        "Principal": {"Federated": SAML_PROVIDER},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {
            "StringEquals": {
                "SAML:aud": "https://signin.aws.amazon.com/saml",
                "SAML:sub_type": "persistent",
            },
            "StringLike": {"SAML:sub": "*@corp"},
        },
    }
    endpoint.role("corp", document(who))
    return endpoint


def enter(found: Site, text: str, role: str = "corp") -> Any:
    return attempt(
        found.client("sts", NOBODY).assume_role_with_saml,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        PrincipalArn=SAML_PROVIDER,
        SAMLAssertion=text,
    )


def test_a_signed_assertion_opens_the_role(corporate: Site) -> None:
    answer = enter(corporate, response(signed(assertion())))
    assert (answer["Subject"], answer["SubjectType"]) == ("ana@corp", "persistent")
    assert answer["Issuer"] == "https://idp"
    held = answer["Credentials"]
    who = Credentials(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"])
    told = corporate.client("sts", who).get_caller_identity()
    assert told["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/corp/ana"


def test_the_trust_policy_decides_about_the_subject(corporate: Site) -> None:
    answer = enter(corporate, response(signed(assertion(subject="eve@elsewhere"))))
    assert answer == Failure(
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403
    )


def test_an_assertion_that_proves_nothing_is_refused(corporate: Site) -> None:
    good = signed(assertion(subject="eve@elsewhere"))
    forged = etree.fromstring(assertion().replace('ID="_a"', 'ID="_b"'))
    changed = etree.fromstring(etree.tostring(signed(assertion())).replace(b"ana@", b"eva@"))
    cases = (
        ("AAAA", "InvalidIdentityToken"),
        (response(etree.fromstring(assertion())), "InvalidIdentityToken"),
        (response(signed(assertion(), stranger())), "InvalidIdentityToken"),
        (response(changed), "InvalidIdentityToken"),
        (response(signed(assertion(issuer="https://other"))), "InvalidIdentityToken"),
        (response(signed(assertion(role="other"))), "InvalidIdentityToken"),
        (response(signed(assertion(audience="somebody"))), "IDPRejectedClaim"),
        (response(signed(assertion(late=True))), "ExpiredTokenException"),
        # The signed part beside another one: only what was signed is read.
        (response(forged, good), "AccessDenied"),
        (response(good, forged), "AccessDenied"),
    )
    for place, (text, code) in enumerate(cases):
        answer = enter(corporate, text)
        assert isinstance(answer, Failure), place
        assert answer.code == code, (place, answer)


def test_entities_are_not_expanded(corporate: Site) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "yyyy">]><a>&x;</a>'
    answer = enter(corporate, base64.b64encode(bomb.encode()).decode())
    assert answer.code == "InvalidIdentityToken"
