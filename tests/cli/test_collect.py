import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.endpoints import ACCOUNT, Site, site, small_estate


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Site]:
    with site(small_estate()) as found:
        yield found


@pytest.fixture
def signed(endpoint: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    """An AWS configuration with a profile of the endpoint's root."""
    root = endpoint.root
    path = tmp_path / "credentials"
    path.write_text(
        f"[root]\naws_access_key_id = {root.key}\naws_secret_access_key = {root.secret}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    path.rename(tmp_path / ".aws" / "credentials")
    return endpoint


def test_an_estate_is_collected_and_decides(signed: Site, tmp_path: Path) -> None:
    out = tmp_path / "acme"
    words = ("--profile", "root", "--region", "us-east-1", "--endpoint-url", signed.url)
    ran = clearance("collect", out, *words)
    assert (ran.code, ran.out) == (0, "")
    assert "is an estate now" in ran.err
    assert "account:GetAccountInformation" in ran.err
    ana = f"arn:aws:iam::{ACCOUNT}:user/ana"
    assert clearance("check", ana, "s3:ListAllMyBuckets", "--estate", out).code == 1
    again = clearance("collect", out, *words)
    assert (again.code, "is not an empty folder" in again.err) == (2, True)
    assert clearance("collect", out, *words, "--resume").code == 0


def test_show_policy_prints_a_policy_and_calls_nobody() -> None:
    ran = clearance("collect", "--show-policy")
    (statement,) = json.loads(ran.out)["Statement"]
    assert "iam:GetAccountAuthorizationDetails" in statement["Action"]
    assert not any(a.split(":")[1].startswith(("Put", "Create")) for a in statement["Action"])
    words = ("--organization", "--assume-role", "audit", "--region", "cn-north-1")
    _, enter = json.loads(clearance("collect", "--show-policy", *words).out)["Statement"]
    assert enter["Resource"] == "arn:aws-cn:iam::*:role/audit"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("x", "--assume-role", "r"), "--assume-role needs --organization"),
        ((), "give the folder to write"),
        (("x", "--profile", "nobody"), "(nobody) could not be found"),
        (("x",), "no Region is configured; give --region"),
    ],
)
def test_what_cannot_work_is_an_error(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ran = clearance("collect", *words, cwd=tmp_path)
    assert ran.code == 2
    assert message in ran.err
