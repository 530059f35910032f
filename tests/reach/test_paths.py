"""Paths: chains, conditions, limits, and the interpreter's word on every request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.iam_details import ACCOUNT, allow, details, role_arn, trusts, user_arn

from clearance.decide.who import AccessIndex
from clearance.facts.catalog import load_catalog
from clearance.facts.escalations import load_methods
from clearance.model.estate import Estate
from clearance.reach import ADMIN, admins, dot, edges, goal_of, mermaid, paths, verify
from clearance.reach import Path as Route
from clearance.wiring import load_estate

CATALOG = load_catalog()
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
LAMBDA = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]


def held(folder: Path, *parts: Any, **more: Any) -> Estate:
    path = folder / "estate.json"
    path.write_text(json.dumps(details(*parts, **more)))
    return load_estate(path)


def to_admin(estate: Estate) -> dict[str, Route]:
    index = AccessIndex(estate, catalog=CATALOG)
    found = paths(edges(index, load_methods()), admins(index))
    for path in found:
        for step in verify(path, estate, catalog=CATALOG):
            assert step.holds, step
    return {path.source: path for path in found}


def test_a_chain_of_roles_and_a_service(tmp_path: Path) -> None:
    estate = held(
        tmp_path,
        {"ana": [allow("sts:AssumeRole", role_arn("a"))], "bob": [], "boss": [allow("*")]},
        {
            "a": (trusts(user_arn("ana")), [allow("sts:AssumeRole", role_arn("b"))]),
            "b": (trusts(role_arn("a")), [allow(LAMBDA)]),
            "full": (trusts("lambda.amazonaws.com"), [allow("*")]),
        },
    )
    found = to_admin(estate)
    assert set(found) == {user_arn("ana"), role_arn("a"), role_arn("b")}
    steps = [(e.method.id, e.target) for e in found[user_arn("ana")].edges]
    assert steps == [
        ("assume-role", role_arn("a")),
        ("assume-role", role_arn("b")),
        ("lambda-create-function", role_arn("full")),
    ]
    index = AccessIndex(estate, catalog=CATALOG)
    assert admins(index).there == {user_arn("boss"), role_arn("full"), ADMIN}


def test_a_condition_is_named_and_a_path_without_one_is_preferred(tmp_path: Path) -> None:
    estate = held(
        tmp_path,
        {
            "ana": [allow("sts:AssumeRole", Condition=MFA), allow("sts:AssumeRole", role_arn("a"))],
            "bob": [allow("sts:AssumeRole", Condition=MFA)],
        },
        {
            "a": (trusts(f"arn:aws:iam::{ACCOUNT}:root"), [allow("sts:AssumeRole")]),
            "full": (trusts(f"arn:aws:iam::{ACCOUNT}:root"), [allow("*")]),
        },
    )
    found = to_admin(estate)
    assert found[user_arn("ana")].certain
    assert len(found[user_arn("ana")].edges) == 2
    assert found[user_arn("bob")].keys == ("aws:MultiFactorAuthPresent",)


def test_names_that_policies_allow_are_tried(tmp_path: Path) -> None:
    rights = [
        allow("iam:PassRole", role_arn("full")),
        allow(["lambda:CreateFunction", "lambda:InvokeFunction"],
              f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:dev-*"),
    ]  # fmt: skip
    estate = held(
        tmp_path, {"eve": rights}, {"full": (trusts("lambda.amazonaws.com"), [allow("*")])}
    )
    edge = to_admin(estate)[user_arn("eve")].edges[0]
    assert edge.asks[1].resource == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:dev-x"


@pytest.mark.parametrize("service", ["lambda.amazonaws.com", "ec2.amazonaws.com"])
def test_passing_a_role_is_limited_to_the_service_it_trusts(tmp_path: Path, service: str) -> None:
    passing = allow(
        "iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    )
    rights = [passing, allow([*LAMBDA[1:], "ec2:RunInstances"])]
    estate = held(tmp_path, {"eve": rights}, {"full": (trusts(service), [allow("*")])})
    assert (user_arn("eve") in to_admin(estate)) == (service == "lambda.amazonaws.com")


def test_a_boundary_keeps_full_access_from_being_full(tmp_path: Path) -> None:
    content = details(
        {"eve": [allow("iam:PutUserPolicy")]}, policies={"limit": [allow(["iam:*", "s3:Get*"])]}
    )
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    content["UserDetailList"][0]["PermissionsBoundary"] = {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": boundary,
    }
    path = tmp_path / "estate.json"
    path.write_text(json.dumps(content))
    assert to_admin(load_estate(path)) == {}
    del content["UserDetailList"][0]["PermissionsBoundary"]
    path.write_text(json.dumps(content))
    assert set(to_admin(load_estate(path))) == {user_arn("eve")}


def test_an_explicit_deny_ends_a_path(tmp_path: Path) -> None:
    deny = {"Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "*"}
    roles = {"full": (trusts("lambda.amazonaws.com"), [allow("*")])}
    estate = held(tmp_path, {"eve": [allow(LAMBDA), deny]}, roles)
    assert to_admin(estate) == {}


def test_a_permission_as_goal(tmp_path: Path) -> None:
    photos = "arn:aws:s3:::photos/cat.jpg"
    estate = held(
        tmp_path,
        {"ana": [allow("sts:AssumeRole", role_arn("reader"))], "bob": []},
        {"reader": (trusts(user_arn("ana")), [allow("s3:GetObject", photos)])},
    )
    index = AccessIndex(estate, catalog=CATALOG)
    goal = goal_of(index, "s3:GetObject", photos)
    found = paths(edges(index, load_methods()), goal)
    assert [path.source for path in found] == [user_arn("ana")]


def test_strangers_whom_a_role_trusts_are_named(tmp_path: Path) -> None:
    stranger = "arn:aws:iam::999999999999:user/mallory"
    estate = held(tmp_path, {}, {"full": (trusts(stranger), [allow("*")])})
    path = to_admin(estate)[stranger]
    assert path.keys == ("the policies of its own account",)


def test_drawings(tmp_path: Path) -> None:
    estate = held(
        tmp_path,
        {"ana": [allow("sts:AssumeRole", Condition=MFA)]},
        {"full": (trusts(f"arn:aws:iam::{ACCOUNT}:root"), [allow("*")])},
    )
    index = AccessIndex(estate, catalog=CATALOG)
    goal = admins(index)
    found = paths(edges(index, load_methods()), goal)
    drawn = mermaid(found, goal)
    assert drawn.startswith("flowchart LR\n")
    assert '-.->|"assume-role"|' in drawn
    assert f'(["{ACCOUNT}:role/full"])' in drawn
    graph = dot(found, goal)
    assert "style=dashed" in graph
    assert graph.count("{") == graph.count("}")
