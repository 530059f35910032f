"""Every known way: found when its needs are met, and each of its needs counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.iam_details import ACCOUNT, allow, details, role_arn, trusts, user_arn

from clearance.decide.who import AccessIndex
from clearance.facts.catalog import load_catalog
from clearance.facts.escalations import load_methods
from clearance.model.estate import Account, Estate
from clearance.model.function import Function, FunctionConfiguration
from clearance.reach import ADMIN, Edge, Method, edges
from clearance.reach.methods import Gives, methods_of
from clearance.wiring import load_estate

ALL = load_methods()
METHODS = [method for method in ALL if method.gives is not Gives.FEDERATION]
CATALOG = load_catalog()
EVE = user_arn("eve")
ROLE = role_arn("target")
EVE_ROLE = role_arn("everole")
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def estate_for(method: Method, actions: Sequence[str], folder: Path) -> Estate:
    """Eve may do the actions; what the way works on is there."""
    rights = [allow(list(actions))] if actions else []
    as_role = method.gives is Gives.SELF_ROLE
    trust = trusts(method.service or (EVE if method.gives is Gives.ASSUME else user_arn("bob")))
    groups: dict[str, tuple[list[str], list[dict[str, Any]]]] = {}
    if method.gives is Gives.GROUP:
        groups = {"devs": (["eve"], [])}
    if method.gives is Gives.JOIN:
        groups = {"admins": (["bob"], [allow("*")])}
    if method.gives is Gives.ASSUME:
        trust = trusts(f"arn:aws:iam::{ACCOUNT}:root")
    content = details(
        {"eve": [] if as_role else rights, "bob": [], "boss": [allow("*")]},
        {
            "target": (trust, [allow("*")]),
            "everole": (trusts("ec2.amazonaws.com"), rights if as_role else []),
        },
        groups=groups,
        policies={"shared": []} if method.gives is Gives.POLICY else {},
        attached={"eve": ["shared"]} if method.gives is Gives.POLICY else {},
    )
    for policy in content["Policies"]:
        policy["PolicyVersionList"][0]["Document"]["Statement"] = [allow("s3:ListAllMyBuckets")]
        if method.id == "set-default-policy-version":
            older = {**policy["PolicyVersionList"][0], "VersionId": "v2", "IsDefaultVersion": False}
            policy["PolicyVersionList"].append(older)
    path = folder / "estate.json"
    path.write_text(json.dumps(content))
    estate = load_estate(path)
    return with_function(estate) if method.gives is Gives.FUNCTION else estate


def with_function(estate: Estate) -> Estate:
    account: Account = estate.accounts[ACCOUNT]
    latest = FunctionConfiguration(
        role=ROLE, runtime="python3.12", handler="h.handler", modified=MADE,
        code="0" * 64, code_size=1, code_sha256="x", revision_id="r",
    )  # fmt: skip
    function = Function("work", "us-east-1", latest)
    changed = replace(account, functions={function.key: function})
    return replace(estate, accounts={ACCOUNT: changed})


def found(method: Method, actions: Sequence[str], folder: Path) -> list[Edge]:
    index = AccessIndex(estate_for(method, actions, folder), catalog=CATALOG)
    sources = {EVE, EVE_ROLE}
    return [e for e in edges(index, [method]) if e.source in sources]


TARGETS = {
    Gives.USER: {user_arn("bob"), user_arn("boss")},
    Gives.ASSUME: {ROLE},
    Gives.ROLE: {ROLE, EVE_ROLE},
    Gives.SERVICE: {ROLE, EVE_ROLE},
    Gives.FUNCTION: {ROLE},
}


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.id)
def test_a_way_is_found_with_all_it_needs_and_not_with_less(method: Method, tmp_path: Path) -> None:
    actions = [need.action for need in method.needs]
    hits = found(method, actions, tmp_path)
    targets = {edge.target for edge in hits}
    assert targets
    assert targets <= TARGETS.get(method.gives, {ADMIN})
    if method.id != "set-default-policy-version":
        assert all(edge.certain for edge in hits)
    for need in method.needs:
        rest = [action for action in actions if action != need.action]
        assert not found(method, rest, tmp_path), need.action


@pytest.mark.parametrize("method", ALL, ids=lambda m: m.id)
def test_a_way_names_real_actions_and_a_source(method: Method) -> None:
    for need in method.needs:
        assert CATALOG.action(need.action) is not None, need.action
    assert method.source.startswith("https://")
    assert method.says[0].islower()
    assert not method.says.endswith(".")


def test_ids_are_told_once() -> None:
    assert len({method.id for method in ALL}) == len(ALL)


def test_an_entry_that_is_no_way_is_refused() -> None:
    from clearance.model.errors import UsageError

    with pytest.raises(UsageError, match="not a way of escalating"):
        methods_of([{"id": "x"}])


@pytest.mark.parametrize("kind", ["oidc", "saml"])
def test_whom_a_provider_signs_in_can_become_a_role_that_trusts_it(
    kind: str, tmp_path: Path
) -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:{kind}-provider/idp.example.com"
    action = {"oidc": "sts:AssumeRoleWithWebIdentity", "saml": "sts:AssumeRoleWithSAML"}[kind]
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}],
    }
    path = tmp_path / "estate.json"
    path.write_text(json.dumps(details({}, {"target": (trust, [allow("*")])})))
    ways = [method for method in ALL if method.gives is Gives.FEDERATION]
    found = edges(AccessIndex(load_estate(path), catalog=CATALOG), ways)
    assert [(e.source, e.target, e.certain) for e in found] == [(provider, ROLE, False)]
    assert found[0].asks[0].action == action
