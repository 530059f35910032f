"""The issuer's keys from a file: what `clearance serve --jwks` takes and refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.cli.run import clearance
from tests.endpoints import (
    ACCOUNT,
    Credentials,
    Failure,
    attempt,
    client,
    document,
    small_estate,
)

from clearance.model.errors import UsageError
from clearance.model.estate import OidcProvider, Role, TrustPolicy
from clearance.server.jwks import jwks_files
from clearance.store import snapshot

ISSUER: Final = "token.example.com"
PROVIDER: Final = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/ci"
KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEXT: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks(key: rsa.RSAPrivateKey, *, private: bool = False) -> str:
    held = jwt.algorithms.RSAAlgorithm.to_jwk(key if private else key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**held, "kid": "k", "alg": "RS256"}]})


@pytest.mark.parametrize("issuer", [ISSUER, f"https://{ISSUER}", f"https://{ISSUER}/"])
def test_an_issuer_with_or_without_its_scheme(tmp_path: Path, issuer: str) -> None:
    file = tmp_path / "a=b.json"
    file.write_text(jwks(KEY))
    assert jwks_files([f"{issuer}={file}"]) == {ISSUER: file}


@pytest.mark.parametrize(
    ("text", "content", "told"),
    [
        ("{file}", "", "names no issuer and file"),
        ("={file}", "", "names no issuer and file"),
        (f"{ISSUER}=", "", "names no issuer and file"),
        ("http://a.example={file}", jwks(KEY), "begins with https://"),
        (f"{ISSUER}={{file}}.gone", "", "does not exist"),
        (f"{ISSUER}={{folder}}", "", "cannot be read"),
        (f"{ISSUER}={{file}}", "<html>", "is not JSON"),
        (f"{ISSUER}={{file}}", "[" * 100_000, "is not JSON"),
        (f"{ISSUER}={{file}}", " " * 1_000_001, "is larger"),
        (f"{ISSUER}={{file}}", "[]", "has no list of `keys`"),
        (f"{ISSUER}={{file}}", '{"keys": [1]}', "has no list of `keys`"),
        (f"{ISSUER}={{file}}", '{"keys": []}', "no RSA or EC public key"),
        (f"{ISSUER}={{file}}", '{"keys": [{"kty": "RSA", "n": 1}]}', "no RSA or EC public key"),
        (f"{ISSUER}={{file}}", '{"keys": [{"kty": "oct", "k": "eA"}]}', "holds a private key"),
        (f"{ISSUER}={{file}}", jwks(KEY, private=True), "holds a private key"),
    ],
)
def test_what_holds_no_keys_is_refused(tmp_path: Path, text: str, content: str, told: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=re.escape(told)):
        jwks_files([text.format(file=file, folder=tmp_path)])


def test_an_issuer_has_one_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(jwks(KEY))
    with pytest.raises(UsageError, match="twice"):
        jwks_files([f"{ISSUER}={file}", f"https://{ISSUER}={file}"])


def test_the_command_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ran = clearance("serve", "--port", "0", "--data", data, "--jwks", f"{ISSUER}=gone.json")
    assert ran.code == 2
    assert "`gone.json` does not exist; --jwks takes a JWKS document" in ran.err
    assert "Traceback" not in ran.err
    assert not data.exists()


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The URL of a `clearance serve` in a process of its own."""
    words = [sys.executable, "-m", "clearance", "serve", "--port", "0", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[3]
        finally:
            process.terminate()


def token(key: rsa.RSAPrivateKey) -> str:
    now = datetime.now(UTC)
    claims = {"iss": f"https://{ISSUER}", "aud": "app", "sub": "me", "iat": now}
    expires = now + timedelta(minutes=5)
    return jwt.encode({**claims, "exp": expires}, key, "RS256", headers={"kid": "k"})


def test_the_endpoint_verifies_with_the_file_as_it_is(tmp_path: Path) -> None:
    estate, now = small_estate(), datetime.now(UTC)
    trusts = document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{ISSUER}:aud": "app"}},
        }
    )
    account = replace(
        estate.accounts[ACCOUNT],
        roles={"ci": Role("ci", "AROACIXXXXXXXXXXXXXXX", now, TrustPolicy(trusts))},
        oidc_providers={PROVIDER: OidcProvider(ISSUER, now, ("app",))},
    )
    snapshot.save_file(estate.with_account(account), tmp_path / "estate.json")
    keys = tmp_path / "keys.json"
    keys.write_text(jwks(KEY))
    seed, data = str(tmp_path / "estate.json"), str(tmp_path / "data")
    with served("--seed", seed, "--data", data, "--jwks", f"{ISSUER}={keys}") as url:

        def assume(key: rsa.RSAPrivateKey) -> Any:
            sts = client("sts", url, Credentials())
            return attempt(
                sts.assume_role_with_web_identity,
                RoleArn=ROLE, RoleSessionName="one", WebIdentityToken=token(key),
            )  # fmt: skip

        assert assume(KEY)["Provider"] == PROVIDER
        refused = assume(NEXT)
        assert isinstance(refused, Failure)
        assert refused.code == "InvalidIdentityToken"
        keys.write_text(jwks(NEXT))  # the issuer has new keys
        assert assume(NEXT)["Provider"] == PROVIDER
        assert isinstance(assume(KEY), Failure)
