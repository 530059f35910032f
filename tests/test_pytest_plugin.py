"""The fixtures, used by tests that are run by a pytest of their own."""

from __future__ import annotations

import pytest
from tests.endpoints import small_estate

from clearance.store import snapshot

pytest_plugins = ["pytester"]

OPTIONS = ("-p", "no:clearance", "-p", "clearance.pytest_plugin", "-p", "no:cacheprovider",
           "-p", "no:xdist", "-q")  # fmt: skip

TESTS = """
import os

import boto3
import pytest
from botocore.exceptions import ClientError

ANA = "arn:aws:iam::123456789012:user/ana"
APP = "arn:aws:iam::123456789012:role/app"


def who():
    return boto3.client("sts").get_caller_identity()["Arn"]


def test_users_roles_and_root(as_principal):
    with as_principal(ANA):
        assert who() == ANA
        with pytest.raises(ClientError, match="no identity-based policy"):
            boto3.client("iam").list_users()
    assert "AWS_ENDPOINT_URL" not in os.environ
    with as_principal(APP):
        assert who() == "arn:aws:sts::123456789012:assumed-role/app/clearance"
    with as_principal("arn:aws:sts::123456789012:assumed-role/app/s1"):
        assert who().endswith("/s1")
    with as_principal("123456789012"):
        assert who().endswith(":root")


def test_the_endpoint(clearance_endpoint, as_principal):
    iam = clearance_endpoint.client("iam")
    iam.create_user(UserName="ben")
    ben = as_principal("arn:aws:iam::123456789012:user/ben").client("iam")
    with pytest.raises(ClientError):
        ben.list_users()
    assert "ben" in clearance_endpoint.estate.accounts["123456789012"].users
    names = [e["eventName"] for e in clearance_endpoint.events()]
    assert names == ["CreateUser", "CreateAccessKey", "ListUsers"]
    (sentence,) = clearance_endpoint.denials()
    assert sentence.startswith("User: arn:aws:iam::123456789012:user/ben is not authorized")


def test_each_test_has_an_endpoint_of_its_own(clearance_endpoint):
    assert "ben" not in clearance_endpoint.estate.accounts["123456789012"].users


@pytest.mark.parametrize("name", ["user/nobody", "role/nobody"])
def test_nobody(as_principal, name):
    with pytest.raises(Exception, match="holds no"):
        as_principal(f"arn:aws:iam::123456789012:{name}")
"""


def test_with_an_estate_file(pytester: pytest.Pytester) -> None:
    snapshot.save_file(small_estate(), pytester.path / "estate.json")
    pytester.makeini("[pytest]\nclearance_estate = estate.json\n")
    pytester.makepyfile(TESTS)
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=5)


def test_with_a_fixture_of_ones_own_and_without_any(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_own="""
        import pytest
        from clearance.model.estate import Account, Estate

        @pytest.fixture
        def clearance_estate():
            return Estate({"111122223333": Account("111122223333")})

        def test_own(clearance_endpoint):
            told = clearance_endpoint.client("sts").get_caller_identity()
            assert told["Account"] == "111122223333"
        """,
        test_none="""
        def test_none(clearance_endpoint):
            assert clearance_endpoint.client("iam").list_users()["Users"] == []
        """,
    )
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


DENIED = """
import boto3


def test_the_worker_lists_users(as_principal):
    with as_principal("arn:aws:iam::123456789012:user/ana"):
        boto3.client("iam").list_users()


def test_that_fails_for_another_reason(clearance_endpoint):
    assert clearance_endpoint.url == "nowhere"
"""


def test_a_denial_that_fails_a_test_is_explained(pytester: pytest.Pytester) -> None:
    snapshot.save_file(small_estate(), pytester.path / "estate.json", secrets=True)
    pytester.makepyfile(DENIED)
    ran = pytester.runpytest_inprocess(*OPTIONS, "--clearance-estate", "estate.json")
    ran.assert_outcomes(failed=2)
    ran.stdout.fnmatch_lines(
        ["*clearance explain*", "DENIED  iam:ListUsers  by arn:aws:iam::123456789012:user/ana"]
    )
    assert str(ran.stdout).count("- clearance explain -") == 1
