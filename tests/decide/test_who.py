"""Who can: identities, outsiders, chains; the laws are in ``tests/laws/test_who.py``."""

from __future__ import annotations

from tests.cli.somebody import (
    ACCOUNT,
    ANA,
    AWAY,
    BOB,
    DEPLOY,
    ESTATE,
    EVENTS,
    FUNCTION,
    OUTSIDER,
    allow,
    trust,
)
from tests.estates import estate

from clearance.decide.who import who_can
from clearance.model.request import Context

INVOKE = "lambda:InvokeFunction"


def test_an_allow_elsewhere_is_not_enough_across_accounts() -> None:
    found = {access.principal.arn for access in who_can(ESTATE, INVOKE, FUNCTION).accesses}
    assert f"arn:aws:iam::{AWAY}:role/reader" not in found
    assert f"arn:aws:iam::{AWAY}:root" not in found


def test_services_are_found_in_the_resources_policy() -> None:
    found = who_can(ESTATE, INVOKE, FUNCTION)
    assert EVENTS in {access.principal.arn for access in found.accesses}
    assert found.outside == (OUTSIDER,)


def test_an_untold_key_makes_access_conditional() -> None:
    (ana,) = (a for a in who_can(ESTATE, INVOKE, FUNCTION).accesses if a.principal.arn == ANA)
    assert (ana.certain, ana.keys) == (False, ("aws:SourceIp",))
    told = who_can(ESTATE, INVOKE, FUNCTION, context=Context(complete=True))
    assert ANA not in {access.principal.arn for access in told.accesses}


def test_a_chain_of_two_roles() -> None:
    first, second = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("first", "second"))
    held = estate(
        {
            "accounts": {
                ACCOUNT: {
                    "users": {"bob": {"inline": {"a": allow("sts:AssumeRole", first)}}},
                    "roles": {
                        "first": {
                            "inline": {"a": allow("sts:AssumeRole", second)},
                            "trust": trust(BOB),
                        },
                        "second": {"inline": {"a": allow("s3:GetObject")}, "trust": trust(first)},
                    },
                }
            }
        }
    )
    found = who_can(held, "s3:GetObject", "arn:aws:s3:::b/k", through_roles=True)
    (bob,) = (access for access in found.accesses if access.principal.arn == BOB)
    assert (bob.through, bob.certain) == ((first, second), True)


def test_the_public_and_accounts_the_estate_does_not_hold() -> None:
    bucket = "arn:aws:s3:::open"

    def policy(who: object) -> dict[str, object]:
        statement = {
            "Effect": "Allow",
            "Principal": who,
            "Action": "s3:*",
            "Resource": f"{bucket}/*",
        }
        return {"Version": "2012-10-17", "Statement": statement}

    for who, name in (
        ("*", "anonymous"),
        ({"AWS": "333333333333"}, "arn:aws:iam::333333333333:root"),
    ):
        held = estate({"accounts": {ACCOUNT: {"resources": {bucket: {"policy": policy(who)}}}}})
        found = who_can(held, "s3:GetObject", f"{bucket}/k")
        assert name in {access.principal.display for access in found.accesses}


def test_whom_a_trust_policy_names_needs_nothing_else_within_the_account() -> None:
    found = who_can(ESTATE, "sts:AssumeRole", DEPLOY)
    names = {access.principal.arn for access in found.accesses}
    assert BOB in names
    assert ANA in names  # named by ARN in the trust policy of its own account


def test_an_untold_variable_opens_nothing_the_rest_of_its_pattern_rules_out() -> None:
    policy = allow("s3:GetObject", "arn:aws:s3:::photos/${x:album}/*")
    held = estate({"accounts": {ACCOUNT: {"users": {"ana": {"inline": {"a": policy}}}}}})
    keys = {
        resource: [a.keys for a in who_can(held, "s3:GetObject", resource).accesses if a.keys]
        for resource in ("arn:aws:s3:::photos/may/1", "arn:aws:s3:::films/may/1")
    }
    assert keys == {
        "arn:aws:s3:::photos/may/1": [("x:album",)],
        "arn:aws:s3:::films/may/1": [],
    }
