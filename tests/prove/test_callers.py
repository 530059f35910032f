"""For every caller there is one among those a proof looks at whom the policies treat the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.decide.identify import identify
from clearance.model.policy import Principals
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.prove.callers import callers_of, needed

ACCOUNT, OTHER = "111122223333", "444455556666"
NAMES = (
    ACCOUNT, OTHER, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws-cn:iam::{ACCOUNT}:root",
    f"arn:aws:iam::{ACCOUNT}:user/ana", f"arn:aws:iam::{ACCOUNT}:user/team/bob",
    f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{OTHER}:role/app",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1", f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s2",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/other/s1",
    f"arn:aws:sts::{ACCOUNT}:federated-user/fed", "AIDAANAANAANAANAANAA", "AROAAPPAPPAPPAPPAPPA",
)  # fmt: skip
SERVICES = ("sns.amazonaws.com", "lambda.amazonaws.com")
PROVIDERS = (
    "accounts.google.com",
    f"arn:aws:iam::{ACCOUNT}:saml-provider/idp",
    f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.org",
)


def everybody() -> list[Principal]:
    """Callers of every kind, named above or not, with a unique ID or without."""
    accounts, names = (ACCOUNT, OTHER, "777788889999"), ("ana", "team/bob", "eve")
    users = [f"arn:aws:iam::{a}:user/{n}" for a, n in product(accounts, names)]
    roles = [f"arn:aws:iam::{a}:role/{n}" for a, n in product((ACCOUNT, OTHER), ("app", "x/new"))]
    found = [identify(arn) for arn in users]
    found += [replace(identify(arn), unique_id="AIDAANAANAANAANAANAA") for arn in users[:2]]
    for role, session, unique in product(roles, ("s1", "s2", "s9"), (None, "AROAAPPAPPAPPAPPAPPA")):
        head, name = role.split(":role/")
        arn = f"{head.replace(':iam:', ':sts:')}:assumed-role/{name.rsplit('/')[-1]}/{session}"
        found.append(replace(identify(arn), role_arn=role, unique_id=unique))
    for user, name in product(users[:4], ("fed", "new")):
        arn = f"arn:aws:sts::{user.split(':')[4]}:federated-user/{name}"
        found.append(replace(identify(arn), parent_arn=user, session=Session()))
    # An account's number names it in the policy's own partition: others' callers stay away.
    found += [identify(f"arn:aws:iam::{a}:root") for a in (ACCOUNT, OTHER)]
    found += [identify(name) for name in (*SERVICES, "ec2.amazonaws.com", "anonymous")]
    saml = PrincipalKind.SAML_IDENTITY
    kinds = [
        (saml if ":saml-provider/" in name else PrincipalKind.WEB_IDENTITY) for name in PROVIDERS
    ]
    found += [Principal(kind, name) for kind, name in zip(kinds, PROVIDERS, strict=True)]
    return [*found, Principal(PrincipalKind.WEB_IDENTITY, "www.amazon.com")]


EVERYBODY = everybody()


def lists(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=3, unique=True).map(tuple)


elements = st.builds(
    Principals,
    everyone=st.sampled_from((False, False, False, True)),
    aws=lists(NAMES),
    service=lists(SERVICES),
    federated=lists(PROVIDERS),
)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(elements, min_size=1, max_size=3))
def test_somebody_stands_for_every_caller(policies: list[Principals]) -> None:
    def told(caller: Principal) -> tuple[object, ...]:
        return tuple(
            needed(element, caller, negated=negated)
            for element in policies
            for negated in (False, True)
        )

    stand_for = {told(caller) for caller in callers_of(policies).each}
    assert not [caller for caller in EVERYBODY if told(caller) not in stand_for]
