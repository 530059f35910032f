"""AWS's managed policies at the endpoint: there for everybody, kept by nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.endpoints import Site, attempt, credentials_of, key_of, site, small_estate
from tests.fakes import NOW

from clearance.facts.managed_policies import AwsManaged
from clearance.model.estate import Estate
from clearance.server.informed import Informed
from clearance.store.memory import MemoryStore
from clearance.store.port import Conflict, Entry

ANA = credentials_of(key_of("ana"))
READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


def test_they_are_listed_read_and_attached(endpoint: Site) -> None:
    iam = endpoint.client("iam")
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={})
    arns = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert len(arns) == len(set(arns)) > 1400
    assert READ_ONLY in arns
    version = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"]
    text = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=version)
    actions = text["PolicyVersion"]["Document"]["Statement"][0]["Action"]
    assert "iam:List*" in actions
    mine = endpoint.client("iam", ANA)
    assert attempt(mine.list_users).code == "AccessDenied"
    iam.attach_user_policy(UserName="ana", PolicyArn=READ_ONLY)
    assert mine.list_users()["Users"]
    iam.detach_user_policy(UserName="ana", PolicyArn=READ_ONLY)


def test_the_journal_does_not_keep_them(tmp_path: Path) -> None:
    with site(small_estate(), data=tmp_path / "d") as before:
        before.client("iam").attach_user_policy(UserName="ana", PolicyArn=READ_ONLY)
        assert before.started.store.load().managed == {}
        assert READ_ONLY in before.started.world.estate.managed
        assert (tmp_path / "d" / "journal.db").stat().st_size < 1_000_000
    with site(data=tmp_path / "d") as after:
        assert after.client("iam", ANA).list_users()["Users"]


def test_it_is_a_store() -> None:
    estate = Estate(managed={"arn:own": "{}"})
    store = MemoryStore(estate)
    informed = Informed(store)
    before = informed.load()
    assert {"arn:own", READ_ONLY} <= set(before.managed)
    entry = Entry(NOW, "ana", "1", "us-east-1", "iam", "X")
    after = before.with_account(next(iter(small_estate().accounts.values())))
    assert informed.commit(before, after, entry=entry) == 1
    assert store.load().managed == estate.managed
    assert informed.load() is after
    with pytest.raises(Conflict):
        informed.commit(before, after, entry=entry)
    assert isinstance(informed.at(NOW).managed, AwsManaged)
    assert len(list(informed.history())) == 1
