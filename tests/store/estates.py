"""Generated estates, and small ones by hand.

The generator reads the types of the model, so that a new field is tested from its first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from clearance.model.estate import AccessKey, Account, Estate, Secret, User
from clearance.store.port import Entry

__all__ = ["ACCOUNT", "T0", "entry", "estates", "small", "values_of", "with_user"]

ACCOUNT = "123456789012"
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Few names, so that two generated estates meet in the same places.
names = st.sampled_from(["ana", "team/é", "☃"])
texts = st.sampled_from(["", "a", "é\n☃", '{"Version":"2012-10-17"}', "\\", "\x00"])
PLAIN: dict[object, SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(0, 1),
    bool: st.booleans(),
    datetime: st.integers(0, 10**12).map(lambda n: T0 + timedelta(microseconds=n)),
    object: st.none() | st.booleans() | st.lists(texts, max_size=2),
}


@cache
def values_of(kind: Any) -> SearchStrategy[Any]:
    """Any value of a type of the model, with all fields given."""
    if kind in PLAIN:
        return PLAIN[kind]
    arms = get_args(kind)
    match get_origin(kind):
        case origin if origin is Mapping:
            return st.dictionaries(names, values_of(arms[1]), max_size=2)
        case origin if origin is tuple:
            return st.lists(values_of(arms[0]), max_size=2).map(tuple)
        case origin if origin is frozenset:
            return st.frozensets(values_of(arms[0]), max_size=2)
        case origin if origin in {Union, UnionType}:
            found: list[SearchStrategy[Any]] = [values_of(a) for a in arms if a is not NoneType]
            return st.one_of(*found, st.none()) if NoneType in arms else st.one_of(*found)
    assert is_dataclass(kind), kind
    shape: Any = kind
    return st.builds(shape, **{n: values_of(hint) for n, hint in get_type_hints(shape).items()})


estates: SearchStrategy[Estate] = values_of(Estate)


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
