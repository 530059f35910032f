"""Replaying the journal gives back the estate, whatever was called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from unittest import mock

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.fakes import NOW, FakePorts
from tests.operations.stage import archive

from clearance.model.estate import FULL_ACCESS, Account, Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.server.calls import OPERATIONS
from clearance.store import sqlite
from clearance.store.port import Entry, HistoryQuery
from clearance.store.sqlite import SqliteStore

ACCOUNT: Final = "123456789012"
ROOT: Final = Principal(PrincipalKind.ROOT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
TRUST: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
    '{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/"

# Few names: most calls meet something that an earlier one made.
names = st.sampled_from(["a", "b"])
texts = st.sampled_from([FULL_ACCESS, FULL_ACCESS.replace('"Action":"*"', '"Action":"s3:Get*"')])
tags = st.lists(
    st.fixed_dictionaries({"Key": names, "Value": st.sampled_from(["x", "é"])}),
    min_size=1,
    max_size=2,
    unique_by=lambda tag: tag["Key"],
)
policies = names.map(lambda name: f"arn:aws:iam::{ACCOUNT}:policy/{name}")


def _of(service: str, **operations: Mapping[str, SearchStrategy[Any]]) -> list[Any]:
    return [
        st.tuples(st.just(service), st.just(name), st.fixed_dictionaries(dict(fields)))
        for name, fields in operations.items()
    ]


user, role = {"UserName": names}, {"RoleName": names}
named, function = {"PolicyName": names, "PolicyDocument": texts}, {"FunctionName": names}
calls: SearchStrategy[tuple[str, str, dict[str, Any]]] = st.one_of(
    *_of(
        "iam",
        CreateUser={**user, "Tags": tags},
        DeleteUser=user,
        UpdateUser={**user, "NewUserName": names, "NewPath": st.sampled_from(["/", "/t/"])},
        TagUser={**user, "Tags": tags},
        UntagUser={**user, "TagKeys": st.lists(names, min_size=1, max_size=1)},
        PutUserPolicy={**user, **named},
        DeleteUserPolicy={**user, "PolicyName": names},
        CreateAccessKey=user,
        AttachUserPolicy={**user, "PolicyArn": policies},
        DetachUserPolicy={**user, "PolicyArn": policies},
        CreateGroup={"GroupName": names},
        DeleteGroup={"GroupName": names},
        AddUserToGroup={**user, "GroupName": names},
        RemoveUserFromGroup={**user, "GroupName": names},
        CreatePolicy=named,
        CreatePolicyVersion={"PolicyArn": policies, "PolicyDocument": texts,
                             "SetAsDefault": st.booleans()},
        DeletePolicy={"PolicyArn": policies},
        CreateRole={**role, "AssumeRolePolicyDocument": st.just(TRUST)},
        PutRolePermissionsBoundary={**role, "PermissionsBoundary": policies},
        UpdateAssumeRolePolicy={**role, "PolicyDocument": st.just(TRUST)},
        DeleteRole=role,
        CreateAccountAlias={"AccountAlias": st.sampled_from(["one", "two"])},
        GenerateCredentialReport={},
    ),
    *_of(
        "lambda",
        CreateFunction={**function, "Role": names.map(lambda n: ROLE + n),
                        "Runtime": st.just("python3.11"), "Handler": st.just("app.handler"),
                        "Code": st.just({"ZipFile": archive()}), "Publish": st.booleans()},
        UpdateFunctionCode={**function, "ZipFile": names.map(archive)},
        UpdateFunctionConfiguration={**function, "Timeout": st.integers(1, 9), "Environment":
                                     st.just({"Variables": {"SECRET": "é"}})},
        PublishVersion=function,
        CreateAlias={**function, "Name": names, "FunctionVersion": st.sampled_from(["1", "2"])},
        DeleteFunction=function,
        AddPermission={**function, "StatementId": names, "Action": st.just("lambda:*"),
                       "Principal": st.just("s3.amazonaws.com")},
        RemovePermission={**function, "StatementId": names},
        PutFunctionConcurrency={**function, "ReservedConcurrentExecutions": st.integers(0, 9)},
        TagResource={"Resource": names.map(
            lambda n: f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{n}"),
            "Tags": st.dictionaries(names, names, min_size=1)},
    ),
    *_of(
        "organizations",
        CreateOrganization={},
        CreateAccount={"Email": names.map(lambda n: f"{n}@example.com"), "AccountName": names},
        DeleteOrganization={},
    ),
)  # fmt: skip


# Something for the first calls to meet.
SOIL: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("iam", "CreateUser", {"UserName": "a"}),
    ("iam", "CreateGroup", {"GroupName": "b"}),
    ("iam", "CreateRole", {"RoleName": "a", "AssumeRolePolicyDocument": TRUST}),
    ("iam", "CreatePolicy", {"PolicyName": "a", "PolicyDocument": FULL_ACCESS}),
    ("lambda", "CreateFunction", {"FunctionName": "a", "Role": f"{ROLE}a", "Runtime": "python3.11",
                                  "Handler": "app.handler", "Code": {"ZipFile": archive()}}),
]  # fmt: skip


def entry(step: int, service: str = "iam", operation: str = "Seed") -> Entry:
    when = NOW + timedelta(seconds=step)
    return Entry(when, ROOT.arn, ACCOUNT, "us-east-1", service, operation)


@pytest.mark.parametrize("checkpoint", [1 << 8, 1 << 30], ids=["checkpoints", "none"])
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(calls, min_size=12, max_size=60), split=st.integers(0, 60))
def test_replay_gives_back_what_the_calls_made(
    tmp_path_factory: pytest.TempPathFactory,
    checkpoint: int,
    steps: list[tuple[str, str, dict[str, Any]]],
    split: int,
) -> None:
    steps = [*SOIL, *steps]
    folder, ports = tmp_path_factory.mktemp("replay"), FakePorts()
    states = [Estate({ACCOUNT: Account(ACCOUNT)})]
    rows = 1

    def act(store: SqliteStore, number: int) -> None:
        nonlocal rows
        service, operation, given_ = steps[number - 1]
        before = store.load()
        call = Call(ROOT, ACCOUNT, "us-east-1", NOW + timedelta(seconds=number), ports)
        try:
            after, _ = OPERATIONS[service][operation](before, call, given_)
        except OperationError:
            after = before  # a refusal changes nothing
        rows += after != before
        store.commit(before, after, entry=entry(number, service, operation))
        assert store.load() == after
        states.append(after)

    with mock.patch.object(sqlite, "_CHECKPOINT_BYTES", checkpoint):
        with SqliteStore.open(folder) as store:
            store.commit(store.load(), states[0], entry=entry(0))
            for number in range(1, min(split, len(steps)) + 1):
                act(store, number)
        with SqliteStore.open(folder) as store:  # a restart in between
            for number in range(len(states), len(steps) + 1):
                act(store, number)
        with SqliteStore.open(folder) as store:
            assert store.load() == states[-1]
            assert store.verify() == rows
            for number, state in enumerate(states):
                assert store.at(NOW + timedelta(seconds=number)) == state
            changed = [s for s, was in zip(states[1:], states, strict=False) if s != was]
            assert [after for _, _, after in store.steps()][1:] == changed
            told = [r.entry.operation for r in store.history(HistoryQuery(newest_first=False))]
            assert len(told) == rows
    event(f"{rows // 5 * 5} or more changes")
