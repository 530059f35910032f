"""Generated estates, and small ones by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from clearance.model.estate import (
    AccessKey,
    Account,
    Estate,
    Group,
    InstanceProfile,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Resource,
    Role,
    Secret,
    TrustPolicy,
    User,
    VpcEndpoint,
)
from clearance.model.function import (
    Alias,
    Function,
    FunctionConfiguration,
    FunctionPolicy,
    FunctionUrl,
)
from clearance.store.port import Entry

__all__ = ["ACCOUNT", "T0", "entry", "estates", "small", "with_user"]

T = TypeVar("T")

ACCOUNT = "123456789012"
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)

names = st.sampled_from(["ana", "ben", "team/é", "a b", "☃"])
texts = st.text(max_size=12)
times = st.integers(0, 10**9).map(lambda n: T0 + timedelta(microseconds=n))
secrets = st.builds(Secret, texts)
tables = st.dictionaries(names, texts, max_size=2)
lists = st.lists(texts, max_size=2).map(tuple)
documents = st.sampled_from(['{"Version":"2012-10-17","Statement":[]}', '{"Statement":{}}'])
inline = st.dictionaries(names, documents, max_size=2)


def keyed(values: SearchStrategy[T], key: Callable[[T], str]) -> SearchStrategy[dict[str, T]]:
    return st.lists(values, max_size=2).map(lambda found: {key(v): v for v in found})


keys = st.builds(AccessKey, names, secrets, times, st.booleans(), st.none() | times)
users = st.builds(
    User,
    names,
    texts,
    times,
    inline=inline,
    attached=lists,
    groups=lists,
    boundary=st.none() | texts,
    keys=keyed(keys, lambda k: k.id),
    tags=tables,
)
groups = st.builds(Group, names, texts, times, inline=inline, attached=lists)
roles = st.builds(
    Role,
    names,
    texts,
    times,
    st.builds(TrustPolicy, documents, tables),
    inline=inline,
    tags=tables,
    description=st.none() | texts,
    last_used=st.none() | times,
)
versions = st.builds(PolicyVersion, st.sampled_from(["v1", "v2"]), documents, times)
policies = st.builds(
    ManagedPolicy, names, texts, times, times, keyed(versions, lambda v: v.id), tags=tables
)
configurations = st.builds(
    FunctionConfiguration,
    texts,
    texts,
    texts,
    texts,
    st.integers(0, 10**6),
    texts,
    times,
    texts,
    environment=tables,
    layers=lists,
)
functions = st.builds(
    Function,
    names,
    st.just("us-east-1"),
    configurations,
    keyed(configurations, lambda c: c.version),
    keyed(
        st.builds(
            Alias, names, texts, texts, weights=st.dictionaries(names, st.floats(0, 1), max_size=1)
        ),
        lambda a: a.name,
    ),
    st.dictionaries(names, st.builds(FunctionPolicy, documents, texts), max_size=1),
    st.dictionaries(
        names,
        st.builds(
            FunctionUrl,
            texts,
            texts,
            times,
            times,
            cors=st.dictionaries(names, st.lists(texts) | st.booleans(), max_size=2),
        ),
        max_size=1,
    ),
    tables,
    st.none() | st.integers(0, 9),
)
accounts = st.builds(
    Account,
    st.sampled_from(["123456789012", "098765432109"]),
    name=st.none() | texts,
    alias=st.none() | texts,
    users=keyed(users, lambda u: u.name),
    groups=keyed(groups, lambda g: g.name),
    roles=keyed(roles, lambda r: r.name),
    policies=keyed(policies, lambda p: p.name),
    instance_profiles=keyed(
        st.builds(InstanceProfile, names, texts, times, roles=lists), lambda p: p.name
    ),
    functions=keyed(functions, lambda f: f.key),
    resources=keyed(
        st.builds(Resource, names, st.none() | documents, st.none() | tables, tables),
        lambda r: r.arn,
    ),
    vpc_endpoints=keyed(
        st.builds(VpcEndpoint, names, st.none() | texts, st.none() | documents), lambda v: v.id
    ),
    root_keys=keyed(keys, lambda k: k.id),
)
organizations = st.builds(
    Organization,
    st.sampled_from(["o-1", "o-2"]),
    texts,
    keyed(st.builds(OrgUnit, names, texts, st.none() | texts), lambda u: u.id),
    keyed(st.builds(OrgAccount, names, texts, texts, joined=st.none() | times), lambda a: a.id),
    keyed(st.builds(OrgPolicy, names, texts, texts, documents), lambda p: p.id),
    st.dictionaries(names, lists, max_size=2),
    st.frozensets(st.sampled_from(["SERVICE_CONTROL_POLICY", "TAG_POLICY"])),
)
estates = st.builds(
    Estate,
    keyed(accounts, lambda a: a.id),
    keyed(organizations, lambda o: o.id),
    st.dictionaries(names, documents, max_size=2),
    lists,
)


def entry(number: int = 0, operation: str = "PutUserPolicy", **fields: object) -> Entry:
    base = Entry(
        when=T0 + timedelta(seconds=number),
        who=f"arn:aws:iam::{ACCOUNT}:user/admin",
        account=ACCOUNT,
        region="us-east-1",
        service="iam",
        operation=operation,
        request_id=f"r-{number}",
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def small() -> Estate:
    return with_user(Estate(), "ana")


def with_user(estate: Estate, name: str, policy: str = "{}") -> Estate:
    account = estate.accounts.get(ACCOUNT) or Account(ACCOUNT)
    user = User(
        name,
        f"AIDA{name.upper()}",
        T0,
        inline={"p": policy},
        keys={"AKIA1": AccessKey("AKIA1", Secret(f"secret of {name}"), T0)},
    )
    return estate.with_account(replace(account, users={**account.users, name: user}))
